"""Ask the server of this machine whether it takes traffic; it imports little, because it runs every few seconds."""

import socket

from lockstep_serve.application import in_force

__all__ = ["healthy"]

SECONDS = 2
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "localhost"}  # a server that listens on each address is asked on this one


def healthy() -> bool:
    """Whether readiness answers 200 within 2 s, at the address of the definition."""
    definition = in_force()
    host = EVERYWHERE.get(definition.host, definition.host)
    request = f"GET /health/ready HTTP/1.1\r\nHost: {host}:{definition.port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, definition.port), timeout=SECONDS) as connection:
            connection.sendall(request.encode())
            with connection.makefile("rb") as answer:
                return answer.readline().split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
