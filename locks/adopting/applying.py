"""What an adoption does to each file, planned first and then done: added, kept beside, moved or merged; never overwritten."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adopting.existing import Existing
from adopting.merged import merged

__all__ = ["BEFORE", "Plan", "apply", "plan"]

BEFORE = ".before-lockstep"
ADAPTERS = Path(__file__).parent
# What a new service is furnished with, and one that exists has of its own.
FURNITURE = ("tests/", "docs/", ".env.example", "src/")
ONE_OR_THE_OTHER = ("README.md", "ruff.toml")
OURS = ("server.toml", "worker.py", "metrics.py", "py.typed", "__init__.py")
# They state what uv.lock and pyproject.toml state from now on.
STATED_AGAIN = ("requirements.txt", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "setup.py", "setup.cfg", "runtime.txt")


@dataclass(frozen=True)
class Plan:
    """`add` are files of Lockstep's, `beside` and `move` are pairs of old and new paths, `told` what had to be decided."""

    add: dict[str, bytes]
    beside: dict[str, str]
    move: dict[str, str]
    merge: dict[str, bytes]
    told: list[str]


def plan(found: Existing, rendered: Path) -> Plan:
    """From a freshly rendered service of the same name and framework."""
    package, there = found.name.replace("-", "_"), set(found.files)
    moves = {top: f"src/{top}" for top in found.packages if not top.startswith("src/")}
    inside = sorted({top.rpartition("/")[2] for top in found.packages} | {package})
    add = dict(chosen(rendered, package, there))
    asgi = (rendered / "src" / "lockstep" / "serve" / "lifespan.py").exists()
    adapter = ADAPTERS / ("adapter_asgi.py" if asgi else "adapter_wsgi.py")
    add[f"src/{package}/adopted.py"] = adapter.read_bytes()
    for name in inside:
        initial = f"src/{name}/__init__.py"
        if {initial, f"{name}/__init__.py"} & there:
            add.pop(initial, None)
        else:
            add.setdefault(initial, b"")
    old = (found.path / "pyproject.toml").read_text(encoding="utf-8") if "pyproject.toml" in there else ""
    text, told = merged(add["pyproject.toml"].decode(), old, found, [*inside, "lockstep"])
    add["pyproject.toml"] = text.encode()
    merge = {}
    if ".gitignore" in there:
        ours, theirs = add.pop(".gitignore"), (found.path / ".gitignore").read_bytes()
        merge[".gitignore"] = ours.rstrip(b"\n") + b"\n" + theirs
    beside = {name: name + BEFORE for name in sorted(there & {*add, *STATED_AGAIN})}
    return Plan(add, beside, moves, merge, told)


def chosen(rendered: Path, package: str, there: set[str]) -> Iterator[tuple[str, bytes]]:
    """The rendered files that an existing service gets."""
    for path in sorted(rendered.rglob("*")):
        name = path.relative_to(rendered).as_posix()
        own = name.startswith(f"src/{package}/") and name.removeprefix(f"src/{package}/") in OURS
        wanted = own or name.startswith("src/lockstep/") or not name.startswith(FURNITURE)
        if path.is_file() and wanted and not (name in ONE_OR_THE_OTHER and name in there):
            yield name, path.read_bytes()


def apply(found: Existing, made: Plan) -> None:
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
