"""Refuse a pyproject.toml whose tables are not of the shape that the standards and the tools ask for."""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["refuse_shapes"]

TABLE, LIST, TEXT = "a table", "a list", "a text"
KINDS = {TABLE: dict, LIST: list, TEXT: str}
SHAPES = {
    "project": TABLE,
    "project.name": TEXT,
    "project.requires-python": TEXT,
    "project.dependencies": LIST,
    "project.optional-dependencies": TABLE,
    "project.optional-dependencies.*": LIST,
    "project.scripts": TABLE,
    "project.dynamic": LIST,
    "dependency-groups": TABLE,
    "dependency-groups.*": LIST,
    "tool": TABLE,
    "tool.*": TABLE,
    "tool.uv.sources": TABLE,
    "tool.uv.index": LIST,
    "tool.uv.index.*": TABLE,
    "tool.uv.workspace": TABLE,
    "tool.uv.workspace.members": LIST,
    "tool.uv.workspace.exclude": LIST,
    "tool.uv.build-backend": TABLE,
    "tool.poetry.dependencies": TABLE,
    "tool.poetry.group": TABLE,
    "tool.poetry.group.*": TABLE,
    "tool.poetry.scripts": TABLE,
    "tool.poetry.packages": LIST,
    "tool.poetry.source": LIST,
    "tool.pdm.dev-dependencies": TABLE,
    "tool.pdm.dev-dependencies.*": LIST,
    "tool.hatch.build": TABLE,
    "tool.hatch.build.targets": TABLE,
    "tool.hatch.build.targets.*": TABLE,
    "tool.setuptools.dynamic": TABLE,
    "tool.setuptools.dynamic.*": TABLE,
}


def refuse_shapes(project: Mapping[str, Any], file: str) -> None:
    """Raise Refusal with everything that is of another shape."""
    rows = [
        (file, f"{name} is not {shape}")
        for pattern, shape in SHAPES.items()
        for name, value in find(project, pattern.split("."), "")
        if not isinstance(value, KINDS[shape])
    ]
    if rows:
        raise Refusal(f"{file} is not of the shape that it has to be.", rows, "Mend it.", code=COULD_NOT_LOOK)


def find(value: object, parts: list[str], above: str) -> Iterator[tuple[str, object]]:
    """What stands at the end of a path, each with its name; `*` is any key or item."""
    if not parts:
        yield above, value
        return
    entries: Mapping[str, object] = value if isinstance(value, dict) else {}
    if parts[0] == "*" and isinstance(value, list):
        entries = {str(number): one for number, one in enumerate(value)}
    for name in [parts[0]] if parts[0] != "*" else list(entries):
        if name in entries:
            yield from find(entries[name], parts[1:], f"{above}.{name}".lstrip("."))
