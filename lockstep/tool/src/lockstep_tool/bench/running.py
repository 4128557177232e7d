"""Start a candidate in an empty directory on a free port of 127.0.0.1, look at its processes, and end it by its id."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.prove.client import get

__all__ = ["MANAGERS_OWN", "DoesNotServe", "Running"]

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
BOOT_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.005
MANAGERS_OWN = ("LISTEN_", "UVICORN_", "GUNICORN_", "GRANIAN_", "WEB_CONCURRENCY")


class DoesNotServe(Exception):
    """With the candidate's last lines."""


class Running:
    """A context manager; `workers` is how many it is to have, 0 what it thinks right itself."""

    def __init__(self, candidate: Candidate, workers: int = 0) -> None:
        self.candidate, self.workers = candidate, workers

    def __enter__(self) -> Self:
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name, "log")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        values = {
            "port": str(self.port),
            "workers": str(self.workers or ""),
            "workers_or_cpus": str(self.workers or CPUS),
        }
        given = {name: value.format(**values) for name, value in self.candidate.settings.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(MANAGERS_OWN)}
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [word.format(**values) for word in self.candidate.command],
                cwd=self.candidate.folder or self.folder.name,
                env={**kept, **{name: value for name, value in given.items() if value}},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is macOS's word for none left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()

    def wait_until_ready(self) -> float:
        """Wait until it takes traffic; seconds since its start."""
        while self.get(self.candidate.ready, timeout=1.0) != 200:
            if self.process.poll() is not None:
                raise DoesNotServe(f"ended with exit code {self.process.returncode}: {self.read_last_lines()}")
            if time.monotonic() - self.started > BOOT_SECONDS:
                raise DoesNotServe(f"not ready within {BOOT_SECONDS:g} s: {self.read_last_lines()}")
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - self.started

    def get(self, path: str, timeout: float) -> int:
        """The status, or 0."""
        try:
            return get(self.port, path, timeout=timeout).status
        except OSError:
            return 0

    def read_boot_line(self) -> dict[str, object]:
        """What a service says of itself first; empty for others."""
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict) and "requests_at_once" in record:
                    return record
        return {}

    def forget_log(self) -> None:
        """The access log is written, as in production, and not kept."""
        os.truncate(self.log, 0)

    def list_processes(self) -> list[psutil.Process]:
        try:
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        except psutil.Error:
            return []

    def measure_cpu(self) -> float:
        """Seconds of processor that its processes have used."""
        used = 0.0
        for process in self.list_processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                used += times.user + times.system
        return used

    def measure_memory(self) -> float:
        """Megabytes of all its processes; shared pages are divided among their users, where the system says so."""
        used = 0
        for process in self.list_processes():
            with contextlib.suppress(psutil.Error):
                full = process.memory_full_info()
                used += getattr(full, "pss", 0) or full.uss
        return used / 2**20

    def read_last_lines(self) -> str:
        """The lines that say most: what a service prints in three parts, or the end of a traceback."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        telling = [line.strip() for line in lines if line.strip() and '"logger": "access"' not in line]
        return " / ".join(line[:200] for line in telling[-4:]) or "it printed nothing"
