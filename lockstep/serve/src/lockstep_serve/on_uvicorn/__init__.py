"""uvicorn's settings, each from the server definition or with its reason (https://www.uvicorn.org/settings/)."""

import logging
import os
import subprocess
import sys
from socket import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload

from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_uvicorn.http_protocol import protocol

__all__ = ["options", "reload_on_change", "start_successor"]

log = logging.getLogger("lockstep")


def options(definition: Definition) -> dict[str, Any]:
    """Settings by uvicorn's names, for every model in which uvicorn speaks HTTP."""
    return {
        "loop": "uvloop",
        "workers": 1,  # without this, it reads WEB_CONCURRENCY, and knows no "auto"
        "http": protocol(),
        "backlog": definition.backlog,
        "timeout_keep_alive": definition.keep_alive,
        "timeout_graceful_shutdown": definition.drain,  # uvicorn waits without limit by default
        "proxy_headers": False,  # `client_address` says who is believed
        "access_log": False,  # the application writes one line for each request
        "server_header": False,
    }


def reload_on_change(settings: dict[str, Any], listener: Listener) -> None:
    """Serve, and start again when a source file changes."""
    config = uvicorn.Config("lockstep_serve.application:build", reload=True, reload_dirs=["src"], **settings)
    ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener.socket]).run()


def start_successor(listener: socket) -> None:
    """Another server on the same socket, named to it as gunicorn does; until somebody stops this one, both serve."""
    if os.getpid() == 1:
        log.error("SIGUSR2 changes nothing: a container ends with its first process. Start another container.")
        return
    passed = {"GUNICORN_FD": str(listener.fileno()), "GUNICORN_PID": str(os.getpid())}
    command = [sys.executable, "-m", "lockstep_serve", "serve"]
    subprocess.Popen(command, env={**os.environ, **passed}, pass_fds=[listener.fileno()])
