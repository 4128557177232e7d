"""What a person meets who answers at the prompt: a reason at once, and only what fits."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snapshot import Template

ENTER = "\r"
CLEAR = "\x15"  # control-U
DOWN = "\x1b[B"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Prompt:
    """Copier at a terminal."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal

    def until(self, words: str) -> str:
        """Everything shown since the last call, as soon as the words are there.

        Spaces do not count, because a prompt that is painted anew moves the cursor instead.
        """
        shown, end = "", time.monotonic() + 30
        while words.replace(" ", "") not in ESCAPES.sub("", shown).replace(" ", ""):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                pytest.fail(f"{words!r} was not shown, but:\n{ESCAPES.sub('', shown)}")
            try:
                shown += os.read(self.terminal, 65536).decode("utf-8", "replace")
            except OSError:  # the program has ended
                pytest.fail(f"{words!r} was not shown, but:\n{ESCAPES.sub('', shown)}")
        return ESCAPES.sub("", shown)

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())


@contextmanager
def copying(template: Template, folder: Path) -> Iterator[Prompt]:
    """`copier copy` with a terminal of 200 columns, ended however the test ends."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "copier", "copy", str(template.path), str(folder)]
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings, start_new_session=True)
    os.close(theirs)
    try:
        yield Prompt(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_bad_name_is_told_where_it_is_typed(template: Template, tmp_path: Path) -> None:
    with copying(template, tmp_path / "service") as prompt:
        prompt.until("What is the service called?")
        prompt.type(CLEAR + "json" + ENTER)
        prompt.until("The name json is taken")
        prompt.type(CLEAR + "orders-api" + ENTER)
        prompt.until("What does it do, in one line?")


def test_only_servers_that_fit_are_offered(template: Template, tmp_path: Path) -> None:
    with copying(template, tmp_path / "service") as prompt:
        prompt.until("What is the service called?")
        prompt.type(ENTER)
        prompt.until("What does it do")
        prompt.type(ENTER)
        prompt.until("Which framework")
        prompt.type(DOWN + ENTER)
        prompt.until("What does a request mostly do")
        prompt.type(ENTER)
        shown = prompt.until("gunicorn-sync: one each process; needs a buffering proxy; reloads")

    assert shown.index("gunicorn-gthread:") < shown.index("gunicorn-gevent:")
    assert "uvicorn: one process" not in shown
