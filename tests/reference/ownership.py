"""Whose each file of a service is, from `copier.yml` and from services rendered with every set of answers in `tests/answers`."""

import re
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from owners import read_owners
from snapshot import git

from .markdown import opening, table
from .rendering import render_service, template

__all__ = ["page"]

MEANS = {
    "Lockstep's": "An update changes it. Do not edit it; what is yours has a place beside it, which its first line names.",
    "shared": "An update merges it. A blank line and a comment that says whose it is lie between the blocks.",
    "yours": "Written when the service is made, then never touched: edits stay, and what you delete stays deleted.",
}
TITLES = {"lockstep": "Lockstep's", "shared": "shared", "team": "yours"}


def page(root: Path, services: Mapping[str, Path] | None = None) -> str:
    """One table for each owner: every file, and the answers that bring it.

    `services`: those that were rendered already, by the name of their answers.
    """
    if services is None:
        with template(root) as source, tempfile.TemporaryDirectory() as folder:
            return page(root, render(root, source, Path(folder)))
    services = dict(sorted(services.items()))
    owners = read_owners(root, "orders_api")
    found: dict[tuple[str, str], list[str]] = {}
    for name, service in services.items():
        for path in list_files(service):
            found.setdefault((TITLES[owners.of(path)], path), []).append(name)
    words = name_sets({name: read_answers(service) for name, service in services.items()})
    parts = [
        opening("Ownership", "`copier.yml` and a rendering of every file in `tests/answers`"),
        "A service's own package is `orders_api` here.\n",
        f"Answers that were rendered: {', '.join(f'`{name}`' for name in services)}.\n",
    ]
    for whose, means in MEANS.items():
        rows = [
            (f"`{path}`", words.get(frozenset(names)) or ", ".join(names))
            for (owner, path), names in sorted(found.items())
            if owner == whose
        ]
        parts.append(f"## {whose[0].upper()}{whose[1:]}\n\n{means}\n\n{table(('file', 'in the services'), rows)}")
    return "\n".join(parts)


def name_sets(answers: Mapping[str, Mapping[str, Any]]) -> Mapping[frozenset[str], str]:
    """Sets of services → the one answer that they have, or that they all do not have."""
    words = {frozenset(answers): "any answers"}
    for question in ("framework", "ci", "deploy", "extras"):
        given = {name: as_list(said.get(question, [])) for name, said in answers.items()}
        for answer in sorted({answer for said in given.values() for answer in said}):
            having = frozenset(name for name, said in given.items() if answer in said)
            words[frozenset(answers) - having] = f"{question} other than `{answer}`"
            words[having] = f"{question} `{answer}`"
    return words


def as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def read_answers(service: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((service / ".copier-answers.yml").read_text(encoding="utf-8"))
    return found


def render(root: Path, source: Path, folder: Path) -> Mapping[str, Path]:
    """A service of each set of answers, by its name."""
    sets = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (root / "tests" / "answers").glob("*.yml")}
    names = sorted(sets)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: render_service(source, folder / name, sets[name]), names), strict=True))


def list_files(service: Path) -> list[str]:
    """Every file as if the service were orders-api; where it is under git, those that git tracks.

    A wheel has no version, because the page is to outlive it.
    """
    name = read_answers(service)["project_name"]
    if (service / ".git").exists():
        names = sorted(git(service, "ls-files").splitlines())
    else:
        names = sorted(path.relative_to(service).as_posix() for path in service.rglob("*") if path.is_file())
    package = name.replace("-", "_")
    names = [path.replace(f"src/{package}/", "src/orders_api/").replace(f"{name}.", "orders-api.") for path in names]
    return [re.sub(r"-[^/]+\.whl$", "-….whl", path) for path in names]
