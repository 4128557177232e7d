"""`relock` brings uv.lock back to pyproject.toml, whatever state a merge or an edit left it in."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from killing import break_uv, kill_at, list_steps, take_back
from lockstep_serve.errors import Refusal
from lockstep_tool.checks.registry import find_check
from lockstep_tool.commands.relock import run
from lockstep_tool.locks.relock import relock
from mirrored import Mirrored
from small_service import SmallService, git

FRESH = find_check("lock fresh")


def test_a_dependency_that_was_taken_out_leaves_the_lock(mirrored: Mirrored) -> None:
    mirrored.service.edit("pyproject.toml", '    "tiny",\n', "")

    assert relock(mirrored.service.root) == "uv.lock locked: 2 packages changed"

    assert 'name = "tiny"' not in mirrored.service.read("uv.lock")
    assert mirrored.service.find(FRESH) == []


def conflict(service: SmallService) -> None:
    """Two branches that lock other releases, merged."""
    git(service.root, "checkout", "--quiet", "-b", "theirs")
    service.edit("uv.lock", 'exclude-newer-span = "P7D"', 'exclude-newer-span = "P8D"')
    service.commit()
    git(service.root, "checkout", "--quiet", "-")
    service.edit("uv.lock", 'exclude-newer-span = "P7D"', 'exclude-newer-span = "P6D"')
    service.commit()
    with pytest.raises(subprocess.CalledProcessError):
        git(service.root, "merge", "--quiet", "theirs")
    assert "<<<<<<<" in service.read("uv.lock")


def test_a_conflict_is_merged_and_locked(mirrored: Mirrored) -> None:
    conflict(mirrored.service)

    assert relock(mirrored.service.root).startswith("uv.lock merged and locked:")

    assert "<<<<<<<" not in mirrored.service.read("uv.lock")
    assert mirrored.service.find(FRESH) == []


def test_a_conflict_that_was_committed_is_merged_by_its_own_text(mirrored: Mirrored) -> None:
    conflict(mirrored.service)
    git(mirrored.service.root, "add", "--all")
    mirrored.service.commit()

    assert relock(mirrored.service.root).startswith("uv.lock merged and locked:")

    assert mirrored.service.find(FRESH) == []


def test_a_lock_of_random_bytes_is_taken_from_the_last_commit(mirrored: Mirrored) -> None:
    mirrored.service.write("uv.lock", bytes(range(256)))

    assert relock(mirrored.service.root).startswith("uv.lock taken from the last commit and locked:")


def test_a_lock_that_uv_cannot_read_is_taken_from_the_last_commit(mirrored: Mirrored) -> None:
    mirrored.service.write("uv.lock", mirrored.service.read("uv.lock") + "\n[[package]]\nname = \n")

    assert relock(mirrored.service.root).startswith("uv.lock taken from the last commit and locked:")


def test_a_conflict_in_pyproject_is_refused_first(service: SmallService) -> None:
    service.write("pyproject.toml", "<<<<<<< ours\n" + service.read("pyproject.toml"))
    before = service.snapshot()

    with pytest.raises(Refusal, match="nothing to lock yet"):
        relock(service.root)

    assert service.snapshot() == before


def test_what_cannot_be_locked_leaves_the_lock_as_it_was(mirrored: Mirrored) -> None:
    mirrored.service.edit("pyproject.toml", '"tiny"', '"tiny>99"')
    before = mirrored.service.read("uv.lock")

    with pytest.raises(Refusal, match="uv cannot lock"):
        relock(mirrored.service.root)

    assert mirrored.service.read("uv.lock") == before


def test_killed_at_any_step_the_printed_command_takes_it_back(
    mirrored: Mirrored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict(mirrored.service)
    before, root = mirrored.service.snapshot(), mirrored.service.root
    whole = shutil.copytree(root, tmp_path / "whole")
    steps = list_steps(lambda: run([], whole), tmp_path)

    assert {"write uv.lock (1)", "write uv.lock (2)", "start uv lock (1)"} <= set(steps)
    monkeypatch.chdir(root)
    for step in steps[: steps.index("start uv lock (1)") + 1]:
        take_back(root, kill_at(step, lambda: run([], root), tmp_path / "printed"))

        assert mirrored.service.snapshot() == before, step
    monkeypatch.setenv("PATH", f"{break_uv(tmp_path / 'bin')}:{os.environ['PATH']}")
    take_back(root, kill_at("", lambda: run([], root), tmp_path / "printed"))
    assert mirrored.service.snapshot() == before
