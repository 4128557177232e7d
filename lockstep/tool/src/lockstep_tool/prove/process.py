"""Run the production command in a directory of its own, keep what it prints, and end it whatever happens."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from lockstep_serve.runtime import SETTINGS
from lockstep_serve.serving import in_force
from lockstep_tool.prove import family, handing_over

__all__ = ["Server"]

SERVE = ["-m", "lockstep_serve", "serve"]


class Server:
    """`python -m lockstep_serve serve` as a process group, with a path that waits; a context manager.

    `values` are server.toml's by name, over what it states; one that this server model does not have is left out. It
    listens on a free port of 127.0.0.1, or on `handed_over`. `token` is in the path that waits: servers that answer for
    each other share it. Modules in `searched_first` come before those that are installed.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        handed_over: socket.socket | None = None,
        token: str = "",
        searched_first: Path | None = None,
    ) -> None:
        self.listener = handed_over
        self.port = handed_over.getsockname()[1] if handed_over else free_port()
        self.token = token or secrets.token_hex(8)
        known = in_force().values
        chosen = {"host": "127.0.0.1", "port": self.port, **values}
        settings = {known[name].env: str(value) for name, value in chosen.items() if name in known}
        if searched_first:
            settings["PYTHONPATH"] = os.pathsep.join(filter(None, [str(searched_first), os.environ.get("PYTHONPATH")]))
        given = {**os.environ, **SETTINGS, "LOCKSTEP_PROVE": self.token, **settings}
        self.environment = {name: value for name, value in given.items() if not name.startswith("LISTEN_")}
        self.printed: list[str] = []
        self.boot = 0.0  # seconds until it was ready, as far as somebody has waited for that

    def __enter__(self) -> Self:
        self.directory = tempfile.TemporaryDirectory()  # nothing of a checkout is within reach
        descriptors = [self.listener.fileno()] if self.listener else []
        self.process = subprocess.Popen(
            handing_over.command(descriptors[0], SERVE) if descriptors else [sys.executable, *SERVE],
            cwd=self.directory.name,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        self.directory.cleanup()

    def read(self) -> None:
        assert self.process.stdout is not None
        self.printed.extend(line.rstrip("\n") for line in iter(self.process.stdout.readline, ""))

    def waiting(self, milliseconds: int) -> str:
        """The path that waits that long, as this kind of application waits."""
        return f"/.lockstep/{self.token}/wait/{milliseconds}"

    def blocking(self, milliseconds: int) -> str:
        """The path that holds the event loop that long; ASGI only."""
        return f"/.lockstep/{self.token}/block/{milliseconds}"

    def running(self) -> bool:
        return self.process.poll() is None

    def code(self) -> int | None:
        """The exit code; negative for a signal, as subprocess has it."""
        return self.process.poll()

    def family(self) -> set[int]:
        """The processes that live: the main one, its children, and theirs."""
        return family.descendants(self.process.pid)

    def signal(self, number: signal.Signals) -> None:
        """To the main process only: what an orchestrator does."""
        self.process.send_signal(number)

    def wait(self, seconds: float) -> float | None:
        """Seconds until the exit, or None when it did not come in time."""
        started = time.monotonic()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        took = time.monotonic() - started
        self.reader.join(1)  # longer only where a successor prints to the same place
        return took

    def kill(self) -> None:
        """End the whole group, with those that outlive the main process; harmless when all have ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is macOS's word for none left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join(5)

    def lines(self) -> list[str]:
        return list(self.printed)

    def last_lines(self, count: int) -> list[str]:
        """Those that say more than that a request was answered, if there are any."""
        telling = [line for line in self.printed if '"logger": "access"' not in line] or self.printed
        return [line[:400] for line in telling[-count:]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
