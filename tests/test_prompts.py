"""What a person meets who answers at the prompt: a reason at once, and only what fits."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
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
    """`copier copy` with a terminal of 80 columns, ended however the test ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "copier", "copy", str(template.path), str(folder)]
    settings = {**os.environ, "TERM": "xterm"}
    settings = {name: value for name, value in settings.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings, start_new_session=True)
    os.close(theirs)
    try:
        yield Prompt(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        pytest.param("json", "Write json-api", id="a name that is taken"),
        pytest.param("Orders", "Write orders.", id="upper case"),
        pytest.param("9lives", "Choose a name such as orders-api", id="a digit first"),
        pytest.param("a" * 70, "Shorten it by 7.", id="a long name"),
    ],
)
def test_a_bad_name_is_told_with_the_remedy_where_it_is_typed(
    template: Template, tmp_path: Path, typed: str, remedy: str
) -> None:
    with copying(template, tmp_path / "service") as prompt:
        prompt.until("What is the service called?")
        prompt.type(CLEAR + typed + ENTER)
        prompt.until(remedy)
        prompt.type(CLEAR + "orders-api" + ENTER)
        prompt.until("What does it do, in one line?")


def test_a_bad_python_is_told_with_the_remedy_where_it_is_typed(template: Template, tmp_path: Path) -> None:
    with copying(template, tmp_path / "service") as prompt:
        for question in ("What is the service", "What does it do", "Which framework", "What does a request", "Which server"):
            prompt.until(question)
            prompt.type(ENTER)
        prompt.until("Which Python")
        prompt.type(CLEAR + "3.13" + ENTER)
        prompt.until("Write all three, such as 3.")
        prompt.type(CLEAR + "3.10.1" + ENTER)
        prompt.until("Choose 3.11, 3.12")


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
