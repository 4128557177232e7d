"""A template with two versions, so that a service can go from one to the other."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snapshot import Template, git, tracked

__all__ = ["HEADER", "NEW", "OLD", "SEED", "append", "command", "name_version", "replace", "two_versions"]

OLD, NEW = "old.py", "new.py"  # Lockstep's, in a service
SEED = "tests/test_everyone.py"
HEADER = "# Lockstep's: planted by a test. Change it by `-s update`, not by hand.\n"
BEFORE = "0.9.0"  # of the wheels
QUESTION = "hedgehogs:\n  type: int\n  help: How many hedgehogs?\n  default: 7\n\n"


def two_versions(template: Template, folder: Path) -> Template:
    """The template of today as v0.2.0, after a v0.1.0 with other wheels, older pins, another setting, and files that come or go.

    v0.2.0 says in a note what it changed, and asks one question more.
    """
    shutil.copytree(template.path, folder, symlinks=True)
    git(folder, "tag", "today")
    git(folder, "tag", "--delete", "v0.1.0")
    history = Template(folder)

    replace(folder / "template" / "uv.toml", 'link-mode = "copy"', 'link-mode = "hardlink"')
    replace(folder / "template" / "pyproject.toml.jinja", "xfail_strict = true\n", "")
    replace(folder / "locks" / "pyproject.toml", "uvicorn[standard]>=0.54", "uvicorn[standard]>=0.50")
    name_version(folder, BEFORE)
    settings = ["--config-file", "template/uv.toml", "--project", "locks"]
    command(folder, "uv", "lock", *settings, "--upgrade-package", "pluggy==1.6.0")
    command(folder, "uv", "run", "--script", "locks/generate.py")
    (folder / "template" / OLD).write_text(HEADER)
    history.release("v0.1.0")

    for wheel in (folder / "template" / ".lockstep").glob("*.whl"):
        wheel.unlink()
    (folder / "template" / OLD).unlink()
    git(folder, "checkout", "today", "--", ".")
    git(folder, "tag", "--delete", "today")
    (folder / "template" / NEW).write_text(HEADER)
    (folder / "template" / SEED).write_text('"""A test of everyone."""\n')
    (folder / "docs" / "changes").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "changes" / "hedgehogs.new.md").write_text("`update` now counts hedgehogs.\n")
    replace(folder / "copier.yml", "# ---- What follows", QUESTION + "# ---- What follows")
    history.release("v0.2.0")
    return history


def name_version(folder: Path, version: str) -> None:
    """Build both wheels from the template's sources as another version, and have every lock name them."""
    with sources_in(folder):
        for name in ("serve", "tool"):
            project = folder / "lockstep" / name / "pyproject.toml"
            lines = project.read_text(encoding="utf-8").splitlines(keepends=True)
            project.write_text("".join(f'version = "{version}"\n' if line.startswith("version =") else line for line in lines))
        command(folder, sys.executable, "locks/wheels.py")


@contextmanager
def sources_in(folder: Path) -> Iterator[None]:
    """The sources of the wheels, for a while where the template was taken without them."""
    if (folder / "lockstep").exists():
        yield
        return
    tracked(folder, ("lockstep/serve/tests/", "lockstep/tool/tests/"), only="lockstep/")
    try:
        yield
    finally:
        shutil.rmtree(folder / "lockstep")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def command(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
