"""`update`: what it shows, what it refuses, what it stops at, and that one command takes all of it back."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Render, committed
from history import append, command, replace, two_versions
from services import Service
from snapshot import Template, git

BACK = ("git", "reset", "--hard")
OURS = "tests/test_ours.py"


@pytest.fixture(scope="module")
def history(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with two versions to go between; the newer one says what it changed, and asks one question more."""
    folder = tmp_path_factory.mktemp("history") / "template"
    found = two_versions(template, folder)
    git(folder, "tag", "--delete", "v0.2.0")
    (folder / "docs" / "changes" / "hedgehogs.new.md").write_text("`update` now counts hedgehogs.\n")
    question = "hedgehogs:\n  type: int\n  help: How many hedgehogs?\n  default: 7\n\n"
    replace(folder / "copier.yml", "# ---- What follows", question + "# ---- What follows")
    found.release("v0.2.0")
    return found


@pytest.fixture(scope="module")
def born(history: Template, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service of v0.1.0, committed, with a file that git ignores."""
    folder = tmp_path_factory.mktemp("born") / "orders-api"
    done = history.copy(folder, {"project_name": "orders-api"}, tag="v0.1.0")
    assert done.returncode == 0, done.stderr
    service = committed(folder)
    (folder / ".env").write_text("SECRET=1\n")
    (folder / "empty").mkdir()
    return service


@pytest.fixture
def service(born: Service, tmp_path: Path) -> Service:
    """A copy to be changed."""
    shutil.copytree(born.path, tmp_path / "orders-api", symlinks=True)
    return Service(tmp_path / "orders-api", {"LOCKSTEP_ENGINE": "none", "CI": ""})


def update(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    """The session's script with the workshop's own Copier, so that it costs no environment."""
    return service.run(sys.executable, "-B", "updating/update.py", *words)


def commit(service: Service, message: str = "Ours") -> None:
    git(service.path, "add", "--all")
    git(service.path, "commit", "--quiet", "--message", message)


def state(service: Service) -> tuple[dict[str, str], str]:
    """Every file but git's own and the tools' leavings, with its bytes and mode, and the index."""
    files = {}
    for path in sorted(service.path.rglob("*")):
        name = path.relative_to(service.path).as_posix()
        if (
            not re.match(r"\.git/|\.git$|\.nox|\.lockstep|\.mypy_cache|\.ruff_cache|\.pytest_cache", name)
            and "__pycache__" not in name
        ):
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            files[name] = f"{content} {path.lstat().st_mode:o}"
    return files, git(service.path, "ls-files", "--stage") + git(service.path, "status", "--porcelain")


def back(service: Service, printed: str) -> None:
    """Do what was printed."""
    assert " ".join(BACK) in printed
    git(service.path, *BACK[1:])


def unmerged(service: Service) -> list[str]:
    return sorted(set(git(service.path, "diff", "--name-only", "--diff-filter=U").split()))


def test_a_preview_shows_everything_and_changes_nothing(service: Service, tmp_path: Path) -> None:
    command(service.path, "uv", "add", "--no-sync", "six", "wcwidth")
    commit(service)
    before, registered = state(service), git(service.path, "worktree", "list")
    document = tmp_path / "update.json"
    done = update(service, "--preview", "--json", str(document))

    assert done.returncode == 0, done.stdout
    assert state(service) == before
    assert git(service.path, "worktree", "list") == registered
    for said in (
        "orders-api: Lockstep v0.1.0 → v0.2.0",
        "v0.2.0: `update` now counts hedgehogs.",
        "new question hedgehogs: 7 is taken (How many hedgehogs?)",
        "Goes, and you had not changed it\n  src/lockstep/old.py",
        '+    "uvicorn[standard]>=0.54",',
        "+ src/lockstep/new.py",
        "pluggy 1.6.0 → ",
        "Nothing has changed here. To do it: `uv run noxfile.py -s update",
    ):
        assert said in done.stdout
    report = json.loads(document.read_text())
    assert (report["from"], report["to"], report["faults"]) == ("v0.1.0", "v0.2.0", [])
    assert "six" not in {package["name"] for package in report["packages"]}


def test_an_update_does_what_a_preview_showed_and_relocks(service: Service, history: Template, tmp_path: Path) -> None:
    command(service.path, "uv", "add", "--no-sync", "six", "wcwidth")
    commit(service)
    shown, done_ = tmp_path / "shown.json", tmp_path / "done.json"
    assert update(service, "--preview", "--json", str(shown)).returncode == 0
    done = update(service, "--without-proofs", "--json", str(done_))

    assert done.returncode == 0, done.stdout
    assert "NOT PROVED, because of --without-proofs." in done.stdout
    assert json.loads(shown.read_text())["diff"] == json.loads(done_.read_text())["diff"]
    assert not unmerged(service)
    assert "<<<<<<<" not in (service.path / "uv.lock").read_text()
    assert f"_src_path: {history.path}\n" in (service.path / ".copier-answers.yml").read_text()
    assert service.lockstep("lock").returncode == 0
    assert "src/lockstep/new.py" in git(service.path, "diff", "HEAD", "--name-only")


def test_an_update_can_be_taken_back_by_the_printed_command(service: Service) -> None:
    (service.path / OURS).write_text('"""Ours."""\n')
    commit(service)
    before = state(service)
    done = update(service, "--without-proofs")
    assert state(service) != before
    back(service, done.stdout)

    assert state(service) == before


def test_both_changed_a_line_and_the_update_stops_with_what_to_do(service: Service) -> None:
    replace(service.path / "pyproject.toml", '"uvicorn[standard]>=0.50"', '"uvicorn[standard]>=0.51"')
    command(service.path, "uv", "lock")
    commit(service)
    before = state(service)
    done = update(service)

    assert done.returncode == 1
    assert "The update is here, and it needs your hand." in done.stdout
    assert re.search(r"pyproject\.toml +both sides changed the same lines\. Edit it, .*git add pyproject\.toml", done.stdout)
    assert "uv.lock" in done.stdout
    assert unmerged(service)[0] == "pyproject.toml"
    back(service, done.stdout)
    assert state(service) == before


def test_an_edited_file_that_the_template_dropped_is_not_lost_in_silence(service: Service) -> None:
    append(service.path / "src" / "lockstep" / "old.py", "OURS = 1\n")
    commit(service)
    before = state(service)
    done = update(service)

    assert done.returncode == 1
    assert re.search(r"src/lockstep/old\.py +yours, or edited by you, and the template dropped it", done.stdout)
    assert "git checkout HEAD -- src/lockstep/old.py" in done.stdout
    back(service, done.stdout)
    assert state(service) == before


def test_a_service_that_does_not_hold_after_the_update_is_named_and_can_be_taken_back(service: Service) -> None:
    (service.path / OURS).write_text('"""Fails where the update is."""\n\nfrom pathlib import Path\n\n\n')
    append(service.path / OURS, "def test_no_new_file() -> None:\n    assert not Path('src/lockstep/new.py').exists()\n")
    (service.path / "nox_local.py").write_text('import nox\n\nnox.options.sessions = ["lock", "tests"]\n')
    commit(service)
    before = state(service)
    done = service.run(sys.executable, "-B", "updating/update.py", NOXSESSION="lock")

    assert done.returncode == 1
    assert "The update is here, and the service does not hold." in done.stdout
    assert re.search(r"tests +it fails", done.stdout)
    back(service, done.stdout)
    assert state(service) == before


@pytest.mark.parametrize(
    ("plant", "said"),
    {
        "dirty": ("echo x >> README.md", "Something here is not committed"),
        "untracked": ("echo x > new.txt", "Something here is not committed"),
        "merging": ("git rev-parse HEAD > .git/MERGE_HEAD", "A merge is unfinished here."),
        "hidden": ("git update-index --assume-unchanged README.md", "Git was told not to look at some files"),
        "no git": ("rm -rf .git", "This service is not under version control"),
        "no commit": ("rm -rf .git && git init --quiet", "Nothing is committed here yet."),
        "no answers": ("git rm --quiet .copier-answers.yml && git commit --quiet -m x", "which template it comes from."),
        "taken": ("echo mine > src/lockstep/new.py && echo new.py >> .git/info/exclude", "where you have one that git ignores"),
    }.values(),
    ids=["dirty", "untracked", "merging", "hidden", "no git", "no commit", "no answers", "taken"],
)
def test_what_could_not_be_taken_back_is_refused_and_nothing_changes(service: Service, plant: str, said: str) -> None:
    subprocess.run(["bash", "-c", plant], cwd=service.path, check=True)
    before = {path: path.read_bytes() for path in service.path.rglob("*") if path.is_file() and ".git/" not in str(path)}
    done = update(service)

    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert {path: path.read_bytes() for path in before if path.exists()} == before


def test_a_detached_head_is_moved_like_a_branch(service: Service) -> None:
    git(service.path, "checkout", "--quiet", "--detach")

    assert update(service, "--without-proofs").returncode == 0


def test_a_service_in_a_folder_of_a_larger_repository_moves_too(born: Service, tmp_path: Path) -> None:
    top = tmp_path / "all"
    shutil.copytree(born.path, top / "services" / "orders-api", ignore=shutil.ignore_patterns(".git"))
    (top / "README.md").write_text("# All\n")
    committed(top)
    service = Service(top / "services" / "orders-api", {})
    replace(service.path / "pyproject.toml", '"uvicorn[standard]>=0.50"', '"uvicorn[standard]>=0.51"')
    commit(service)
    done = update(service)

    assert done.returncode == 1
    assert "services/orders-api/pyproject.toml" in git(top, "diff", "--name-only", "--diff-filter=U")
    back(service, done.stdout)
    assert not git(top, "status", "--porcelain")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--framework", "flask"), "--framework cannot change."),
        (("--project-name", "other"), "--project-name cannot change."),
        (("--data", "framework=flask"), "cannot be used."),
        (("--server", "gunicorn-gthread"), "The server does not fit the framework."),
        (("--python", "3.10.1"), "Lockstep does not support this Python."),
        (("--to", "v9.9.9"), "The template has no v9.9.9."),
        (("--from", "/nowhere"), "The template cannot be reached."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_refused_with_the_reason(service: Service, words: tuple[str, ...], said: str) -> None:
    done = update(service, *words)

    assert done.returncode in {1, 2}
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert not git(service.path, "status", "--porcelain")


def test_a_version_before_the_one_that_is_there_is_refused(service: Service) -> None:
    assert update(service, "--without-proofs").returncode == 0
    commit(service)
    done = update(service, "--to", "v0.1.0")

    assert done.returncode == 1
    assert "That would go back" in done.stdout
    assert "orders-api is at v0.2.0, the newest version" in update(service).stdout


def test_answers_change_without_the_version_and_the_teams_values_stay(service: Service) -> None:
    service.edit("src/orders_api/server.toml", "drain = { default = 20", "drain = { default = 15")
    commit(service)
    done = update(service, "--server", "gunicorn-asgi", "--deploy", "compose,systemd", "--without-proofs")

    assert done.returncode == 0, done.stdout
    assert "orders-api: stays at v0.1.0" not in done.stdout
    assert "Lockstep stays at v0.1.0; server uvicorn → gunicorn-asgi" in done.stdout
    answers = (service.path / ".copier-answers.yml").read_text()
    assert "_commit: v0.1.0\n" in answers
    assert "server: gunicorn-asgi\n" in answers
    assert "drain = { default = 15" in (service.package() / "server.toml").read_text()
    assert (service.path / "deploy" / "systemd").is_dir()
    assert service.lockstep("lock").returncode == 0


def test_a_value_that_the_new_model_does_not_have_is_told(template: Template, render: Render) -> None:
    answers = {"project_name": "orders-api", "framework": "flask", "server": "gunicorn-gthread", "ci": "none"}
    service = committed(render(answers))
    service.edit("src/orders_api/server.toml", "threads = { default = 8", "threads = { default = 16")
    commit(service)
    done = update(service, "--server", "gunicorn-gevent", "--preview")

    assert done.returncode == 1
    assert "src/orders_api/server.toml: the new server model has no threads, which you set to 16" in done.stdout
    assert not git(service.path, "status", "--porcelain")


def test_a_template_that_moved_is_found_and_remembered(service: Service, history: Template, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    subprocess.run(["git", "clone", "--quiet", str(history.path), str(moved)], check=True)
    done = update(service, "--from", str(moved), "--without-proofs")

    assert done.returncode == 0, done.stdout
    assert f"_src_path: {moved}\n" in (service.path / ".copier-answers.yml").read_text()


def test_a_persons_own_settings_do_not_move_the_result(service: Service, tmp_path: Path) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[user]\n\tname = N\n\temail = n@example.org\n[diff]\n\tnoprefix = true\n[apply]\n\twhitespace = error-all\n"
        "[merge]\n\tconflictStyle = zdiff3\n[commit]\n\tgpgSign = true\n[core]\n\thooksPath = /nowhere\n"
        "[status]\n\tshowUntrackedFiles = no\n"
    )
    done = service.run(
        sys.executable, "-B", "updating/update.py", "--without-proofs", GIT_CONFIG_GLOBAL=str(settings), GIT_DIR=os.devnull
    )

    assert done.returncode == 0, done.stdout


def test_the_menu_reaches_it_with_the_locked_copier(service: Service) -> None:
    append(service.path / "README.md", "Not committed.\n")
    done = service.run("uv", "run", "--quiet", "noxfile.py", "-s", "update", "--", "--preview")

    assert done.returncode == 0, done.stdout
    assert "What is not committed here is not in this preview." in done.stdout
    assert "Nothing has changed here." in done.stdout
