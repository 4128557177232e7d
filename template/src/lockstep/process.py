# Lockstep's: the server process that prove watches. Change it by `copier update`, not by hand.
"""Run the production command in a directory of its own, keep what it prints, and end it whatever happens."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from types import TracebackType
from typing import Self

from lockstep.runtime import SETTINGS

__all__ = ["Server"]


class Server:
    """`python -m lockstep serve` as a process group, with `settings` over the environment; a context manager."""

    def __init__(self, port: int, settings: dict[str, str]) -> None:
        self.port = port
        self.environment = {**os.environ, **SETTINGS, **settings}
        self.printed: list[str] = []

    def __enter__(self) -> Self:
        self.directory = tempfile.TemporaryDirectory()  # nothing of a checkout is within reach
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lockstep", "serve"],
            cwd=self.directory.name,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self.directory.cleanup()

    def read(self) -> None:
        assert self.process.stdout is not None
        self.printed.extend(line.rstrip("\n") for line in iter(self.process.stdout.readline, ""))

    def running(self) -> bool:
        return self.process.poll() is None

    def code(self) -> int | None:
        """The exit code; negative for a signal, as subprocess has it."""
        return self.process.poll()

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
        self.reader.join(5)
        return time.monotonic() - started

    def kill(self) -> None:
        """End the whole group; harmless when it has ended."""
        if self.running():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.reader.join(5)

    def lines(self) -> list[str]:
        return list(self.printed)

    def last_lines(self, count: int) -> list[str]:
        return [line[:400] for line in self.printed[-count:]]
