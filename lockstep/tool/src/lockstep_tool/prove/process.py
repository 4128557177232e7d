"""Run the production command in a directory of its own, keep what it prints, and end it whatever happens."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from lockstep_tool.prove import expecting
from lockstep_tool.prove.family import find_descendants
from lockstep_tool.prove.passed_socket import passing_command
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.server_log import ServerLog, telling_lines

__all__ = ["Server", "end_servers"]

SERVE = ["-m", "lockstep_serve", "serve"]

_started: set["Server"] = set()
_starting = threading.Lock()  # so that whoever ends all knows of each
# What a server gives up after so many seconds, it must not give up while it is looked at: at least these.
PATIENT_SECONDS = {"request_timeout": 300, "drain": 300, "keep_alive": 300, "grace": 7200}


class Server:
    """`python -m lockstep_serve serve` as a process group, with paths that wait; a context manager.

    `values` are server.toml's by name, over what is in force; one that this server model does not have is left out. It
    listens on a free port of 127.0.0.1, or on `listener`. `token` is in the paths that wait: servers that answer for
    each other share it. Modules in `searched_first` come before those that are installed.
    """

    def __init__(
        self,
        production: Production,
        values: Mapping[str, object],
        *,
        listener: socket.socket | None = None,
        token: str = "",
        searched_first: Path | None = None,
    ) -> None:
        self.production, self.listener = production, listener
        self.port = listener.getsockname()[1] if listener else free_port()
        self.token = token or secrets.token_hex(8)
        known = production.definition.values
        patient = {name: max(known[name].value, least) for name, least in PATIENT_SECONDS.items() if name in known}
        chosen = {**patient, "host": "127.0.0.1", "port": self.port, **values}
        stated = {known[name].env: str(value) for name, value in chosen.items() if name in known}
        if searched_first:
            stated["PYTHONPATH"] = os.pathsep.join(filter(None, [str(searched_first), os.environ.get("PYTHONPATH")]))
        given = {**production.settings, "LOCKSTEP_PROVE": self.token, **stated}
        self.environment = {name: value for name, value in given.items() if not name.startswith("LISTEN_")}
        self.boot = 0.0  # seconds until it was ready, as far as somebody has waited for that

    def __enter__(self) -> Self:
        descriptors, python = [self.listener.fileno()] if self.listener else [], self.production.python
        with ExitStack() as stack, _starting:
            expecting.expect(not expecting.interrupted.is_set(), "interrupted")
            self.directory = stack.enter_context(tempfile.TemporaryDirectory())  # nothing of a checkout is within reach
            self.log = stack.enter_context(ServerLog())
            self.process = subprocess.Popen(
                passing_command(python, descriptors[0], SERVE) if descriptors else [str(python), *SERVE],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=self.log.descriptor,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                start_new_session=True,
            )
            _started.add(self)
            self.used = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        _started.discard(self)
        self.used.close()

    def waiting(self, milliseconds: int) -> str:
        """The path that waits that long, as this kind of application waits."""
        return self.path("wait", milliseconds)

    def blocking(self, milliseconds: int) -> str:
        """The path that holds the event loop that long; ASGI only."""
        return self.path("block", milliseconds)

    def path(self, way: str, number: int) -> str:
        """A path of the server's waiting layer."""
        return f"/.lockstep/{self.token}/{way}/{number}"

    def running(self) -> bool:
        return self.process.poll() is None

    def code(self) -> int | None:
        """The exit code; negative for a signal, as subprocess has it."""
        return self.process.poll()

    def family(self) -> set[int]:
        """The processes that live: the main one, its children, and theirs."""
        return find_descendants(self.process.pid)

    def signal(self, number: signal.Signals) -> None:
        """To the main process only: what an orchestrator does."""
        self.process.send_signal(number)

    def wait(self, seconds: float) -> float | None:
        """Seconds until the exit, or None when it did not come in that time."""
        started = time.monotonic()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - started

    def kill(self) -> None:
        """End the whole group, with those that outlive the main process; harmless when all have ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is macOS's word for none left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def lines(self, since: int = 0) -> list[str]:
        """What it has printed by now, from so many lines on."""
        return self.log.read_lines()[since:]

    def last_lines(self, since: int = 0, count: int = 12) -> list[str]:
        """The last that tell what it did from that line on, and of what it warned before, to be read by a person."""
        return telling_lines(self.lines(), since, count)


def free_port() -> int:
    """One that nobody listens on, below those that the system gives to connections that are opened meanwhile."""
    while True:
        with socket.socket() as probe:
            port = 20_000 + secrets.randbelow(12_000)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def end_servers() -> None:
    """Kill every server that runs, also those of other threads, and end what listens for one: whoever waits for an answer
    then fails at once.
    """
    expecting.interrupted.set()
    with _starting:
        for server in _started.copy():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(server.process.pid, signal.SIGKILL)
            if server.listener:
                with contextlib.suppress(OSError):  # of who is connected to it, and waits for a server to accept that
                    server.listener.shutdown(socket.SHUT_RDWR)
