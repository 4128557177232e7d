"""Ctrl-C and SIGTERM: the first ends what runs, so that all is taken back; a second one is ignored."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

__all__ = ["INTERRUPTED", "hold_interrupts", "ignore_interrupts", "run_to_end", "take_interrupts"]

ENDING = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130  # as a shell has it for a process that ^C ended
SECONDS = 60  # for a session that ends the servers it has started


def take_interrupts() -> None:
    """Have the first of them raise KeyboardInterrupt."""
    for number in ENDING:
        signal.signal(number, interrupt)


def interrupt(*_: object) -> NoReturn:
    ignore_interrupts()
    raise KeyboardInterrupt


def ignore_interrupts() -> None:
    for number in ENDING:
        signal.signal(number, lambda *_: None)  # SIG_IGN would be inherited


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """They come when this ends. A process that is started here holds them for itself: git would leave its lock behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def note_interrupts() -> Iterator[Callable[[], None]]:
    """They come when what is given here is called: a process whose start was broken off would run on, and be nobody's."""
    came = list[int]()
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING}

    def let_come() -> None:
        while before:
            signal.signal(*before.popitem())
        while came:
            signal.raise_signal(came.pop())

    try:
        yield let_come
    finally:
        let_come()


def run_to_end(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, *, stderr: int
) -> subprocess.CompletedProcess[str]:
    """Run a command; an interrupt ends it and all that it started, which would go on to write where everything is taken back."""
    with (
        note_interrupts() as let_interrupts_come,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        try:
            let_interrupts_come()
            out, err = process.communicate()
        except KeyboardInterrupt:
            end_group(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def end_group(process: subprocess.Popen[str]) -> None:
    """Ask all of them to end, wait until none can print any more, and kill what stays."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=SECONDS)
            return
