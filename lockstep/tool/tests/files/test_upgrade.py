"""`upgrade` moves packages, uv and Python together, wherever they are repeated, or it moves nothing."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from killing import break_uv, kill_at, list_steps, take_back
from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.files.upgrade import upgrade
from mirrored import Mirrored
from small_service import UV_VERSION, git

RUNNING = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
needs_the_stated_uv = pytest.mark.skipif(RUNNING != UV_VERSION, reason="the uv that runs here is another one")


@pytest.fixture
def newer(mirrored: Mirrored) -> Mirrored:
    """Its index has newer releases of both packages by now."""
    mirrored.index.publish("tiny", "1.1", "smaller")
    mirrored.index.publish("smaller", "1.2")
    return mirrored


def changed(mirrored: Mirrored) -> list[str]:
    return git(mirrored.service.root, "diff", "--name-only").split()


def test_every_package_moves_and_a_table_says_from_where_to_where(newer: Mirrored) -> None:
    lines = upgrade(newer.service.root)

    assert [line.split() for line in lines[:3]] == [["moved", "from", "to"], ["smaller", "1.0", "1.2"], ["tiny", "1.0", "1.1"]]
    assert changed(newer) == ["uv.lock"]


def test_one_package_moves(newer: Mirrored) -> None:
    lines = upgrade(newer.service.root, packages=["tiny"])

    assert lines[1:3] == ["  tiny     1.0      1.1", ""]


def test_what_is_newest_already_does_not_move(mirrored: Mirrored) -> None:
    assert upgrade(mirrored.service.root)[0] == "Nothing moved: all is as new as allowed."


def test_python_moves_wherever_it_is_repeated(newer: Mirrored) -> None:
    newer.service.write(".python-version", "3.12.0\n")
    newer.service.write(".copier-answers.yml", "python: 3.12.0\n")
    newer.service.commit("Run on another Python")

    lines = upgrade(newer.service.root, keep=True, python=platform.python_version())

    assert f"  Python   3.12.0   {platform.python_version()}" in lines
    assert changed(newer) == [".copier-answers.yml", ".python-version"]


def test_only_the_bytes_of_a_version_change(newer: Mirrored) -> None:
    root, running = newer.service.root, platform.python_version().encode()
    (root / ".python-version").write_bytes(b"3.12.0\r\n")
    (root / ".copier-answers.yml").write_bytes(b"# Caf\xe9.\r\npython: 3.12.0\r\n")

    upgrade(root, keep=True, python=running.decode())

    assert (root / ".python-version").read_bytes() == running + b"\r\n"
    assert (root / ".copier-answers.yml").read_bytes() == b"# Caf\xe9.\r\npython: " + running + b"\r\n"


@needs_the_stated_uv
def test_uv_moves_wherever_it_is_repeated(newer: Mirrored) -> None:
    workflows = [f".github/workflows/{name}.yml" for name in ("audit", "lockstep-update", "lockstep", "release")]
    stated = (("Dockerfile", "uv:"), ("uv.toml", '">='), ("pyproject.toml", "uv_build>="))
    for file, before in (*((name, "uv==") for name in workflows), *stated):
        newer.service.edit(file, f"{before}{UV_VERSION}", f"{before}0.13.1")
    newer.service.commit("Lag behind")

    lines = upgrade(newer.service.root, keep=True, uv=UV_VERSION)

    assert f"  uv       0.13.1   {UV_VERSION}" in lines
    assert changed(newer) == [*workflows, "Dockerfile", "uv.toml"]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        ({"packages": ["nowhere"]}, "nowhere is not locked, so it cannot be moved.", DIFFERENT),
        ({"python": "3.13"}, "Python 3.13 is not an exact version.", DIFFERENT),
        ({"python": "3.10.4"}, "This Python is not one that the service is locked for.", DIFFERENT),
        ({"python": "3.12.99"}, "That Python is not to be had here, so nothing was moved.", COULD_NOT_LOOK),
    ],
    ids=["a package that is not locked", "no patch", "outside the range", "a Python that is not there"],
)
def test_what_cannot_be_moved_leaves_every_file_as_it_was(
    newer: Mirrored, words: dict[str, object], said: str, code: int
) -> None:
    before = newer.service.snapshot()

    with pytest.raises(Refusal) as refused:
        upgrade(newer.service.root, **words)  # type: ignore[arg-type]  # one set of words of several

    assert said in str(refused.value)
    assert refused.value.code == code
    assert newer.service.snapshot() == before


def test_an_index_that_is_away_leaves_every_file_as_it_was(newer: Mirrored) -> None:
    for name in ("uv.toml", "pyproject.toml"):
        newer.service.edit(name, newer.index.address, "http://127.0.0.1:1")
    before = newer.service.snapshot()

    with pytest.raises(Refusal, match="so nothing was moved") as refused:
        upgrade(newer.service.root, python="3.12.0")

    assert refused.value.code == COULD_NOT_LOOK
    assert newer.service.snapshot() == before


def test_killed_at_any_step_the_printed_command_takes_it_back(
    newer: Mirrored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer.service.write(".python-version", "3.12.0\n")
    newer.service.write(".copier-answers.yml", "python: 3.12.0\n")
    newer.service.commit("Run on another Python")
    before, root = newer.service.snapshot(), newer.service.root

    def move(where: Path = root) -> object:
        return upgrade(where, python=platform.python_version())

    whole = shutil.copytree(root, tmp_path / "whole")
    steps = list_steps(lambda: move(whole), tmp_path)

    assert {"write .python-version (2)", "write .copier-answers.yml (2)", "start uv lock (1)"} <= set(steps)
    monkeypatch.chdir(root)
    for step in steps[: steps.index("start uv lock (1)") + 1]:
        take_back(root, kill_at(step, move, tmp_path / "printed"))

        assert newer.service.snapshot() == before, step
    monkeypatch.setenv("PATH", f"{break_uv(tmp_path / 'bin')}:{os.environ['PATH']}")
    take_back(root, kill_at("", move, tmp_path / "printed"))
    assert newer.service.snapshot() == before
