"""Make Django ready: the one place that names its settings module."""

import os

import django
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries

from .settings import read_settings

__all__ = ["choose_settings", "set_up"]

VARIABLE = "DJANGO_SETTINGS_MODULE"
MODULE = f"{__package__}.django_settings"
NO_DATABASE = "django.db.backends.dummy"  # what Django itself states where DATABASES is empty


def set_up() -> None:
    """Before the application is built; raises SystemExit with a three-part message when a setting is bad."""
    choose_settings()
    django.setup()
    if all(stated["ENGINE"] == NO_DATABASE for stated in connections.settings.values()):
        for signal in (request_started, request_finished):  # to look for connections costs as much as a view
            signal.disconnect(close_old_connections)
        request_started.disconnect(reset_queries)


def choose_settings() -> None:
    """Let Django read `django_settings`, and nothing else; raises SystemExit as `set_up` does."""
    said = os.environ.get(VARIABLE) or MODULE  # empty means the default, as for every variable here
    if said != MODULE:
        raise SystemExit(
            "Django's settings are stated two ways.\n\n"
            f"  {'start.py':<{len(VARIABLE)}}   {MODULE}\n"
            f"  {VARIABLE}   {said}   <- differs\n\n"
            f"Unset {VARIABLE}, then start again; what differs between environments is a field of settings.py."
        )
    os.environ[VARIABLE] = MODULE
    read_settings()  # Django reads its settings once a process; tests build several applications in one
