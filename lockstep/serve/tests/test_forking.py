"""Whoever forks has one thread, and Python sees that it has: it warns of any other fork, and a warning may be an error."""

import os
import signal
from pathlib import Path

import pytest

from running import children
from services import Service


def test_the_manager_has_one_thread_at_each_fork(service: Service, tmp_path: Path) -> None:
    if not service.model.name.startswith("gunicorn-"):
        pytest.skip(f"{service.model.name} starts its processes anew")
    forks = tmp_path / "forks"
    with service.serving(FORKS=str(forks)) as server:
        os.setpriority(os.PRIO_PROCESS, server.process.pid, 5)
        server.until(lambda: len(children(server.process.pid)) == 2)
        first = children(server.process.pid)
        server.signal(signal.SIGHUP)
        server.until(lambda: len(children(server.process.pid) - first) == 2 and not first & children(server.process.pid))
        os.kill(min(reloaded := children(server.process.pid)), signal.SIGKILL)
        server.until(lambda: children(server.process.pid) - reloaded)
        server.signal(signal.SIGUSR2)
        server.until(lambda: [pid for pid in children(server.process.pid) if len(children(pid)) == 2])

        noted = [[int(word) for word in line.split()] for line in forks.read_text(encoding="ascii").splitlines()]
        by_manager = [counted for pid, *counted in noted if pid == server.process.pid]
        assert len(by_manager) >= 6  # two workers, two more, one more, and a successor
        assert by_manager == [[1, 1]] * len(by_manager)
