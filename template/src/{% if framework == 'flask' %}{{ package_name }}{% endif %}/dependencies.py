"""What endpoints ask for: the parts of the application that serves the current request."""

from flask import current_app

from .settings import Settings

__all__ = ["current_settings"]


def current_settings() -> Settings:
    """The settings that this application was built with."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
