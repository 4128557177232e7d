"""A server in a process of its own: started, asked by raw requests, watched until it has gone."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Running", "children", "free_port", "is_there", "started", "until"]

PATIENCE = 60.0  # seconds; only a failure waits so long, whatever else the machine does

_names: list[socket.socket] = []


@dataclass(frozen=True)
class Running:
    """The process that was started, its port, and the file with what it prints."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines that it printed, whole ones only."""
        whole = self.log.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in whole if line.startswith("{")]

    def lines_of(self, path: str) -> list[dict[str, Any]]:
        """The access lines of requests for it."""
        return [line for line in self.lines() if line["logger"] == "access" and line["path"] == path]

    def complaints(self, since: int = 0) -> list[dict[str, Any]]:
        """Those that say more than an orderly server does, from so many lines on."""
        return [line for line in self.lines()[since:] if line["level"] not in {"INFO", "DEBUG"}]

    def has_logged(self, words: str, logger: str = "") -> bool:
        return any(words in line["message"] and logger in line["logger"] for line in self.lines())

    def ask(self, request: str | bytes, *, patience: float = PATIENCE) -> tuple[int, str]:
        """Send bytes as they are; the status (0 when nothing came) and everything that was answered."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as client:
            with contextlib.suppress(OSError):  # it may have answered before it read all
                client.sendall(request.encode() if isinstance(request, str) else request)
            return read_answer(client)

    def get(self, path: str, *headers: str) -> tuple[int, str]:
        return self.ask(request_of(path, "Connection: close", *headers))

    def body(self, path: str, *headers: str) -> str:
        """What an answer of 200 holds."""
        status, text = self.get(path, *headers)
        assert status == 200, text
        return text.partition("\r\n\r\n")[2]

    def open(self, request: str = "") -> socket.socket:
        """A connection that stays open, with a request on it or silent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        client.sendall(request.encode())
        return client

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        with contextlib.suppress(OSError):
            return self.ask(request_of("/health/ready", "Connection: close"), patience=2)[0] == 200
        return False

    def await_ready(self) -> None:
        self.until(self.is_ready)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until a function returns something true; show the log when it does not."""
        until(holds, lambda: self.log.read_text(encoding="utf-8"))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; the exit code when it has gone."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def request_of(path: str, *headers: str) -> str:
    """A GET as it goes over the wire."""
    return "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: localhost", *headers, ""))


def read_answer(client: socket.socket) -> tuple[int, str]:
    """All that comes until the server closes: the status (0 when nothing came) and the text."""
    said = b""
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            said += data
    text = said.decode("latin-1")
    return int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else 0, text


@contextmanager
def started(
    command: Sequence[str], environment: dict[str, str], directory: Path, port: int, log: Path, *, pass_fds: Sequence[int] = ()
) -> Iterator[Running]:
    """A server that was started, killed with all its processes at the end unless it has gone."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    server = Running(process, port, log)
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children(pid: int) -> set[int]:
    """Its living worker processes; not the one by which multiprocessing tracks what it made."""
    found = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return {child for child in found if (command := command_of(child)) and b"resource_tracker" not in command}


def is_there(pid: int) -> bool:
    """Whether this process runs; nobody here waits for one whose parent has gone."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text(encoding="utf-8")


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(holds: Callable[[], object], explain: Callable[[], str] = str) -> None:
    """Wait until a function returns something true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, explain()
        time.sleep(0.02)


def free_port() -> int:
    """A port of loopback that nothing listens on, outside of those that the kernel gives to clients.

    A socket with a name keeps it from other test processes until this one ends.
    """
    for port in range(20_000 + os.getpid() % 5000, 32_000):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0lockstep-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        _names.append(name)
        return port
    raise AssertionError("no port is free")
