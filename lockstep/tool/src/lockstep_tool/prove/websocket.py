"""Open a WebSocket without a library, say nothing on it, and hear how it is closed."""

import base64
import secrets
import socket
import time
from collections.abc import Callable

from lockstep_tool.prove.expecting import patience

__all__ = ["RESTART", "open_socket", "read_close_code"]

RESTART = 1012  # how one is closed whose client is to come back
CLOSING = b"\x88\x02"  # a frame that closes, with a code and no words
LOOK_SECONDS = 0.1


def open_socket(port: int, path: str) -> tuple[socket.socket, int]:
    """The connection and the status of the handshake, 0 for none; raises OSError."""
    client = socket.create_connection(("127.0.0.1", port), timeout=patience())
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    answer = b""
    try:
        client.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        while not answer.endswith(b"\r\n\r\n") and (piece := client.recv(1)):
            answer += piece
    except OSError:
        client.close()
        raise
    status = answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "0"
    return client, int(status)


def read_close_code(client: socket.socket, is_over: Callable[[], bool] | None = None) -> int | None:
    """The code of the frame that closes; 0 where the connection ends without one; None when it is over before, which is
    when patience ends unless somebody says so.
    """
    said, until = b"", time.monotonic() + patience()
    client.settimeout(LOOK_SECONDS)
    while CLOSING not in said[:-2]:
        try:
            piece = client.recv(1)
        except TimeoutError:
            if is_over() if is_over else time.monotonic() > until:
                return None
            continue
        except OSError:
            return 0
        if not piece:
            return 0
        said += piece
    return int.from_bytes(said.partition(CLOSING)[2][:2], "big")
