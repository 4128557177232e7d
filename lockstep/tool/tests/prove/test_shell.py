"""A shell in which no server can be proved is named, and what of it reaches every interpreter."""

import resource
import subprocess
import sys

import pytest

from lockstep_serve.runtime import SETTINGS
from lockstep_tool.prove.shell import allow_files, list_suspects

ASK = "from lockstep_tool.prove.shell import allow_files; allow_files()"


def run_with_files(number: int) -> subprocess.CompletedProcess[str]:
    """What comes of asking where a process may have so many files open."""
    command = f'ulimit -n {number}; exec "$@"'
    return subprocess.run(["sh", "-c", command, "sh", sys.executable, "-c", ASK], capture_output=True, text=True, check=False)


def test_too_few_files_are_the_shells_fault() -> None:
    said = run_with_files(64).stderr

    assert "This shell lets a process open too few files to prove a server." in said
    assert "ulimit -Hn   64" in said
    assert run_with_files(512).returncode == 0


def test_the_limit_is_raised_as_far_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"now": (256, 1024)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.update(now=wanted))
    allow_files()

    assert limits["now"] == (1024, 1024)


def test_what_reaches_an_interpreter_is_a_suspect_and_what_every_environment_sets_is_none() -> None:
    shell = {**SETTINGS, "PYTHONWARNINGS": "error", "LD_PRELOAD": "/x.so", "PYTHONPATH": "", "HOME": "/root"}

    assert list(list_suspects((), shell)) == [("LD_PRELOAD", "/x.so"), ("PYTHONWARNINGS", "error")]


def test_a_variable_of_the_services_own_is_no_suspect_and_no_secret_is_shown() -> None:
    shell = {"LD_SDK_KEY": "sesame", "PYTHON_ENV": "production", "LD_PRELOAD": "sesame", "PYTHON_GIL": "1"}

    assert list(list_suspects(["LD_PRELOAD"], shell)) == [("LD_PRELOAD", "(not shown)"), ("PYTHON_GIL", "1")]
