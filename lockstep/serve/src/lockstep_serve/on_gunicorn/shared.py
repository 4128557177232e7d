"""gunicorn's settings, each from the server definition or with its reason (https://docs.gunicorn.org/en/stable/settings.html)."""

import os
from typing import Any

from lockstep_serve.definition import Definition

__all__ = ["shared"]


def shared(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    host = f"[{definition.host}]" if ":" in definition.host else definition.host
    return {
        "bind": f"{host}:{definition.port}",  # not used where a socket is handed over
        "workers": definition.model.processes(definition)[0],
        "backlog": definition.backlog,
        "timeout": definition.request_timeout,
        "graceful_timeout": definition.drain,
        "limit_request_line": min(definition.max_header_bytes, 8190),  # it takes no more
        "limit_request_fields": definition.max_headers,
        "limit_request_field_size": definition.max_header_bytes,
        "forwarded_allow_ips": definition.trusted_proxies,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # a heartbeat on a disk can block
        "control_socket_disable": True,  # it wants a writable home, and logs an error where there is none
    }
