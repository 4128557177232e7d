"""The application for WSGI servers."""

from django.core.handlers.wsgi import WSGIHandler

from .start import set_up

__all__ = ["create_app"]


def create_app() -> WSGIHandler:
    """A new application from the environment; raises SystemExit when a setting is bad."""
    set_up()
    return WSGIHandler()
