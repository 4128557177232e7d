"""uvicorn's settings, each from the server definition or with its reason (https://www.uvicorn.org/settings/)."""

from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload

from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_uvicorn.http_protocol import protocol

__all__ = ["options", "reload_on_change"]


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
