"""Sessions of one service wait for each other where one makes an environment, and nowhere else."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lockstep_tool.session_lock import SessionLock

WAITING = "waiting for another session of this service …"
BEGIN = """
import os, sys
from pathlib import Path
from lockstep_tool.session_lock import session_lock
lock = session_lock(Path.cwd())
"""
SHARING = BEGIN + "lock.share()\nprint('shared', flush=True)\ninput()"
MAKING = BEGIN + "with lock.alone():\n    print('alone', flush=True)\n    input()\nprint('shared', flush=True)\ninput()"
BECOMING = SHARING.replace(
    "input()", "os.execv(sys.executable, [sys.executable, '-c', \"print('become', flush=True); input()\"])"
)


@contextmanager
def session(root: Path, program: str) -> Iterator["subprocess.Popen[str]"]:
    """Another session, which goes on when a line is written to it."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    print(file=process.stdin, flush=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def test_sessions_that_use_environments_do_not_wait_for_each_other(root: Path) -> None:
    with session(root, SHARING) as one, session(root, SHARING) as other:
        assert [hear(one), hear(other)] == ["shared", "shared"]


def test_who_makes_an_environment_waits_for_those_that_use_one(root: Path) -> None:
    with session(root, SHARING) as user:
        assert hear(user) == "shared"
        with session(root, MAKING) as maker:
            assert hear(maker) == WAITING
            go_on(user)  # it ends
            assert hear(maker) == "alone"


@pytest.mark.parametrize("program", [SHARING, MAKING])
def test_everybody_waits_for_who_makes_an_environment(root: Path, program: str) -> None:
    with session(root, MAKING) as maker:
        assert hear(maker) == "alone"
        with session(root, program) as other:
            assert hear(other) == WAITING
            go_on(maker)
            assert hear(maker) == "shared"
            if program == MAKING:
                go_on(maker)
            assert hear(other) == ("alone" if program == MAKING else "shared")


def test_two_that_use_environments_and_both_make_one_go_one_after_the_other(root: Path) -> None:
    program = BEGIN + "lock.share()\nprint('shared', flush=True)\ninput()\nwith lock.alone():\n    print('alone', flush=True)"
    with session(root, program) as one, session(root, program) as other:
        assert [hear(one), hear(other)] == ["shared", "shared"]
        go_on(one)
        assert hear(one) == WAITING
        go_on(other)
        assert hear(one) == "alone"
        first = hear(other)
        assert (hear(other) if first == WAITING else first) == "alone"


def test_a_session_that_becomes_another_program_holds_nothing(root: Path) -> None:
    with session(root, BECOMING) as server:
        assert [hear(server), hear(server)] == ["shared", "become"]
        assert SessionLock(root).is_free()


def test_a_session_that_was_killed_holds_nothing(root: Path) -> None:
    with session(root, MAKING) as maker:
        assert hear(maker) == "alone"
        assert not SessionLock(root).is_free()
        maker.kill()
        maker.wait()
        assert SessionLock(root).is_free()


def test_a_lock_whose_file_was_removed_is_taken_anew(root: Path) -> None:
    lock = SessionLock(root)
    lock.share()
    shutil.rmtree(root / ".nox")
    with session(root, MAKING) as maker:
        assert hear(maker) == "alone"
        assert not lock.is_free()
