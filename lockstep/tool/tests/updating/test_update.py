"""An update does what its preview showed, keeps what is the team's, and one command takes all of it back."""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from killing import kill_at
from lockstep_serve.errors import Refusal
from lockstep_tool.updating import moving
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.update import main
from lockstep_tool.updating.wheels import judge_wheels
from tiny_template import commit

OURS = "\nOURS = 1\n"


@dataclass(frozen=True)
class Updated:
    """A service before and after an update, what a preview and the update saved, and how the preview left it."""

    before: Path
    after: Path
    shown: dict[str, Any]
    done: dict[str, Any]
    changed_by_preview: bool
    folder: Path


@pytest.fixture(scope="module")
def updated(born: Path, tmp_path_factory: pytest.TempPathFactory) -> Updated:
    """With an edit of the team's in a shared file, a file of its own, and one that git ignores."""
    folder = tmp_path_factory.mktemp("updated")
    before, after = folder / "before" / "orders-api", folder / "after" / "orders-api"
    shutil.copytree(born, before, symlinks=True)
    with (before / "settings.toml").open("a") as file:
        file.write(OURS)
    (before / "src" / "orders_api" / "ours.py").write_text(OURS)
    commit(before)
    shutil.copytree(before, after, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(after)
        patch.setenv("UV_OFFLINE", "1")
        assert main(["--preview", "--json", str(folder / "shown.json")]) == 0
        changed = state(after) != state(before) or len(git(after, "worktree", "list").splitlines()) > 1
        saved = ["--json", str(folder / "done.json"), "--propose", str(folder / "proposal")]
        assert main(["--without-proofs", *saved]) == 0
    documents = [json.loads((folder / name).read_text()) for name in ("shown.json", "done.json")]
    return Updated(before, after, *documents, changed, folder)


def state(service: Path) -> tuple[dict[str, tuple[int, bytes]], str]:
    """Every file with its mode and bytes, and the index."""
    files = {
        path.relative_to(service).as_posix(): (path.lstat().st_mode, path.read_bytes())
        for path in sorted(service.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(service).parts
    }
    return files, git(service, "ls-files", "--stage") + git(service, "status", "--porcelain")


def test_a_preview_changes_nothing(updated: Updated) -> None:
    assert not updated.changed_by_preview


def test_an_update_does_what_its_preview_showed(updated: Updated) -> None:
    assert updated.done == {**updated.shown, "verdict": "not proved"}
    assert updated.done["diff"]


def test_what_the_team_wrote_stays(updated: Updated) -> None:
    text = (updated.after / "settings.toml").read_text()

    assert "link-mode = 'clone'" in text
    assert text.endswith(OURS)
    assert (updated.after / "src" / "orders_api" / "ours.py").read_text() == OURS
    assert (updated.after / ".env").read_text() == "SECRET=1\n"


def test_versions_notes_and_questions_are_told(updated: Updated) -> None:
    assert (updated.done["from"], updated.done["to"]) == ("v0.1.0", "v0.2.0")
    assert updated.done["notes"] == [{"version": "v0.2.0", "text": "`update` now counts hedgehogs."}]
    assert updated.done["decide"]["new_questions"] == [{"name": "hedgehogs", "answer": 7, "help": "How many hedgehogs?"}]
    assert updated.done["goes"] == ["old.py"]
    assert "_commit: v0.2.0\n" in (updated.after / ".copier-answers.yml").read_text()


def test_no_wheel_of_the_version_before_stays_beside_the_new_ones(updated: Updated) -> None:
    assert sorted(path.name for path in (updated.after / ".lockstep").glob("*.whl")) == [
        "lockstep_serve-1.1.0-py3-none-any.whl",
        "lockstep_tool-1.1.0-py3-none-any.whl",
    ]


def test_both_locks_name_the_new_wheels(updated: Updated) -> None:
    assert list(judge_wheels(updated.after)) == []
    for folder in (updated.after, updated.after / ".lockstep"):
        assert "1.1.0-py3-none-any.whl" in (folder / "uv.lock").read_text()
        subprocess.run(["uv", "lock", "--check", "--offline", "--no-config", "--project", str(folder)], check=True)


def test_a_wheel_is_one_line_and_no_difference(updated: Updated) -> None:
    assert {"name": "lockstep-tool", "from": "1.0.0", "to": "1.1.0"} in updated.shown["packages"]
    assert [package["name"] for package in updated.shown["packages"]] == ["lockstep-serve", "lockstep-tool"]
    assert not [path for paths in updated.shown["files"].values() for path in paths if path.endswith(".whl")]
    assert "Binary" not in updated.shown["diff"]


def test_a_proposal_brings_the_wheels(updated: Updated, tmp_path: Path) -> None:
    shutil.copytree(updated.before, tmp_path / "clone", symlinks=True)
    git(tmp_path / "clone", "update-index", "-q", "--refresh")
    git(tmp_path / "clone", "apply", "--index", "--binary", str(updated.folder / "proposal" / "update.patch"))

    assert state(tmp_path / "clone")[0] == state(updated.after)[0]


def test_the_printed_command_takes_it_back(updated: Updated, tmp_path: Path) -> None:
    shutil.copytree(updated.after, tmp_path / "service", symlinks=True)
    git(tmp_path / "service", "reset", "--hard")

    assert state(tmp_path / "service") == state(updated.before)


def test_a_service_at_the_newest_version_has_nothing_to_do(
    updated: Updated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(updated.after, tmp_path / "service", symlinks=True)
    commit(tmp_path / "service")
    monkeypatch.chdir(tmp_path / "service")
    code = main([])

    assert code == 0
    said = capsys.readouterr().out
    assert "service is at v0.2.0, the newest version" in said
    assert "Besides, the template's address is on this machine alone" in said
    with pytest.raises(Refusal, match="That would go back"):
        main(["--to", "v0.1.0"])


def test_a_preview_is_one_screen_and_all_of_it_on_request(service: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [main(["--preview"])]
    screen = capsys.readouterr().out
    codes += [main(["--preview", "--diff"])]
    whole = capsys.readouterr().out
    shown = screen[screen.index("orders-api: Lockstep v0.1.0 → v0.2.0") :].splitlines()

    assert codes == [0, 0]
    assert len(shown) <= 24
    assert "diff --git" not in screen
    assert "Files: " in screen
    assert "the template's address is on this machine alone" in screen
    assert "diff --git a/new.py b/new.py" in whole
    assert "  + new.py" in whole.splitlines()
    assert whole.splitlines()[-1] == shown[-1]


def test_a_preview_says_that_it_leaves_out_what_is_not_committed(service: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (service / "README.md").write_text("# Not committed\n")
    code = main(["--preview"])

    assert code == 0
    assert "What is not committed here is not in this preview." in capsys.readouterr().out


@pytest.mark.parametrize("step", ["fetch_template", "make_second_tree", "apply_update", "bring_locks", "describe_update"])
def test_an_attempt_that_is_killed_leaves_nothing_in_the_repository(
    step: str, service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_own() -> list[str]:
        return sorted(str(path) for path in (service / ".git").rglob("*"))

    def be_killed(*_: object, **__: object) -> None:
        do(*_, **__)
        os.kill(os.getpid(), signal.SIGKILL)

    do = getattr(moving, step)
    before, own = state(service), list_own()
    monkeypatch.setattr(moving, step, be_killed)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kill_at("", lambda: main([]), tmp_path / "printed")

    assert state(service) == before
    assert list_own() == own


def test_it_stops_where_both_changed_a_line_and_where_an_edited_file_goes(service: Path) -> None:
    settings = service / "settings.toml"
    settings.write_text(settings.read_text().replace("'copy'", "'symlink'"))
    with (service / "old.py").open("a") as file:
        file.write("OURS = 1\n")
    commit(service)
    before = state(service)
    with pytest.raises(Refusal, match="it needs your hand") as stopped:
        main([])
    rows = dict(stopped.value.where)

    assert "both sides changed the same lines" in rows["settings.toml"]
    assert "git add settings.toml" in rows["settings.toml"]
    assert "git checkout HEAD -- old.py" in rows["old.py"]
    assert "git reset --hard" in stopped.value.fix
    assert set(git(service, "diff", "--name-only", "--diff-filter=U").split()) == {"settings.toml"}
    git(service, "reset", "--hard")
    assert state(service) == before


def test_a_persons_own_settings_a_larger_repository_and_a_detached_head_do_not_move_the_result(
    born: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = tmp_path / "all" / "services" / "orders-api"
    shutil.copytree(born, service, ignore=shutil.ignore_patterns(".git"))
    git(tmp_path / "all", "init", "--quiet")
    commit(tmp_path / "all")
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[user]\n\tname = N\n\temail = n@example.org\n[diff]\n\tnoprefix = true\n[apply]\n\twhitespace = error-all\n"
        "[merge]\n\tconflictStyle = zdiff3\n[commit]\n\tgpgSign = true\n[core]\n\thooksPath = /nowhere\n"
        "[status]\n\tshowUntrackedFiles = no\n"
    )
    git(tmp_path / "all", "checkout", "--quiet", "--detach")
    monkeypatch.chdir(service)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", os.devnull)
    code = main(["--without-proofs"])

    assert code == 0
    assert "services/orders-api/new.py" in git(tmp_path / "all", "status", "--porcelain")
