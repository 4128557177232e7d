"""Whatever stops an adoption, everything is as it was: also what git ignores, what came meanwhile, and after Ctrl-C."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from adopting.applying import Plan, apply_plan
from adopting.checkout import list_changes, read_checkout
from existing_services import existing
from services import Service
from snapshot import Template, git
from test_adopt import PLAIN_FASTAPI, adopt

READS_A_VARIABLE = {**PLAIN_FASTAPI, "app/orders.py": f"import os\n\nSHOP = os.environ['SHOP']\n{PLAIN_FASTAPI['app/orders.py']}"}
CHANGED, MARKED = "There are changes that are not committed.", "Git was told not to look at some files"


def read_everything(service: Service) -> Mapping[str, bytes | str]:
    """Every file but git's own, and where links lead."""
    paths = [path for path in service.path.rglob("*") if ".git" not in path.relative_to(service.path).parts]
    return {
        str(path.relative_to(service.path)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in paths
        if path.is_symlink() or path.is_file()
    }


def ignore(service: Service, pattern: str) -> None:
    """A pattern of the team's own, on this machine."""
    (service.path / ".git" / "info" / "exclude").write_text(f"{pattern}\n")


def put_before_git(folder: Path, script: str) -> str:
    """A search path whose git does this first; `$ALL` are its words, `$REAL` is git."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/bash\nREAL={shutil.which("git")}\nALL=" $* "\n{script}\nexec "$REAL" "$@"\n')
    program.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


@pytest.mark.parametrize("words", [("--no-lock",), ("--write", "--no-lock")], ids=["a report", "--write"])
@pytest.mark.parametrize(
    "name",
    [".python-version", ".github/workflows/lockstep.yml", "src/app/main.py", "requirements.txt.before-lockstep", "uv.toml/own"],
    ids=["a new file", "in a folder", "a moved file", "a file beside", "a folder"],
)
def test_an_ignored_file_where_one_has_to_be_is_named_and_stays(
    template: Template, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    service = existing(tmp_path / "orders", {**PLAIN_FASTAPI, ".github/workflows/ci.yml": "on: push\njobs: {}\n"})
    ignore(service, f"/{name}")
    (service.path / name).parent.mkdir(parents=True, exist_ok=True)
    (service.path / name).write_text("ours\n")
    before = read_everything(service)

    done = adopt(template, service, *words)

    assert done.returncode == 1, done.stdout
    assert f"{name.removesuffix('/own')} is there and ignored by git" in done.stdout
    assert read_everything(service) == before


def test_an_ignored_file_that_only_the_lock_shows_to_be_in_the_way_stays(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", READS_A_VARIABLE)
    ignore(service, ".env.*")
    (service.path / ".env.example").write_text("SHOP=ours\n")
    before = read_everything(service)

    done = adopt(template, service, "--write", "--without-proofs")

    assert done.returncode == 1, done.stdout
    assert ".env.example is there and ignored by git" in done.stdout
    assert read_everything(service) == before


def test_an_ignored_link_in_place_of_a_folder_is_not_followed(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    ignore(service, "src")
    (tmp_path / "elsewhere").mkdir()
    (service.path / "src").symlink_to(tmp_path / "elsewhere")

    done = adopt(template, service, "--write", "--no-lock")

    assert done.returncode == 1, done.stdout
    assert "src is there and ignored by git, and no folder" in done.stdout
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("way", ["add", "move", "beside"])
def test_what_comes_at_the_last_moment_is_not_overwritten(tmp_path: Path, way: str) -> None:
    for name in ("old", "new"):
        (tmp_path / name).write_text(name)
    plan = Plan({"new": b"other"} if way == "add" else {}, {}, {}, {}, [])
    if way != "add":
        getattr(plan, way)["old"] = "new"
    written: list[str] = []

    with pytest.raises(FileExistsError):
        apply_plan(tmp_path, plan, written)

    assert (tmp_path / "new").read_text() == "new"
    assert written == []


def test_untracked_files_are_seen_whatever_git_is_told_to_show(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    git(service.path, "config", "status.showUntrackedFiles", "no")
    (service.path / "notes.txt").write_text("ours\n")

    done = adopt(template, service, "--write", "--no-lock")

    assert done.returncode == 1, done.stdout
    assert CHANGED in done.stdout
    assert (service.path / "notes.txt").read_text() == "ours\n"
    assert not (service.path / "noxfile.py").exists()


@pytest.mark.parametrize("mark", ["--skip-worktree", "--assume-unchanged"])
def test_a_file_that_git_is_not_to_look_at_is_refused(template: Template, tmp_path: Path, mark: str) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    git(service.path, "update-index", mark, "README.md")
    (service.path / "README.md").write_text("edited\n")

    reported = adopt(template, service, "--no-lock")
    done = adopt(template, service, "--write", "--no-lock")

    assert (reported.returncode, done.returncode) == (1, 1)
    assert "git was told not to look at: README.md" in reported.stdout
    for said in (reported.stdout, done.stdout):  # git heeds one of the two words of a call
        assert "`git update-index --no-assume-unchanged FILE`, then `git update-index --no-skip-worktree FILE`" in said
    assert MARKED in done.stdout
    assert (service.path / "README.md").read_text() == "edited\n"


def test_variables_that_a_hook_leaves_lead_to_no_other_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service, other = existing(tmp_path / "orders", PLAIN_FASTAPI), existing(tmp_path / "other", {"notes.txt": ""})
    (service.path / "new.txt").write_text("not committed\n")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))

    assert set(read_checkout(service.path).files) == {*PLAIN_FASTAPI}
    assert list_changes(service.path) == ["new.txt"]


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        ("touch notes.txt", CHANGED),
        ("echo >> README.md", CHANGED),
        ('"$REAL" update-index --skip-worktree README.md', MARKED),
        ('"$REAL" commit --quiet --allow-empty --message Later', "There is another commit now."),
    ],
    ids=["a new file", "an edit", "a mark", "a commit"],
)
def test_what_changes_while_it_is_looked_at_is_refused(template: Template, tmp_path: Path, meanwhile: str, told: str) -> None:
    """Between the first look and the writing, while the service is rendered."""
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    once = f"[ -e {tmp_path / 'done'} ] || {{ touch {tmp_path / 'done'}; (cd {service.path} && {meanwhile}); }}"
    path = put_before_git(tmp_path / "bin", f'case "$ALL" in *" clone "*) {once};; esac')  # Copier's, of the template

    done = adopt(template, Service(service.path, {"PATH": path}), "--write", "--no-lock")

    assert (tmp_path / "done").exists()
    assert done.returncode == 1, done.stdout
    assert told in done.stdout
    assert not (service.path / "noxfile.py").exists()


def test_an_ignored_file_that_comes_behind_the_report_is_named_and_stays(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    ignore(service, ".python-version")
    comes = f"if [ -e {tmp_path / 'looked'} ]; then echo ours > {service.path / '.python-version'}; fi"
    second = f'case "$ALL" in *" ls-files -v "*) {comes}; touch {tmp_path / "looked"};; esac'
    path = put_before_git(tmp_path / "bin", second)

    done = adopt(template, Service(service.path, {"PATH": path}), "--write", "--no-lock")

    assert done.returncode == 1, done.stdout
    assert ".python-version   ignored by git" in done.stdout
    assert (service.path / ".python-version").read_text() == "ours\n"
    assert git(service.path, "status", "--porcelain") == ""


def with_built_files(folder: Path) -> Service:
    """A committed file that a pattern ignores where it moves to, and where it is."""
    service = existing(folder, {**PLAIN_FASTAPI, "app/static/dist/site.css": "body {}\n"})
    (service.path / ".gitignore").write_text("dist/\n")
    git(service.path, "commit", "--quiet", "--all", "--message", "Ignore what is built")
    return service


def test_a_tracked_file_moves_also_to_where_it_is_ignored(template: Template, tmp_path: Path) -> None:
    service = with_built_files(tmp_path / "orders")

    done = adopt(template, service, "--write", "--no-lock")

    assert done.returncode == 0, done.stdout
    assert "src/app/static/dist/site.css" in git(service.path, "ls-files").splitlines()


@pytest.mark.parametrize("folder", ["", "services/orders"], ids=["a repository", "a folder of one"])
def test_a_file_that_is_ignored_where_it_moved_to_is_taken_back(template: Template, tmp_path: Path, folder: str) -> None:
    whole = with_built_files(tmp_path / "orders")
    if folder:
        (tmp_path / "larger" / folder).parent.mkdir(parents=True)
        shutil.copytree(whole.path, tmp_path / "larger" / folder, ignore=shutil.ignore_patterns(".git"))
        git(tmp_path / "larger", "init", "--quiet")
        git(tmp_path / "larger", "add", "--all", "--force")
        git(tmp_path / "larger", "commit", "--quiet", "--message", "All")
        whole = Service(tmp_path / "larger" / folder, {})
    before = read_everything(whole)
    path = put_before_git(tmp_path / "bin", 'case "$ALL" in *" add "*) echo "No space left on device" >&2; exit 1;; esac')

    done = adopt(template, Service(whole.path, {"PATH": path}), "--write", "--no-lock")

    assert done.returncode == 1, done.stdout
    assert "No space left on device" in done.stdout
    assert "Everything was taken back." in done.stdout
    assert git(whole.path, "status", "--porcelain", "--ignored") == ""
    assert read_everything(whole) == before


def test_what_came_while_it_wrote_is_left_and_named(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    comes = f'case "$ALL" in *" add "*) echo ours > {service.path}/notes.txt; exit 1;; esac'

    done = adopt(template, Service(service.path, {"PATH": put_before_git(tmp_path / "bin", comes)}), "--write", "--no-lock")

    assert done.returncode == 1, done.stdout
    assert "notes.txt   came meanwhile, and is left there" in done.stdout
    assert git(service.path, "status", "--porcelain", "--ignored") == "?? notes.txt\n"


def test_where_git_cannot_take_it_back_the_first_error_and_the_way_back_are_said(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    fails = f'case "$ALL" in *" add "*) mkdir -p {service.path}/.nox; echo first >&2; exit 1;; '
    fails += '*" reset "*) echo "No space left on device" >&2; exit 1;; esac'

    done = adopt(template, Service(service.path, {"PATH": put_before_git(tmp_path / "bin", fails)}), "--write", "--no-lock")
    [command] = [line.rpartition(": ")[2] for line in done.stdout.splitlines() if "run this: " in line]
    service.run(*command.split())

    assert done.returncode == 1
    assert "git add   first" in done.stdout
    assert "No space left on device" in done.stdout
    assert "app/main.py" in done.stdout
    assert "Everything was taken back." not in done.stdout
    assert git(service.path, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_an_interrupt_while_it_writes_and_one_more_take_everything_back(template: Template, tmp_path: Path, name: str) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    before = read_everything(service)
    signals = f'case "$ALL" in *" add "*|*" reset "*) kill -{name} $PPID; kill -{name} $$; sleep 1;; esac'

    done = adopt(template, Service(service.path, {"PATH": put_before_git(tmp_path / "bin", signals)}), "--write", "--no-lock")

    assert done.returncode == 130, done.stdout
    assert "Everything was taken back." in done.stdout
    assert "Traceback" not in done.stdout
    assert git(service.path, "status", "--porcelain", "--ignored") == ""
    assert read_everything(service) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_interrupt_while_a_session_runs_ends_it_and_takes_everything_back(
    template: Template, tmp_path: Path, number: signal.Signals
) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    before = read_everything(service)
    command = [sys.executable, "-m", "adopting", str(service.path), f"--data=python={platform.python_version()}", "--write"]
    settings = {**os.environ, "PYTHONPATH": str(template.path / "locks")}

    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "✓ pins" in line:  # `prove` is next
                process.send_signal(number)
                process.send_signal(number)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout

    assert process.returncode == 130, printed
    assert "Everything was taken back." in printed
    assert git(service.path, "status", "--porcelain", "--ignored") == ""
    assert read_everything(service) == before
    assert str(service.path) not in listed


LATE = """
import os, signal, subprocess, sys
from pathlib import Path
from adopting import interrupts


class Late(subprocess.Popen):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        print(self.pid, flush=True)
        signal.raise_signal(signal.SIGTERM)


subprocess.Popen = Late
interrupts.take_interrupts()
interrupts.run_to_end(["sleep", "600"], os.environ, Path(), stderr=subprocess.STDOUT)
"""


def test_an_interrupt_while_a_session_is_started_ends_it_too(template: Template) -> None:
    """It would run on, and write where everything is taken back."""
    settings = {**os.environ, "PYTHONPATH": str(template.path / "locks")}
    done = subprocess.run([sys.executable, "-c", LATE], env=settings, capture_output=True, text=True, check=False)

    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
