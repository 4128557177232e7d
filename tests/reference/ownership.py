"""Whose each file of a service is, from `copier.yml` and from services rendered with every set of answers in `tests/answers`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from owners import Owners, read_owners

from .born import rendered, template
from .markdown import opening, table

__all__ = ["owner", "page"]

MEANS = {
    "Lockstep's": "`copier update` changes it. Do not edit it; what is yours has a place beside it, which its first line names.",
    "shared": "`copier update` merges it. A blank line and a comment that says whose it is lie between the blocks.",
    "yours": "Furnished at birth, then never touched: edits stay, and what you delete stays deleted.",
}
# Files whose format has no comments, or that a tool writes.
WITHOUT_HEADER = (
    ".copier-answers.yml",
    ".python-version",
    "noxfile.py.lock",
    "bench.py.lock",
    "update.py.lock",
    "uv.lock",
    "py.typed",
)


def page(root: Path) -> str:
    """One table for each owner: every file, and the answers that bring it."""
    sets = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for path in sorted((root / "tests" / "answers").glob("*.yml"))
    }
    said = read_owners(root, "orders_api")
    found: dict[tuple[str, str], list[str]] = {}
    with template(root) as source, tempfile.TemporaryDirectory() as folder:
        for name, data in sets.items():
            service = rendered(source, Path(folder, name), {**data, "project_name": "orders-api"})
            for path, whose in owned(service, said):
                found.setdefault((whose, path), []).append(name)
    parts = [
        opening("Ownership", "`copier.yml` and a rendering of every file in `tests/answers`"),
        "A service's own package is `orders_api` here.\n",
        f"Answers that were rendered: {', '.join(f'`{name}`' for name in sets)}.\n",
    ]
    for whose, means in MEANS.items():
        rows = [
            (f"`{path}`", "all" if len(names) == len(sets) else ", ".join(names))
            for (w, path), names in sorted(found.items())
            if w == whose
        ]
        parts.append(f"## {whose[0].upper()}{whose[1:]}\n\n{means}\n\n{table(('file', 'in the services'), rows)}")
    return "\n".join(parts)


def owned(service: Path, said: Owners) -> Iterator[tuple[str, str]]:
    """Every file of a service with its owner."""
    for file in sorted(path for path in service.rglob("*") if path.is_file()):
        path = file.relative_to(service).as_posix()
        yield path, owner(file, path, said)


def owner(file: Path, path: str, said: Owners) -> str:
    """Lockstep's, shared or yours; raises ValueError when the file is Lockstep's and does not say so."""
    if (whose := said.of(path)) != "lockstep":
        return {"shared": "shared", "team": "yours"}[whose]
    head = file.read_text(encoding="utf-8").splitlines()[:3]
    if file.name not in WITHOUT_HEADER and not any("Lockstep's:" in line for line in head):
        raise ValueError(f"{path} has no owner: it is in no room of copier.yml and does not say that it is Lockstep's")
    return "Lockstep's"
