"""A template with two versions, so that a service can go from one to the other."""

import shutil
import subprocess
from pathlib import Path

from snapshot import Template, git

__all__ = ["HEADER", "append", "command", "replace", "two_versions"]

OLD = "template/src/lockstep/old.py"
NEW = "template/src/lockstep/new.py"
SEED = "template/tests/test_everyone.py"
HEADER = "# Lockstep's: planted by a test. Change it by `copier update`, not by hand.\n"


def two_versions(template: Template, folder: Path) -> Template:
    """The template of today as v0.2.0, after a v0.1.0 with older pins, another setting, a file more and a seed less."""
    shutil.copytree(template.path, folder, symlinks=True)
    git(folder, "tag", "today")
    git(folder, "tag", "--delete", "v0.1.0")
    history = Template(folder)

    replace(folder / "template" / "uv.toml", 'link-mode = "copy"', 'link-mode = "hardlink"')
    replace(folder / "template" / "pyproject.toml.jinja", "xfail_strict = true\n", "")
    replace(folder / "locks" / "pyproject.toml", "uvicorn[standard]>=0.54", "uvicorn[standard]>=0.50")
    settings = ["--config-file", "template/uv.toml", "--project", "locks"]
    command(folder, "uv", "lock", *settings, "--upgrade-package", "pluggy==1.6.0")
    command(folder, "uv", "run", "--script", "locks/generate.py")
    (folder / OLD).write_text(HEADER)
    history.release("v0.1.0")

    git(folder, "checkout", "today", "--", ".")
    git(folder, "tag", "--delete", "today")
    (folder / OLD).unlink()
    (folder / NEW).write_text(HEADER)
    (folder / SEED).write_text('"""A test of everyone."""\n')
    history.release("v0.2.0")
    return history


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def command(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
