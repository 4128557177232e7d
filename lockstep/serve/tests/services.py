"""Services made on the spot: the package `orders`, the server definition of a model, and the metadata of an installation."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.models import NAMES, find_model
from lockstep_serve.runtime import SETTINGS
from running import PATIENCE, Running, free_port, started

__all__ = ["DEFINITIONS", "MODELS", "Service", "interface_of", "make_service"]

MODELS = NAMES
DEFINITIONS = Path(__file__).parents[3] / "questions" / "servers"
TOKEN = "secret"


@dataclass(frozen=True)
class Service:
    """`root` is the directory on the search path that holds the package and its metadata."""

    root: Path
    model: str

    @property
    def package(self) -> Path:
        return self.root / "orders"

    def environment(self, **settings: str) -> dict[str, str]:
        """Variables of a process that has this service installed; two workers, no lead before a stop."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SERVER_", "PYTHON", "LOCKSTEP_"))}
        own = {"PYTHONPATH": str(self.root), "SERVER_HOST": "127.0.0.1", "SERVER_DRAIN_LEAD": "0", "WEB_CONCURRENCY": "2"}
        return {**kept, **SETTINGS, **own, "LOCKSTEP_PROVE": TOKEN, **settings}

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command of lockstep_serve, run to its end; what it prints on both streams is its stdout."""
        return subprocess.run(
            [sys.executable, "-m", "lockstep_serve", *words],
            cwd="/",
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def serving(self, **settings: str) -> Iterator[Running]:
        """The server, as `python -m lockstep_serve serve` starts it."""
        port = free_port()
        with tempfile.TemporaryDirectory() as directory:
            environment = self.environment(**{"PORT": str(port), **settings})
            command = [sys.executable, "-m", "lockstep_serve", "serve"]
            with started(command, environment, port, Path(directory) / "log") as server:
                yield server


def interface_of(model: str) -> str:
    """`ASGI` or `WSGI`."""
    return find_model(model, "").interface


def make_service(root: Path, model: str, *optional: str, entries: Mapping[str, str] | None = None) -> Service:
    """A service of this model, with the `optional` entry points that it announces besides `app` and `logs`.

    `entries` replaces all of them.
    """
    shutil.copytree(Path(__file__).parent / "orders", root / "orders", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(DEFINITIONS / f"{model}.toml", root / "orders" / "server.toml")
    every = {
        "app": f"orders.{interface_of(model).lower()}:create_app",
        "logs": "orders.logs:config",
        "worker": "orders.worker:worker",
        "metrics": "orders.meter:Meter",
    }
    announced = {name: every[name] for name in ("app", "logs", *optional)} if entries is None else entries
    metadata = root / "orders-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: orders\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{name} = {value}" for name, value in announced.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[lockstep_serve]", *lines, ""]), encoding="utf-8")
    return Service(root, model)
