"""A rendered service as a user has it: run its commands, plant a fault, read its verdict."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BUILD", "COMMAND_SECONDS", "PATIENCE", "Service", "free_port", "until_ready"]

PATIENCE = 240  # seconds: no test judges how fast a machine is
COMMAND_SECONDS = 1800  # only a command that hangs takes that long, also on a busy machine
# Builds the production set without proving it.
BUILD = "from pathlib import Path; from lockstep_tool import sync; sync.production(Path.cwd())"


@dataclass(frozen=True)
class Service:
    """`path` is the checkout; `settings` go over the environment of every command run there."""

    path: Path
    settings: Mapping[str, str]

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout; what it prints on both streams is its stdout."""
        return subprocess.run(
            command,
            cwd=self.path,
            env={**os.environ, **self.settings, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def nox(self, *sessions: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`uv run --locked noxfile.py`, with these sessions or all."""
        chosen = ("-s", *sessions) if sessions else ()
        return self.run("uv", "run", "--quiet", "--locked", "noxfile.py", *chosen, **settings)

    def lockstep(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`lockstep`, as the sessions call it; from the sources, where a session takes the wheel."""
        return self.run(sys.executable, "-m", "lockstep_tool", *words, **settings)

    def production(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command of the production set's interpreter."""
        return self.run(str(self.path / ".nox" / "production" / "bin" / "python"), *words, **settings)

    def copy(self, folder: Path) -> "Service":
        """The checkout without its environments, to be damaged."""
        shutil.copytree(self.path, folder, ignore=shutil.ignore_patterns(".nox", "__pycache__", ".mypy_cache"))
        return Service(folder, self.settings)

    @property
    def name(self) -> str:
        """What it is called."""
        return str(tomllib.loads((self.path / "pyproject.toml").read_text())["project"]["name"])

    def report(self) -> dict[str, list[dict[str, object]]]:
        """The verdict that parity saved."""
        document: dict[str, list[dict[str, object]]] = json.loads((self.path / ".nox" / "report" / "report.json").read_text())
        return document

    def site_packages(self) -> Path:
        """Where the production set is installed."""
        [found] = (self.path / ".nox" / "production" / "lib").glob("python*/site-packages")
        return found

    def package(self) -> Path:
        """The service's own package in the checkout."""
        [definition] = self.path.glob("src/*/server.toml")
        return definition.parent

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there, or the fault was not planted."""
        path = self.path / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new))

    def substitute(self, name: str, pattern: str, new: str) -> None:
        """Change the first part that matches, which must be there."""
        path = self.path / name
        text, count = re.subn(pattern, new, path.read_text(), count=1)
        assert count == 1, f"{name} has no {pattern!r}"
        path.write_text(text)


def until_ready(address: str) -> None:
    """Wait until the service at `http://host:port` takes traffic; raises AssertionError after some minutes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=PATIENCE):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"not ready within {PATIENCE} s")


def free_port() -> int:
    """A port of loopback that nothing listens on, as the tool finds one for `prove`."""
    from lockstep_tool.prove import process  # here: whoever reads another tree's tool must not have this one's

    return process.free_port()
