"""A machine with a real systemd: a container in which it is process 1, made from the Debian archive."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from services import PATIENCE

from .bases import Base, archive_of, image_of
from .engine import Engine
from .interpreter import Interpreter
from .programs import uv_binary

__all__ = ["Machine", "machine"]

SYSTEMD = Base("systemd", ("systemd", "systemd-sysv", "dbus", "git", "ca-certificates"), variant="minbase")
# It finds its packages in the host's cache, and its interpreter in the archive that stands in for the published one.
UV_TOML = 'cache-dir = "/uv-cache"\npython-downloads-json-url = "/srv/downloads.json"\n'


class Machine:
    """A running machine; every call is a command that must succeed there."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name = engine, name

    def __call__(self, *command: str) -> str:
        """Standard output of one command on the machine."""
        return self.engine("exec", self.name, *command)

    def try_to(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The same of a command that may fail."""
        words = [self.engine.command, "exec", self.name, *command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)

    def script(self, text: str) -> str:
        """Run lines of shell as root would type them, up to the first that fails."""
        return self("sh", "-euc", text)

    def put(self, source: Path, target: str) -> None:
        """Copy a file or a directory there, as root's."""
        self.engine("cp", source, f"{self.name}:{target}")
        self("chown", "-R", "root:root", target)

    def journal(self, unit: str) -> list[str]:
        """What a unit has written, without what systemd says about it."""
        said = self("journalctl", "--output=json", "--unit", unit)
        rows = [json.loads(line) for line in said.splitlines()]
        return [str(row["MESSAGE"]) for row in rows if row.get("_SYSTEMD_UNIT") == unit and row.get("_TRANSPORT") == "stdout"]

    def wait_until(self, question: str) -> None:
        """Until a line of shell succeeds there; raises AssertionError after some minutes."""
        end = time.monotonic() + PATIENCE
        while (asked := self.try_to("sh", "-c", question)).returncode:
            assert time.monotonic() < end, f"{question}: {asked.stdout}{asked.stderr}"
            time.sleep(0.1)


@contextmanager
def machine(engine: Engine, interpreter: Interpreter, cache: Path, folder: Path, suite: str) -> Iterator[Machine]:
    """A machine with systemd of a suite of Debian, and uv, for as long as the context lasts.

    `cache` is uv's of this host, `folder` is empty.
    """
    base = SYSTEMD if suite == SYSTEMD.suite else replace(SYSTEMD, name=f"systemd-{suite}", suite=suite)
    image = image_of(engine, archive_of(base))
    (folder / "downloads.json").write_text(interpreter.downloads("file:///srv/python.tar.gz"))
    (folder / "uv.toml").write_text(UV_TOML)
    name = engine(
        "run", "--detach", "--privileged", "--cgroupns=private", "--env", "container=docker", "--stop-signal", "SIGRTMIN+3",
        "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec", "--volume", f"{cache}:/uv-cache",
        image, "/lib/systemd/systemd",
    ).strip()  # fmt: skip
    try:
        made = Machine(engine, name)
        made.wait_until("systemctl is-system-running --wait | grep -E 'running|degraded'")
        made.put(uv_binary(), "/usr/local/bin/uv")
        made.put(interpreter.archive.resolve(), "/srv/python.tar.gz")
        made.put(folder / "downloads.json", "/srv/downloads.json")
        made("mkdir", "-p", "/etc/uv")
        made.put(folder / "uv.toml", "/etc/uv/uv.toml")
        yield made
    finally:
        engine("rm", "--force", "--volumes", name)
