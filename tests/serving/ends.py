"""Time a server from SIGTERM to its exit, with something open that it may end or has to wait for."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lockstep_tool.bench.running import DoesNotServe, Running
from lockstep_tool.prove.websocket import open_socket
from serving.contestants import Contestant

__all__ = ["PATIENCE_SECONDS", "SITUATIONS", "measure_ends"]

PATIENCE_SECONDS = 12.0  # after which a server that waits is no longer waited for
CLOSED = b"\x88\x02\x03"  # how a frame begins that closes a WebSocket with a code from 768 to 1023, and so with 1012

Open = Callable[[int], socket.socket]


def connect(port: int, said: str = "") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    client.sendall(said.encode())
    return client


def open_stream(path: str) -> Open:
    """A stream that has begun."""

    def begin(port: int) -> socket.socket:
        client = connect(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b"." not in client.recv(65536).rpartition(b"\r\n\r\n")[2]:
            pass
        return client

    return begin


def open_kept(port: int) -> socket.socket:
    client = connect(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.recv(65536)
    return client


def open_websocket(path: str) -> Open:
    def begin(port: int) -> socket.socket:
        client, status = open_socket(port, path)
        if status != 101:
            client.close()
            raise DoesNotServe(f"the handshake is answered {status}")
        return client

    return begin


# What is open → how it is opened, and whether it is a WebSocket.
SITUATIONS: dict[str, tuple[Open, bool]] = {
    "silent connection": (connect, False),
    "idle kept connection": (open_kept, False),
    "idle WebSocket": (open_websocket("/idle"), True),
    "pushing WebSocket": (open_websocket("/push"), True),
    "stream that asks": (open_stream("/events"), False),
    "stream without end": (open_stream("/stream"), False),
}


def measure_ends(contestants: Sequence[Contestant], rounds: int, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Seconds by name and situation; text where it was not seen."""
    for one in contestants:
        if one.framework == "django":  # its services have no such paths, and the same servers
            continue
        found: dict[str, Any] = {}
        for situation, (begin, is_websocket) in SITUATIONS.items():
            if is_websocket and one.framework == "flask":
                continue
            if situation == "stream that asks" and one.model is None:  # there is nothing to ask
                continue
            try:
                found[situation] = time_end(one, begin)
            except (DoesNotServe, OSError) as reason:
                found[situation] = f"{type(reason).__name__}: {reason}"[:200]
        print(f"{one.name}: {found}", file=sys.stderr, flush=True)
        yield one.name, found


def time_end(one: Contestant, begin: Open) -> Any:
    """Seconds until the exit; text when it was not waited for any longer."""
    with Running(one.candidate) as server:
        server.wait_until_ready()
        with begin(server.port) as client:
            client.settimeout(0.05)
            server.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            while time.monotonic() - started < PATIENCE_SECONDS:
                with contextlib.suppress(OSError):
                    said = client.recv(65536)  # a client that reads: what is sent to it does not fill up
                    if not said or CLOSED in said:  # and that closes when it is told
                        client.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(0.02)
                    return round(time.monotonic() - started, 1)
        server.process.kill()
    return f"over {PATIENCE_SECONDS:g}"
