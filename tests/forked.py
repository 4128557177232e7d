"""Copier's command in a process that has it imported already: the import takes longer than a copy."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

__all__ = ["run_copier"]

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["copier.__main__"])
SECONDS = 900


def run_copier(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """`python -m copier …`, with the environment and the directory of this process."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("stdout", "stderr")]
        process = CONTEXT.Process(target=become_copier, args=(list(words), streams, dict(os.environ), os.getcwd()))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["copier", *words], SECONDS)
        return subprocess.CompletedProcess(["copier", *words], process.exitcode, *(path.read_text() for path in streams))


def become_copier(words: list[str], streams: list[Path], environment: dict[str, str], folder: str) -> None:
    """In the new process: nothing of the one that forked it but its modules."""
    from copier._cli import CopierApp  # imported by the server, once
    from plumbum import local  # by which copier calls git; it remembers the environment of its import

    os.environ.clear()
    os.environ.update(environment)
    local.env.clear()
    local.env.update(environment)
    time.tzset()
    os.chdir(folder)
    for path, descriptor in zip((Path(os.devnull), *streams), (0, 1, 2), strict=True):
        opened = os.open(path, os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, descriptor)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 -- closed with the process
    sys.argv = ["copier", *words]
    with contextlib.suppress(BrokenPipeError):
        CopierApp.run()
