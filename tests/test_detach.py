"""A service of today's template leaves it: no file sends its reader back, and everything else works as before.

What goes, what is refused and how it is taken back is shown on small trees, in lockstep/tool/tests/updating.
"""

import re

import pytest

from conftest import Render, committed, read_answers
from services import Service
from snapshot import git

GONE = {".copier-answers.yml", ".github/workflows/lockstep-update.yml", ".gitlab/lockstep-update.yml"}
MENTIONS = "copier update|Change it by `-s update`|-s (update|bench|detach)"


@pytest.fixture(scope="module")
def leaving(fastapi: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that has been detached."""
    service = fastapi.copy(tmp_path_factory.mktemp("leaving") / "service")
    done = service.nox("detach")
    assert done.returncode == 0, done.stdout
    return service


@pytest.fixture(scope="module", params=["fastapi-uvicorn", "flask-gunicorn-gthread-everywhere", "django-gunicorn-uvicorn"])
def detached(request: pytest.FixtureRequest, render: Render, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Services with each CI and every deploy file."""
    service = committed(render(read_answers(request.param))).copy(tmp_path_factory.mktemp("detached") / "service")
    done = service.lockstep("detach")
    assert done.returncode == 0, done.stdout
    return service


def test_no_file_sends_its_reader_to_the_template(detached: Service) -> None:
    said = detached.run("git", "grep", "--extended-regexp", "--line-number", "-e", MENTIONS, "--", ":!*.md")

    assert said.stdout == ""


def test_only_words_change_in_what_stays(detached: Service) -> None:
    """Besides the menu and CI, a line that changed is a header or names the template."""
    changed = git(detached.path, "diff", "HEAD", "--unified=0", "--diff-filter=M", "--", ":!noxfile.py", ":!.gitlab-ci.yml")
    removed = [line for line in changed.splitlines() if line.startswith("-") and not line.startswith("---")]
    gone = git(detached.path, "diff", "HEAD", "--name-only", "--diff-filter=D").split()
    new = git(detached.path, "diff", "HEAD", "--name-only", "--diff-filter=A").split()

    assert removed
    assert not [line for line in removed if not re.search(r"by `-s update`|-s update", line)]
    assert set(gone) <= GONE
    assert new == ["docs/detached.md"]


def test_the_note_says_what_starts_the_service_without_lockstep(detached: Service) -> None:
    note = (detached.path / "docs" / "detached.md").read_text()
    [server] = {word for word in ("uvicorn", "gunicorn") if f"\n{word} " in note}

    assert "stands: `Dockerfile`" in note or "`Dockerfile`, " in note
    assert "health.py" in note
    assert f'"{server}' in (detached.path / "pyproject.toml").read_text()


def test_the_sessions_hold_afterwards(leaving: Service) -> None:
    done = leaving.nox("lock", "pins", "prove")
    menu = leaving.run("uv", "run", "--quiet", "noxfile.py", "-l")

    assert done.returncode == 0, done.stdout
    assert "\n  restarts " in menu.stdout
    assert not [name for name in ("update", "detach", "bench") if f"\n  {name} " in menu.stdout]
    assert leaving.nox("detach").returncode != 0
