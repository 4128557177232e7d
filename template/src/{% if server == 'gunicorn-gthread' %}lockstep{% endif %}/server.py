# Lockstep's: the server model gunicorn-gthread. Change it by `copier update`, not by hand.
"""Become gunicorn: the process id stays, so PID 1 in a container is the server itself."""

import os
import sys

from lockstep.definition import Definition


def run(_: Definition, *, reload: bool) -> None:
    """Serve until told to stop; gunicorn reads the definition again through its settings module."""
    command = [sys.executable, "-m", "gunicorn", "--config", "python:lockstep.gunicorn_settings"]
    os.execv(sys.executable, command + (["--reload"] if reload else []))
