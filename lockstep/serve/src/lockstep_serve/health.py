"""Ask the server of this machine whether it takes traffic; it imports little, because it runs every few seconds."""

import socket

from lockstep_serve.application import in_force
from lockstep_serve.kinds import find_socket_file

__all__ = ["healthy"]

SECONDS = 2
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # a server that listens on each address is asked on this one


def healthy() -> bool:
    """Whether readiness answers 200 within 2 s, at the address of the definition."""
    definition = in_force()
    host, file = EVERYWHERE.get(definition.host, definition.host), find_socket_file(definition.host)
    named = "localhost" if file else f"[{host}]:{definition.port}" if ":" in host else f"{host}:{definition.port}"
    request = f"GET /health/ready HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n"
    family = socket.AF_UNIX if file else socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as connection:
            connection.settimeout(SECONDS)
            connection.connect(file.path if file else (host, definition.port))
            connection.sendall(request.encode())
            with connection.makefile("rb") as answer:
                return answer.readline().split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
