"""What a team may write into Lockstep's files, from the places that the checks of `pins` leave open."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .checks import SOURCES
from .markdown import opening, table

if TYPE_CHECKING:
    from lockstep_tool.files.comparing import Place

__all__ = ["page"]

# A check with places (of `pins`, unless its session is named), the files that it compares, and where else a team writes.
FILES = (
    (
        "ci_files",
        "`.github/workflows/`: `lockstep`, `audit`, `release`, `lockstep-update`; `.gitlab-ci.yml`, `.gitlab/`",
        "files beside them",
    ),
    ("compose_file", "`deploy/compose.yaml`", "`deploy/compose.override.yaml`, where the same places are open"),
    ("kubernetes_files", "`deploy/kubernetes/`", "an overlay (kustomize)"),
    ("systemd_units", "`deploy/systemd/*.service`, `*.socket`", "drop-ins (`*.d/*.conf`), where the same places are open"),
    ("build_file", "`Dockerfile`, `.dockerignore`", "`packages/`, a Dockerfile of your own on top of the image"),
    ("uv_toml", "`uv.toml`", "`[tool.lockstep] indexes` in `pyproject.toml`: indexes that you stand for"),
    ("menu", "`noxfile.py`", "`nox_local.py`"),
    ("lock.tool", "`.lockstep/pyproject.toml`, `.lockstep/ruff.toml`, which `lock` compares", "`ruff.toml`"),
)


def page(root: Path) -> str:
    """One table for each kind of file."""
    parts = [
        opening("What you may write into Lockstep's files", "the places in `lockstep/tool/src/lockstep_tool/checks/pins/`"),
        "`pins` parses each of these files and compares it with what the template gives for your answers and `server.toml`.",
        "Comments are yours, and so is how a value is written where it means the same.",
        "Of the rest, what stands in these tables may be otherwise; everything else is named, and so is what is missing.",
        "A service that left the template has no such files: they are all its own.",
    ]
    for name, files, beside in FILES:
        rows = list(dict.fromkeys((place.may, f"`{place.path.replace('/[]', '')}`") for place in read_places(root, name)))
        parts += [f"\n## {files}\n", f"Otherwise: {beside}.\n"]
        parts += [
            table(("what may be there", "where"), sorted_rows(rows)) if rows else "Nothing of the file itself may be otherwise.\n"
        ]
    return "\n".join(parts)


def sorted_rows(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A row for each thing that may be there, with every place of it."""
    for said in dict.fromkeys(may for may, _ in rows):
        yield said, ", ".join(where for may, where in rows if may == said).replace("`[]`", "an instruction")


def read_places(root: Path, name: str) -> Sequence["Place"]:
    """The open places of a check, from the tool's sources below `root` unless it is imported already."""
    from importlib import import_module

    sys.path[:0] = [str(root / source) for source in SOURCES]
    try:
        module = name if "." in name else f"pins.{name}"
        return tuple(getattr(import_module(f"lockstep_tool.checks.{module}"), "PLACES", ()))
    finally:
        del sys.path[: len(SOURCES)]
