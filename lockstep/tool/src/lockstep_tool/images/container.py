"""Run an image as tightly as an orchestrator would, talk to it from a second container, and end both in any case."""

import contextlib
import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.images import attending

__all__ = ["ENGINE_FAILED", "USER", "Container"]

USER = "54321:54321"  # of nobody, and not the image's own: any number must do
ENGINE_FAILED = 125  # docker's and podman's code for their own failures
CLIENT = Path(attending.__file__)


class Container:
    """An image running without network, home, privileges or a file system to write to; a context manager.

    It is called by `name` from the beginning, so that it is removed also when its start fails halfway.
    """

    def __init__(self, chosen: str, image: str, memory: str, settings: Mapping[str, str]) -> None:
        self.chosen, self.image = chosen, image
        self.name = f"lockstep-{secrets.token_hex(8)}"
        self.settings = {"HOME": "", **settings}
        self.limits = ["--memory", memory, "--cpus", "1"]

    def __enter__(self) -> Self:
        try:
            self.refused = self.start()
        except BaseException:
            self.remove(self.name)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove(self.name)

    def start(self) -> str:
        """Why the engine starts nothing of this image; empty where it did. Raises Refusal where it starts nothing at all."""
        done = self.run(self.name, "--detach", *self.limits, "--network", "none", *self.given(), self.image)
        if done.returncode == ENGINE_FAILED:
            raise Refusal(
                f"not looked at: {self.chosen} starts no container",
                [(f"{self.chosen} run", (done.stderr.strip().splitlines() or ["no output"])[-1])],
                "Mend the engine: it must be able to limit memory and processors.",
                code=COULD_NOT_LOOK,
            )
        return done.stderr.strip() if done.returncode else ""

    def run(self, name: str, *words: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        """A container of that image, locked down."""
        command = [self.chosen, "run", "--name", name, *self.tight(), *words]
        return engine.run(command, settings=self.settings, timeout=timeout)

    def remove(self, name: str) -> None:
        """Take a container away, also one that never came to run."""
        engine.run([self.chosen, "rm", "--force", "--volumes", name])

    def tight(self) -> list[str]:
        options = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", USER]
        return [*options, *(["--read-only-tmpfs=false"] if self.chosen == "podman" else [])]

    def given(self) -> list[str]:
        """Variables by their names: the values are secrets, and a command line is not."""
        return [part for name in self.settings for part in ("--env", name)]

    def inside(self, code: str) -> str:
        """What Python code says that runs beside the server."""
        return engine.run([self.chosen, "exec", self.name, PYTHON_IN_IMAGE, "-I", "-B", "-c", code], timeout=60).stdout

    @contextlib.contextmanager
    def client(self, told: Mapping[str, Any]) -> Iterator[Iterator[dict[str, Any]]]:
        """What is heard of the server from attending.py in a container of its own, which does not end with it."""
        name = f"{self.name}-client"
        beside = ["--rm", "--name", name, "--interactive", "--network", f"container:{self.name}", *self.given()]
        command = [self.chosen, "run", *self.tight(), *beside, self.image, PYTHON_IN_IMAGE, "-B", "-", json.dumps(told)]
        with (
            CLIENT.open("rb") as script,
            subprocess.Popen(
                command,
                stdin=script,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=engine.environment(self.settings),
            ) as process,
        ):
            assert process.stdout is not None
            try:
                yield (json.loads(line) for line in process.stdout if line.startswith("{"))
            finally:
                self.remove(name)  # process 1 of a container does not hear SIGTERM

    def lines(self) -> list[str]:
        """What it has printed on either stream."""
        done = engine.run([self.chosen, "logs", self.name])
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    def running(self) -> bool:
        return self.state("Running") == "true"

    def stop(self, seconds: float) -> int:
        """Ask it to stop, wait that long at most, and return its exit code."""
        engine.run([self.chosen, "stop", "--time", f"{seconds:.0f}", self.name])
        return int(self.state("ExitCode") or 0)

    def state(self, member: str) -> str:
        return engine.run([self.chosen, "inspect", "--format", f"{{{{.State.{member}}}}}", self.name]).stdout.strip()
