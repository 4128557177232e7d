"""An update refuses before it changes anything where a wheel is not the locked one, and locks take new contents."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lockstep_serve.environment import sha256
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.locking import bring_locks
from lockstep_tool.updating.update import main
from lockstep_tool.updating.wheels import judge_wheels, refuse_changed_wheels
from tiny_template import TinyTemplate, commit, make_wheel

SERVE = ".lockstep/lockstep_serve-1.0.0-py3-none-any.whl"
TOOL = ".lockstep/lockstep_tool-1.0.0-py3-none-any.whl"


def change(name: str) -> Callable[[Path], object]:
    return lambda service: (service / name).write_bytes(b"changed")


def remove(name: str) -> Callable[[Path], object]:
    return lambda service: (service / name).unlink()


def add_wheel(service: Path) -> None:
    make_wheel(service / ".lockstep", "lockstep-tool", "0.9")


@pytest.mark.parametrize(
    ("plant", "name", "found"),
    [
        pytest.param(change(SERVE), SERVE, "sha256:", id="the one that production has"),
        pytest.param(change(TOOL), TOOL, "sha256:", id="the tool's"),
        pytest.param(remove(TOOL), TOOL, "missing", id="a missing one"),
        pytest.param(add_wheel, ".lockstep/lockstep_tool-0.9-py3-none-any.whl", "in no lock", id="one that no lock names"),
    ],
)
@pytest.mark.parametrize("committed", [False, True], ids=["not committed", "committed"])
def test_a_wheel_that_is_not_locked_is_refused_before_anything_changes(
    service: Path, plant: Callable[[Path], object], name: str, found: str, committed: bool
) -> None:
    plant(service)
    if committed:
        commit(service)
    before = git(service, "status", "--porcelain"), git(service, "rev-parse", "HEAD")
    with pytest.raises(Refusal, match="is not the one that is locked") as refused:
        main(["--without-proofs"])
    rows = dict(refused.value.where)

    assert rows[name].startswith(found)
    assert any(spot.startswith(".lockstep/uv.lock:") for spot in rows) or found == "in no lock"
    assert "git checkout HEAD -- .lockstep" in refused.value.fix
    assert (git(service, "status", "--porcelain"), git(service, "rev-parse", "HEAD")) == before


def test_the_wheels_of_a_service_that_was_just_made_are_the_locked_ones(service: Path) -> None:
    refuse_changed_wheels(service)


def test_a_service_whose_wheels_come_from_an_index_is_not_refused(service: Path) -> None:
    for name in (SERVE, TOOL):
        (service / name).unlink()
    (service / ".lockstep" / "uv.lock").unlink()
    lock = service / "uv.lock"
    text = lock.read_text().replace(f'source = {{ path = "{SERVE}" }}', 'source = { registry = "https://index.example/simple" }')
    lock.write_text(text)

    refuse_changed_wheels(service)


def test_both_locks_take_the_new_content_of_a_wheel_of_the_same_name(service: Path) -> None:
    make_wheel(service / ".lockstep", "lockstep-serve", "1.0.0", "NEW = 1\n")
    [stale] = judge_wheels(service)
    failure = bring_locks(service)

    assert [spot.partition(":")[0] for spot, _ in stale.where] == [SERVE, "uv.lock", ".lockstep/uv.lock"]
    assert failure == ""
    assert list(judge_wheels(service)) == []
    for lock in ("uv.lock", ".lockstep/uv.lock"):
        assert sha256(service / SERVE) in (service / lock).read_text()


def test_an_own_wheel_that_was_locked_is_not_replaced_in_silence(service: Path) -> None:
    make_wheel(service / ".lockstep", "lockstep-tool", "1.0.0", "OURS = 1\n")
    assert bring_locks(service) == ""
    commit(service)
    with pytest.raises(Refusal, match="it needs your hand") as stopped:
        main(["--without-proofs"])

    assert "the template dropped it" in dict(stopped.value.where)[TOOL]
    git(service, "reset", "--hard")
    assert list(judge_wheels(service)) == []


def test_another_build_of_the_same_version_is_told_and_locked(
    service: Path, template: TinyTemplate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As between two commits of the template while a version is made."""
    moved = tmp_path / "template"
    shutil.copytree(template.path, moved, symlinks=True)
    git(moved, "checkout", "--quiet", "v0.1.0")
    tool = moved / "template" / ".lockstep"
    make_wheel(tool, "lockstep-serve", "1.0.0", "NEW = 1\n")  # and its locks still have the hash of the one before
    commit(moved)
    git(moved, "tag", "v0.1.1")
    code = main(["--to", "v0.1.1", "--from", str(moved), "--without-proofs"])

    assert code == 0
    assert "lockstep-serve 1.0.0 → 1.0.0 (another build)" in capsys.readouterr().out
    assert f"_src_path: {moved}\n" in (service / ".copier-answers.yml").read_text()
    assert list(judge_wheels(service)) == []
