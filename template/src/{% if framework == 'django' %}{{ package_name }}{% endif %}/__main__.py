"""Django's commands, by this service's settings: `python -m <package> migrate`. The web server never runs one."""

import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from .start import choose_settings

if __name__ == "__main__":
    choose_settings()
    try:
        execute_from_command_line([f"python -m {__package__}", *sys.argv[1:]])
    except ImproperlyConfigured as error:
        raise SystemExit(
            f"This command cannot be run with these settings.\n\n  {error}\n\n"
            f"A database is stated by {__package__.upper()}_DATABASE_URL; .env.example names every variable."
        ) from None
