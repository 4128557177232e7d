"""An image is called by a commit's name only where everything that it is built of is that commit's."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.images.labels import labels_of, revision
from lockstep_tool.images.publish import refuse_other_commit
from lockstep_tool.images.uncommitted import name_left_out, name_uncommitted
from lockstep_tool.service import Service
from small_service import SmallService, git

REVISION = "org.opencontainers.image.revision"
PACKAGE = "src/orders_api"


def label_of(service: SmallService) -> str:
    return labels_of(Service(service.root), "0123456789ab")[REVISION]


@pytest.mark.parametrize(
    "name",
    [
        f"{PACKAGE}/new.py",
        f"{PACKAGE}/app.py",
        f"{PACKAGE}/local.sqlite3",
        "uv.lock",
        "pyproject.toml",
        "LICENSE.old",
        "Dockerfile",
        "packages/own-1.0-py3-none-any.whl",
    ],
)
def test_what_no_commit_has_is_named_and_makes_the_image_no_commit_s(service: SmallService, name: str) -> None:
    service.write(".gitignore", "*.sqlite3\n")
    service.commit()
    before = service.read(name) if (service.root / name).is_file() else ""
    service.write(name, f"{before}# as no commit has it\n")

    assert name_uncommitted(Service(service.root)) == [name]
    assert label_of(service) == f"{revision(service.root)}-changed"


@pytest.mark.parametrize(
    "name",
    [
        f"{PACKAGE}/.ruff_cache/0.17.0/1",
        f"{PACKAGE}/.DS_Store",
        f"{PACKAGE}/__pycache__/app.cpython-313.pyc",
        f"{PACKAGE}/app.pyc",
        "tests/test_new.py",
        ".nox/production/bin/python",
        "notes.txt",
    ],
)
def test_what_no_build_takes_is_not_named(service: SmallService, name: str) -> None:
    before = dict(Service(service.root).source)
    service.write(name, "of this laptop\n")

    assert name_uncommitted(Service(service.root)) == []
    assert dict(Service(service.root).source) == before
    assert label_of(service) == revision(service.root)


def test_what_is_no_commit_s_is_not_published(service: SmallService, tmp_path: Path) -> None:
    commit = revision(service.root)
    for label, refused in ((commit, False), (f"{commit}-changed", True)):
        engine = tmp_path / "engine"
        engine.write_text(f"#!/bin/sh\necho {label}\n", encoding="utf-8")
        engine.chmod(0o755)
        with pytest.raises(Refusal, match="not of this commit") if refused else nullcontext():
            refuse_other_commit(service.root, str(engine), "localhost/orders-api:lockstep")


def test_an_image_of_which_nobody_knows_the_commit_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_COMMIT_SHA", "")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\necho {revision(tmp_path)}\n", encoding="utf-8")
    engine.chmod(0o755)

    with pytest.raises(Refusal, match="not looked at: nobody says which commit this is"):
        refuse_other_commit(tmp_path, str(engine), "localhost/orders-api:lockstep")


def test_a_service_in_a_directory_of_its_repository_is_named_from_its_own_root(service: SmallService) -> None:
    root = service.root / "services" / "orders"
    root.parent.mkdir()
    git(service.root.parent, "clone", "--quiet", str(service.root), str(root))
    git(root, "worktree", "prune")
    (root / ".git").rename(service.root / ".clone")
    git(service.root, "add", "services")
    service.commit()
    (root / PACKAGE / "new.py").touch()

    assert name_uncommitted(Service(root)) == [f"{PACKAGE}/new.py"]


def test_a_file_of_the_commit_that_no_wheel_has_is_named(service: SmallService) -> None:
    service.write(f"{PACKAGE}/static/.well-known/security.txt", "Contact: ")
    service.write(f"{PACKAGE}/static/.gitkeep", "")
    git(service.root, "add", "--all")
    service.commit()

    assert name_left_out(Service(service.root)) == [f"{PACKAGE}/static/.well-known/security.txt"]
    assert name_uncommitted(Service(service.root)) == []
