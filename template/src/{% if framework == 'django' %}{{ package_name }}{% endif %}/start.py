"""Make Django ready: the one place that names its settings module."""

import os

import django

from .settings import read_settings

__all__ = ["choose_settings", "set_up"]

VARIABLE = "DJANGO_SETTINGS_MODULE"
MODULE = f"{__package__}.django_settings"


def set_up() -> None:
    """Before the application is built; raises SystemExit with a three-part message when a setting is bad."""
    choose_settings()
    django.setup()


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
