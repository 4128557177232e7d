"""Read a service's units, and start its server as systemd would."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from services import Service, free_port, until_ready

__all__ = ["executed", "installed", "listening", "serving", "unit"]


def installed(service: Service) -> Service:
    words = ("uv", "sync", "--quiet", "--locked", "--no-default-groups", "--no-editable")
    done = service.run(*words, UV_PROJECT_ENVIRONMENT=str(service.path / ".nox" / "production"))
    assert done.returncode == 0, done.stdout
    return service


@contextmanager
def serving(
    service: Service, *, handed_over: socket.socket | None = None, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The production server as its unit starts it, and its port; ready when it is yielded."""
    port = handed_over.getsockname()[1] if handed_over else int(settings.get("PORT") or free_port())
    own = {"PORT": str(port), "SERVER_HOST": "127.0.0.1", "SERVER_DRAIN_LEAD": "0.2", "WEB_CONCURRENCY": "1"}
    command = [str(service.path / ".nox" / "production" / "bin" / "python"), *executed(service)[1:]]
    # What systemd does: descriptor 3, and the number of the process that is to take it.
    hand_over = (
        "import os, sys\nos.dup2(int(sys.argv[1]), 3)\n"
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\nos.execv(sys.argv[2], sys.argv[2:])"
    )
    if handed_over:
        command = [command[0], "-I", "-S", "-c", hand_over, str(handed_over.fileno()), *command]
    process = subprocess.Popen(
        command,
        cwd="/",
        env={**os.environ, **own, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        pass_fds=[handed_over.fileno()] if handed_over else [],
    )
    try:
        until_ready(f"http://127.0.0.1:{port}")
        yield process, port
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def unit(service: Service, name: str) -> dict[str, list[str]]:
    """The values of a unit by name."""
    values: dict[str, list[str]] = {}
    for line in (service.path / "deploy" / "systemd" / name).read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            values.setdefault(match[1], []).append(match[2])
    return values


def executed(service: Service, what: str = "ExecStart") -> list[str]:
    [command] = unit(service, "orders-api.service")[what]
    return command.split()


@contextmanager
def listening(service: Service) -> Iterator[socket.socket]:
    """The socket that the unit describes, on a port of its own."""
    stated = unit(service, "orders-api.socket")
    [stream], [backlog] = stated["ListenStream"], stated["Backlog"]
    with socket.create_server((stream.partition(":")[0], free_port()), backlog=int(backlog)) as opened:
        yield opened
