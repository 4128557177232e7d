"""The engine answers, and its absence is never taken for a success."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .engine import Engine, NoEngine, find_engine

PROBE = "def test_engine_answers(engine):\n    assert engine.version\n"


def test_an_engine_answers(engine: Engine) -> None:
    assert engine.version[0].isdigit()


def test_without_an_engine_the_reason_names_each_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoEngine, match=r"(?s)docker +not installed.*podman +not installed.*\.ci/engine start"):
        find_engine()


def test_an_engine_that_is_stopped_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon.' >&2; exit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoEngine, match=r"docker +Cannot connect to the Docker daemon"):
        find_engine()


@pytest.mark.parametrize(("ci", "word", "code"), [("true", "1 error", 1), ("", "1 skipped", 0)], ids=["CI-fails", "laptop-skips"])
def test_a_test_that_needs_an_engine(ci: str, word: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_probe.py").write_text(PROBE)
    environment = {**os.environ, "CI": ci, "PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "containers.plugin",
        "-p",
        "no:cacheprovider",
        f"--rootdir={tmp_path}",
        ".",
    ]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (ran.returncode, word in ran.stdout, "not looked at: No container engine answers." in ran.stdout) == (
        code,
        True,
        True,
    )
