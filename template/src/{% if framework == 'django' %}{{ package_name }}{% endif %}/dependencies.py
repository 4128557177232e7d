"""What views ask for: the parts of the service that serve the current request."""

from django.conf import settings

from .settings import Settings

__all__ = ["current_settings"]


def current_settings() -> Settings:
    """The service's settings, with their types; Django's names for some of them are in `django.conf.settings`."""
    service: Settings = settings.SERVICE
    return service
