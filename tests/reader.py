"""A reader who does what a page says: runs its commands, writes its files, and ends what it started."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pages import INSTALL, Command, Page, Step, find_missing
from services import COMMAND_SECONDS, free_port

__all__ = ["Reader"]

AS_ONE = ("CI", "VIRTUAL_ENV", "PYTHONPATH", "PORT", "UV", "UV_PROJECT")  # of the tests' own place, not of a reader's


class Reader:
    """Follows pages, beginning in `folder`.

    `settings` go over the environment of every command; `scratch` keeps what servers print.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], scratch: Path) -> None:
        self.folder, self.scratch = folder, scratch
        self.port = free_port()
        self.environment = {**{k: v for k, v in os.environ.items() if k not in AS_ONE}, **settings}

    def follow(self, page: Page, engine: Mapping[str, str] | None = None) -> None:
        """Do every step in order; AssertionError names the page's line that does not hold."""
        with self.end_servers() as started:
            for step in page.steps:
                if step.not_run:
                    continue
                settings = {**self.environment, **(engine if step.engine and engine else {"LOCKSTEP_ENGINE": "none"})}
                if step.path:
                    self.write_file(page, step)
                elif step.background:
                    started.append(self.start_server(page, step, settings))
                else:
                    for command in step.commands:
                        self.run_command(page, command, settings, fails=step.fails and command is step.commands[-1])

    def write_file(self, page: Page, step: Step) -> None:
        """Write the file, or put the lines behind `+` where the lines behind `-` and ` ` stand."""
        path = self.folder / step.path
        if not step.difference:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            return
        lines = step.text.splitlines(keepends=True)
        old, new = ("".join(line[1:] or "\n" for line in lines if not line.startswith(sign)) for sign in "+-")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{page.path.name}:{step.line}: {step.path} has these lines {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run_command(self, page: Page, command: Command, settings: Mapping[str, str], *, fails: bool) -> None:
        """Run one command in a shell that stays where `cd` left it."""
        with tempfile.NamedTemporaryFile() as there:
            script = f"{self.adapt_command(command)}\ncode=$?; pwd > {there.name}; exit $code"
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self.folder,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=COMMAND_SECONDS,
            )
            self.folder = Path(Path(there.name).read_text().strip() or self.folder)
        self.require_output(page, command, done.stdout)
        assert (done.returncode != 0) == fails, (
            f"{page.path.name}:{command.line}: `{command.text}` ends with {done.returncode}:\n{done.stdout}"
        )

    def require_output(self, page: Page, command: Command, printed: str) -> None:
        lacking = find_missing(command.said, printed)
        assert lacking is None, f"{page.path.name}:{command.line}: `{command.text}` does not print\n{lacking}\nbut\n{printed}"

    def adapt_command(self, command: Command) -> str:
        """The command as it runs here: with the machine's own uv, and on a port that is free."""
        return (
            command.text.removeprefix(INSTALL)
            .replace("localhost:8000", f"localhost:{self.port}")
            .replace("127.0.0.1:8000:", f"127.0.0.1:{self.port}:")
        )

    def start_server(self, page: Page, step: Step, settings: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a server as in a terminal of its own, and wait until it has printed what the page says.

        It gets a port that is free now: one that was chosen earlier may have been given to a client since.
        """
        self.port = free_port()
        [command] = step.commands
        printed = self.scratch / f"{page.path.stem}-{step.line}.txt"
        with printed.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-c", self.adapt_command(command)],
                cwd=self.folder,
                env={**settings, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        until = time.monotonic() + COMMAND_SECONDS
        while find_missing(command.said, printed.read_text()) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        self.require_output(page, command, printed.read_text())
        self.wait_for_port(process, until)
        return process

    def wait_for_port(self, process: subprocess.Popen[str], until: float) -> None:
        while process.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return

    @contextmanager
    def end_servers(self) -> Iterator[list[subprocess.Popen[str]]]:
        """End what was started, as Ctrl-C does, then for good; both by its own process group."""
        started: list[subprocess.Popen[str]] = []
        try:
            yield started
        finally:
            for process in started:
                for sign in (signal.SIGINT, signal.SIGKILL):
                    try:
                        os.killpg(process.pid, sign)
                        process.wait(timeout=60)
                    except (ProcessLookupError, subprocess.TimeoutExpired):
                        continue
