"""The interpreter settings of every environment: text, paths and buffers behave alike on laptop, in CI and in an image."""

import os
import sys

__all__ = ["SETTINGS", "enter"]

SETTINGS = {
    "PYTHONUTF8": "1",  # the encoding of files and streams, whatever the locale is
    "PYTHONSAFEPATH": "1",  # the working directory is not on sys.path
    "PYTHONNOUSERSITE": "1",  # nothing from the user's home is importable
    "PYTHONUNBUFFERED": "1",  # a log line is out when it is written
    "PYTHONFAULTHANDLER": "1",  # a crash in C code leaves a traceback
}


def enter() -> None:
    """Start this command again with SETTINGS when they are not in force; the process id stays."""
    flags = sys.flags
    if flags.utf8_mode and flags.safe_path and flags.no_user_site:
        return
    os.environ.update(SETTINGS)
    os.execv(sys.executable, [sys.executable, "-m", "lockstep_serve", *sys.argv[1:]])
