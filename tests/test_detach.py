"""A service leaves its template: what only updates need goes, everything else stays and works, and git takes it back."""

import subprocess
from pathlib import Path

import pytest

from services import Service
from snapshot import git

NEEDED_BY_UPDATES = [".copier-answers.yml", "updating", "bench", "bench.py", "bench.py.lock"]


@pytest.fixture(scope="module")
def leaving(fastapi: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that has been detached."""
    service = fastapi.copy(tmp_path_factory.mktemp("leaving") / "service")
    done = detach(service)
    assert done.returncode == 0, done.stdout
    return service


def detach(service: Service) -> subprocess.CompletedProcess[str]:
    return service.nox("detach")


def test_what_only_updates_need_is_gone(leaving: Service, fastapi: Service) -> None:
    before = set(git(fastapi.path, "ls-files").splitlines())
    after = set(git(leaving.path, "ls-files").splitlines())

    gone = {path for path in before - after if path.split("/")[0] not in NEEDED_BY_UPDATES}

    assert not [name for name in NEEDED_BY_UPDATES if (leaving.path / name).exists()]
    assert {Path(path).name for path in gone} <= {"lockstep-update.yml"}
    assert after - before == {"docs/detached.md"}


def test_no_file_sends_its_reader_to_the_template(leaving: Service) -> None:
    said = leaving.run("git", "grep", "--line-number", "-e", "copier update", "--", ":!*.md")

    assert said.stdout == ""


def test_only_words_changed_in_what_stays(leaving: Service) -> None:
    """Besides the menu and CI, a line that changed is a header or names the template."""
    changed = git(leaving.path, "diff", "HEAD", "--diff-filter=M", "--unified=0", "--", ":!noxfile.py", ":!.gitlab-ci.yml")
    removed = [line for line in changed.splitlines() if line.startswith("-") and not line.startswith("---")]

    assert removed
    assert not [line for line in removed if "copier update" not in line]


def test_the_gates_hold_afterwards(leaving: Service) -> None:
    done = leaving.nox("lock", "pins", "lint", "types", "tests", "prove")
    menu = leaving.run("uv", "run", "--quiet", "noxfile.py", "-l")

    assert done.returncode == 0, done.stdout
    assert "restarts -> " in menu.stdout
    assert "update -> " not in menu.stdout
    assert "detach -> " not in menu.stdout


def test_one_command_takes_it_back(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    done = detach(service)
    changed = git(service.path, "status", "--porcelain")
    [command] = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("This takes it back")]

    service.run(*command.split())

    assert changed
    assert git(service.path, "status", "--porcelain") == ""
    assert git(service.path, "write-tree") == git(fastapi.path, "rev-parse", "HEAD^{tree}")


def test_a_dirty_tree_is_refused(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / "notes.txt").write_text("not committed\n")

    done = detach(service)

    assert done.returncode == 1
    assert "There are changes that are not committed." in done.stdout
    assert "notes.txt" in done.stdout
    assert (service.path / ".copier-answers.yml").exists()


def test_leaving_twice_is_refused(leaving: Service) -> None:
    done = leaving.nox("detach")

    assert done.returncode != 0
