"""What an adoption does to each file, planned first and then done: added, kept beside, moved or merged; never overwritten."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adopting.existing import Existing
from adopting.merging import merge_projects
from lockstep_serve.definition import read_definition

__all__ = ["BEFORE", "Plan", "apply_plan", "make_plan"]

BEFORE = ".before-lockstep"
ADAPTERS = Path(__file__).parent
# What a new service is furnished with, and one that exists has of its own.
FURNITURE = ("tests/", "docs/", ".env.example", "src/")
ONE_OR_THE_OTHER = ("README.md", "ruff.toml")
OURS = ("server.toml", "worker.py", "metrics.py", "__init__.py")
# Lockstep's block stands first in them, the team's below.
SHARED = (".gitignore", ".gitattributes")
# They state what uv.lock and pyproject.toml state from now on.
STATED_AGAIN = ("requirements.txt", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "setup.py", "setup.cfg", "runtime.txt")


@dataclass(frozen=True)
class Plan:
    """`add` are files of Lockstep's, `beside` and `move` are pairs of old and new paths, `know` what had to be decided."""

    add: dict[str, bytes]
    beside: dict[str, str]
    move: dict[str, str]
    merge: dict[str, bytes]
    know: list[str]


def make_plan(found: Existing, rendered: Path) -> Plan:
    """From a freshly rendered service of the same name and framework."""
    package, there = found.name.replace("-", "_"), set(found.files)
    moves = {top: f"src/{top}" for top in found.packages if not top.startswith("src/")}
    inside = sorted({top.rpartition("/")[2] for top in found.packages} | {package})
    add = dict(choose_files(rendered, package, there))
    model = read_definition(rendered / "src" / package / "server.toml", {}).model
    adapter = ADAPTERS / f"adapter_{model.interface.lower()}.py"
    add[f"src/{package}/adopted.py"] = adapter.read_bytes()
    for name in inside:
        initial = f"src/{name}/__init__.py"
        if {initial, f"{name}/__init__.py"} & there:
            add.pop(initial, None)
        else:
            add.setdefault(initial, b"")
    old = (found.path / "pyproject.toml").read_text(encoding="utf-8") if "pyproject.toml" in there else ""
    text, know = merge_projects(add["pyproject.toml"].decode(), old, found, inside)
    add["pyproject.toml"] = text.encode()
    merge = {}
    for name in SHARED:
        if name in there:
            merge[name] = add.pop(name).rstrip(b"\n") + b"\n" + (found.path / name).read_bytes()
    beside = {name: name + BEFORE for name in sorted(there & {*add, *STATED_AGAIN})}
    return Plan(add, beside, moves, merge, know)


def choose_files(rendered: Path, package: str, there: set[str]) -> Iterator[tuple[str, bytes]]:
    """The rendered files that an existing service gets."""
    for path in sorted(rendered.rglob("*")):
        name = path.relative_to(rendered).as_posix()
        own = name.startswith(f"src/{package}/") and name.removeprefix(f"src/{package}/") in OURS
        wanted = own or not name.startswith(FURNITURE)
        if path.is_file() and wanted and not (name in ONE_OR_THE_OTHER and name in there):
            yield name, path.read_bytes()


def apply_plan(found: Existing, made: Plan) -> None:
    """Move first, then write where nothing stands any more."""
    moved = {name: f"src/{name}" for name in found.files if name.split("/")[0] in made.move and "/" in name}
    for old, new in {**moved, **made.beside}.items():  # one by one: what git ignores stays where it is
        (found.path / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(found.path / old, found.path / new)
    for name, content in made.add.items():
        path = found.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # never over a file that is there
            file.write(content)
    for name, content in made.merge.items():
        (found.path / name).write_bytes(content)
