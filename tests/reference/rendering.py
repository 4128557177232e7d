"""Services rendered from the working tree, to say of the template what only its renderings show."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import copier

__all__ = ["compute_answers", "render_service", "template"]

PARTS = ("copier.yml", "questions", "locks", "template")


@contextmanager
def template(root: Path) -> Iterator[Path]:
    """The template's own parts in a folder without git, because Copier commits a changed working tree before each copy."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            if (root / part).is_dir():
                shutil.copytree(
                    root / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__", ".*_cache", ".venv")
                )
            else:
                shutil.copy(root / part, folder)
        yield Path(folder)


def render_service(source: Path, folder: Path, data: Mapping[str, Any]) -> Path:
    """A service with these answers, and the default for all others."""
    copier.run_copy(str(source), folder, data=dict(data), defaults=True, quiet=True)
    return folder


def compute_answers(source: Path, folder: Path, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What follows from these answers; nothing is written."""
    worker = copier.run_copy(str(source), folder, data=dict(data), defaults=True, quiet=True, pretend=True)
    return worker.answers.combined
