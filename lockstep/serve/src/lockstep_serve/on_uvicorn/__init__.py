"""uvicorn's settings, each from the server definition or with its reason (https://www.uvicorn.org/settings/)."""

from typing import Any

from lockstep_serve.definition import Definition
from lockstep_serve.on_uvicorn.http_protocol import DrainingProtocol

__all__ = ["options"]


def options(definition: Definition) -> dict[str, Any]:
    """Settings by uvicorn's names, for every model in which uvicorn speaks HTTP."""
    return {
        "loop": "uvloop",
        "workers": 1,  # without this, it reads WEB_CONCURRENCY, and knows no "auto"
        "http": DrainingProtocol,
        "ws_max_size": definition.max_body_bytes,
        "backlog": definition.backlog,
        "timeout_keep_alive": definition.keep_alive,
        "timeout_graceful_shutdown": definition.patience,  # uvicorn waits without limit by default
        "proxy_headers": False,  # `client_address` says who is believed
        "access_log": False,  # the application writes one line for each request
        "server_header": False,
    }
