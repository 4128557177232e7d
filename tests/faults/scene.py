"""A good service to plant faults in: its checkout, its production set, the same set elsewhere, and its image."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from lockstep_tool.environments.probe import probe_program
from lockstep_tool.environments.verdicts import recall_verdicts
from services import Service
from snapshot import Template, git

from .network import Network

__all__ = ["ADDRESS", "ELSEWHERE", "Scene", "make_scene"]

ANSWERS = {
    "project_name": "orders-api",
    "framework": "fastapi",
    "work": "awaits",
    "server": "uvicorn-workers",
    "ci": "github",
    "deploy": ["compose", "kubernetes", "systemd"],
    "extras": ["scaling"],
}
ADDRESS = "https://example.org/lockstep.git"
ELSEWHERE = "elsewhere"
# An environment that serves: the interpreter's settings, which `python -m lockstep_serve serve` sets everywhere.
SERVING = {
    "PYTHONUTF8": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
    "TZ": "UTC",
}


@dataclass
class Scene:
    """`kept` has each tree as it was when it was good; `undo` is what a fault leaves to be done besides."""

    service: Service
    kept: Path
    commit: str
    image: str = ""
    engine: str = ""
    build: Mapping[str, str] = field(default_factory=dict)
    built_at: tuple[float, ...] = ()
    network: Network | None = None
    undo: ExitStack = field(default_factory=ExitStack)

    @property
    def root(self) -> Path:
        return self.service.path

    @property
    def here(self) -> Path:
        """This machine's production set."""
        return self.root / ".nox" / "production"

    @property
    def elsewhere(self) -> Path:
        """The same set as another machine has it: looked into by its fingerprint only."""
        return self.root / ".nox" / ELSEWHERE

    def site(self, environment: Path) -> Path:
        [found] = environment.glob("lib/python3.*/site-packages")
        return found

    def edit(self, name: str, old: str, new: str) -> None:
        self.service.edit(name, old, new)

    def sync(self, environment: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Make an environment from the lock, beside what the service does.

        The service's own wheel is built anew: the one that uv has cached may be of a source with another fault in it.
        """
        fresh = ("--refresh-package", str(ANSWERS["project_name"]))
        command = ("uv", "sync", "--locked", "--no-default-groups", "--no-editable", "--quiet", *fresh, *words)
        return self.service.run(*command, UV_PROJECT_ENVIRONMENT=str(environment), **settings)

    def fingerprint(self, settings: Mapping[str, str]) -> Path:
        """Look into the other environment as it would serve, and keep what is seen."""
        file = self.root / f"{ELSEWHERE}.json"
        done = subprocess.run(
            [self.elsewhere / "bin" / "python", "-B", "-"],
            input=probe_program(recall_verdicts()),
            cwd=self.kept,
            env={**os.environ, **self.service.settings, **SERVING, "LOCKSTEP_HOME": str(self.root), **settings},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        file.write_bytes(done.stdout)
        return file

    def times(self) -> tuple[float, ...]:
        """When the files were written of which uv remembers that."""
        files = (self.root / "pyproject.toml", *sorted(self.root.glob(".lockstep/*.whl")))
        return tuple(file.stat().st_ctime for file in files)

    def keep(self) -> None:
        """Build both sets from the good checkout and keep them.

        Again when pyproject.toml or a wheel was put back: uv remembers their times, and its check would blame a good set.
        """
        self.built_at = self.times()
        for tree in (self.here, self.elsewhere):
            shutil.rmtree(tree, ignore_errors=True)
            shutil.rmtree(self.kept / tree.name, ignore_errors=True)
            made = self.sync(tree, "--reinstall-package", str(ANSWERS["project_name"]))
            assert made.returncode == 0, made.stdout
            shutil.copytree(tree, self.kept / tree.name, symlinks=True)

    def restore(self) -> None:
        """Put everything back, and see that it is: otherwise the next fault would not be the only one."""
        self.undo.close()
        git(self.root, "reset", "--quiet", "--hard", self.commit)
        git(self.root, "clean", "--quiet", "--force", "-d")
        if self.times() != self.built_at:
            self.keep()
        for tree in (self.here, self.elsewhere):
            good = self.kept / tree.name
            if not tree.is_dir() or content(tree) != content(good):
                shutil.rmtree(tree, ignore_errors=True)
                shutil.copytree(good, tree, symlinks=True)
            assert content(tree) == content(good), f"{tree} is not what it was"
        assert git(self.root, "status", "--porcelain") == "", "the checkout is not what it was"


def content(tree: Path) -> str:
    """One hash over names, modes, links and bytes; byte code that Python writes by itself is left out unless it was there."""
    digest = hashlib.sha256()
    for path in entries_of(tree):
        digest.update(os.fsencode(path.relative_to(tree)) + b"%o\0" % path.lstat().st_mode)
        said = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b"no file"
        digest.update(said)
    return digest.hexdigest()


def entries_of(tree: Path) -> Iterator[Path]:
    """Everything below it, without following a link."""
    for folder, names, files in os.walk(tree):
        names.sort()
        yield from (Path(folder, name) for name in sorted({*files, *names}))


def make_scene(template: Template, folder: Path) -> Scene:
    """Render, commit and build; nothing of it is linked into anybody's cache, for a fault would be in there, too."""
    done = template.copy(folder / "orders-api", {**ANSWERS, "python": platform.python_version()})
    assert done.returncode == 0, done.stderr
    root, kept = folder / "orders-api", folder / "kept"
    answers = root / ".copier-answers.yml"  # as of a template that all can reach
    answers.write_text(re.sub(r"(?m)^_src_path: .*$", f"_src_path: {ADDRESS}", answers.read_text()))
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Born from Lockstep")
    settings = {"UV_LINK_MODE": "copy", "PYTHONDONTWRITEBYTECODE": "1", "LOCKSTEP_ENGINE": "no-such-engine"}
    scene = Scene(Service(root, settings), kept, git(root, "rev-parse", "HEAD").strip())
    scene.keep()
    return scene
