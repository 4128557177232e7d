"""What comes after a server of uvicorn: a successor on the same socket, or itself again when a source file changed."""

import logging
import os
import subprocess
import sys
from socket import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload

from lockstep_serve.listening import Listener

__all__ = ["reload_on_change", "start_successor"]

log = logging.getLogger("lockstep")
_successor: subprocess.Popen[bytes] | None = None


def reload_on_change(settings: dict[str, Any], listener: Listener) -> None:
    """Serve, and start again when a source file changes."""
    config = uvicorn.Config("lockstep_serve.application:build", reload=True, reload_dirs=["src"], **settings)
    ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener.socket]).run()


def start_successor(listener: socket) -> None:
    """Another server on the same socket, named to it as gunicorn does; until somebody stops this one, both serve."""
    global _successor  # one process, one at a time
    if os.getpid() == 1:
        log.error("SIGUSR2 changes nothing: a container ends with its first process. Start another container.")
        return
    if listener.fileno() < 0 or (_successor and _successor.poll() is None):
        log.warning("SIGUSR2 changes nothing: this server ends, or has a successor")
        return
    passed = {"GUNICORN_FD": str(listener.fileno()), "GUNICORN_PID": str(os.getpid())}
    command = [sys.executable, "-m", "lockstep_serve", "serve"]
    _successor = subprocess.Popen(command, env={**os.environ, **passed}, pass_fds=[listener.fileno()])
