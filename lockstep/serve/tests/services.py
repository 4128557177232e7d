"""Services made on the spot: the package `orders`, the server definition of a model, and the metadata of an installation."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.models import NAMES, Model, find_model
from lockstep_serve.runtime import SETTINGS
from running import PATIENCE, Running, free_port, started

__all__ = ["COMMAND", "DEFINITIONS", "MAX_BODY_BYTES", "MODELS", "TOKEN", "Service", "make_service"]

MODELS = NAMES
DEFINITIONS = Path(__file__).parents[3] / "questions" / "servers"
COMMAND = (sys.executable, "-m", "lockstep_serve")
TOKEN = "secret"
MAX_BODY_BYTES = 1000  # of the server that tests share
TAKEN = ("SERVER_", "PYTHON", "LOCKSTEP_", "UVICORN_", "GUNICORN_", "LISTEN_", "PORT", "FORWARDED_")
# What systemd does before it starts a service that is activated by a socket.
PASS_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
# Read by Python when it starts: the module that HIDDEN names is not installed, it may have as many files open as FILES says, and
# each fork is noted in the file FORKS: who forks, how many threads it has, and how many Python 3.12 and later would count.
HIDE = """
import os, sys
if "HIDDEN" in os.environ:
    sys.modules[os.environ["HIDDEN"]] = None
if "FILES" in os.environ:
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(os.environ["FILES"]), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
if "FORKS" in os.environ:
    def count_threads():
        with open("/proc/self/stat") as file:
            word = file.read().split()[19]
        with open(os.environ["FORKS"], "a") as file:
            print(os.getpid(), len(os.listdir("/proc/self/task")), word, file=file)
    os.register_at_fork(before=count_threads)
"""


@dataclass(frozen=True)
class Service:
    """`root` is the directory that holds `src`, which is on the search path with the package and its metadata."""

    root: Path
    model: Model

    @property
    def package(self) -> Path:
        return self.root / "src" / "orders"

    def environment(self, **settings: str) -> dict[str, str]:
        """Variables of a process that has this service installed; two workers, no lead before a stop."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(TAKEN)}
        own = {"PYTHONPATH": str(self.root / "src"), "SERVER_HOST": "127.0.0.1", "SERVER_DRAIN_LEAD": "0"}
        return {**inherited, **SETTINGS, **own, "WEB_CONCURRENCY": "2", "LOCKSTEP_PROVE": TOKEN, **settings}

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command of lockstep_serve, run to its end; what it prints on both streams is its stdout."""
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.root,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def starting(self, *words: str, **settings: str) -> Iterator[Running]:
        """The server, as `python -m lockstep_serve serve` starts it."""
        port = int(settings.setdefault("PORT", str(free_port())))
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "log"
            with started([*COMMAND, "serve", *words], self.environment(**settings), self.root, port, log) as server:
                yield server

    @contextmanager
    def serving(self, *words: str, **settings: str) -> Iterator[Running]:
        """The server when it is ready."""
        with self.starting(*words, **settings) as server:
            server.await_ready()
            yield server

    @contextmanager
    def inheriting(self, listener: socket.socket, **settings: str) -> Iterator[Running]:
        """The server on a listening socket that is passed to it as systemd does."""
        port = listener.getsockname()[1]
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "log"
            command = [sys.executable, "-c", PASS_SOCKET, str(listener.fileno()), *COMMAND, "serve"]
            settings["PORT"] = str(port)
            with started(command, self.environment(**settings), self.root, port, log, pass_fds=[listener.fileno()]) as server:
                server.await_ready()
                yield server

    @contextmanager
    def changed(self, name: str, old: str, new: str) -> Iterator[None]:
        """A file of the package, edited for a while."""
        file = self.package / name
        before = file.read_text(encoding="utf-8")
        assert old in before, f"{name} has no {old!r}"
        file.write_text(before.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(before, encoding="utf-8")


def make_service(root: Path, model: str, *optional: str, entries: Mapping[str, str] | None = None) -> Service:
    """A service of this model, with the `optional` entry points that it announces besides `app` and `logs`.

    `entries` replaces all of them.
    """
    service = Service(root, find_model(model))
    shutil.copytree(Path(__file__).parent / "orders", service.package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(DEFINITIONS / f"{model}.toml", service.package / "server.toml")
    every = {
        "app": f"orders.{service.model.interface.lower()}:create_app",
        "logs": "orders.logs:config",
        "worker": "orders.worker:worker",
        "metrics": "orders.meter:Meter",
    }
    announced = {name: every[name] for name in ("app", "logs", *optional)} if entries is None else entries
    install(root / "src", "orders", announced)
    (root / "src" / "sitecustomize.py").write_text(HIDE, encoding="utf-8")
    return service


def install(directory: Path, name: str, announced: Mapping[str, str]) -> None:
    """The metadata of a distribution that announces these entry points."""
    metadata = directory / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{point} = {value}" for point, value in announced.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[lockstep_serve]", *lines, ""]), encoding="utf-8")
