"""A production server of a rendered service: started, asked by raw requests, watched until it has gone."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import PATIENCE, Service, free_port, until_ready

__all__ = ["Running", "children", "running", "until"]


@dataclass(frozen=True)
class Running:
    """The process that was started, its port, and the file with what it prints."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def lines(self) -> list[dict[str, object]]:
        """What it printed: whole lines, those in JSON with the members that each must have; others are not the server's."""
        whole = self.log.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
        none = {"level": "", "logger": "", "message": ""}
        return [none | json.loads(line) for line in whole if line.startswith("{")]

    def boot(self) -> dict[str, object]:
        return self.lines()[0]

    def ask(self, request: str | bytes, *, timeout: float = PATIENCE) -> tuple[int, str]:
        """Send bytes as they are; the status (0 when nothing came) and everything that was answered."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as client:
            said = b""
            with contextlib.suppress(OSError):  # it may have answered before it read all
                client.sendall(request.encode() if isinstance(request, str) else request)
            with contextlib.suppress(OSError):
                while data := client.recv(65536):
                    said += data
        text = said.decode("latin-1")
        return int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else 0, text

    def get(self, path: str, *headers: str, timeout: float = PATIENCE) -> tuple[int, str]:
        head = "".join(f"{header}\r\n" for header in headers)
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n", timeout=timeout)

    def stop(self) -> None:
        """SIGTERM, and wait until it has gone."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)


@contextmanager
def running(service: Service, **settings: str) -> Iterator[Running]:
    """The production server with two workers and no lead, unless the settings say otherwise."""
    port = free_port()
    chosen = {"PORT": str(port), "SERVER_HOST": "127.0.0.1", "SERVER_DRAIN_LEAD": "0", "WEB_CONCURRENCY": "2", **settings}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [str(service.path / ".nox" / "production" / "bin" / "python"), "-m", "lockstep_serve", "serve"],
                cwd=folder,
                env={**os.environ, **service.settings, **chosen},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until_ready(f"http://127.0.0.1:{port}")
            yield Running(process, port, log)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def children(pid: int) -> set[int]:
    """Its worker processes; not the one by which multiprocessing tracks what it made."""
    found = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return {child for child in found if b"resource_tracker" not in command(child)}


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(holds: object, seconds: float = PATIENCE) -> None:
    """Wait until a function of no arguments returns something true."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)
