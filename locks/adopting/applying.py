"""What an adoption does to each file, planned first and then done: added, kept beside, moved or merged; never overwritten."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adopting.checkout import Checkout
from adopting.existing import Existing
from adopting.merging import merge_projects
from adopting.server_values import state_values
from lockstep_serve.definition import read_definition

__all__ = ["BEFORE", "Plan", "apply_plan", "list_taken", "make_plan"]

BEFORE = ".before-lockstep"
ADAPTERS = Path(__file__).parent
# What a new service is furnished with, and one that exists has of its own.
FURNITURE = ("tests/", "docs/", ".env.example", "src/")
OURS = ("server.toml", "worker.py", "metrics.py", "__init__.py")
# Lockstep's block stands first in them, the team's below.
SHARED = (".gitignore", ".gitattributes", ".editorconfig", "AGENTS.md")
# They state what uv.lock and pyproject.toml state from now on.
STATED_AGAIN = (
    "poetry.lock",
    "poetry.toml",
    "pdm.lock",
    "pylock.toml",
    "Pipfile",
    "Pipfile.lock",
    "setup.py",
    "setup.cfg",
    "runtime.txt",
)
RUFF = ("ruff.toml", ".ruff.toml")
# Behind `create_app`'s docstring, where code opens files from where it is started.
WORKING = "    os.chdir(Path(__file__).parents[1])  # the code opens its templates and files from here\n"


@dataclass
class Plan:
    """`add` are files of Lockstep's, `beside` and `move` are old and new names, `know` what had to be decided.

    `dropped` are what the server's command said and server.toml does not, `model` the server model.
    """

    add: dict[str, bytes]
    beside: dict[str, str]
    move: dict[str, str]
    merge: dict[str, bytes]
    know: list[str]
    model: str = ""
    values: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def renames(self) -> dict[str, str]:
        """Old and new name of everything that stays as it is."""
        return {**self.move, **self.beside}

    @property
    def names(self) -> list[str]:
        """Everything that is another file afterwards, and what it was called before."""
        return list(dict.fromkeys([*self.renames, *self.renames.values(), *self.add, *self.merge]))


def make_plan(found: Existing, rendered: Path) -> Plan:
    """From a freshly rendered service of the same name and framework."""
    package, there = found.package, set(found.here.files)
    after = {found.layout.move.get(name, name) for name in there}
    own_ruff = bool({*RUFF} & there) or "ruff" in found.project.get("tool", {})
    add = {name: text for name, text in choose_files(rendered, package, after) if not (own_ruff and name in RUFF)}
    worker = f"src/{package}/worker.py"
    model = read_definition(rendered / "src" / package / "server.toml", {}).model
    plan = Plan(add, {}, dict(found.layout.move), {}, [], model.name)
    text, plan.values, plan.dropped = state_values(add[f"src/{package}/server.toml"].decode(), model, found.running)
    add[f"src/{package}/server.toml"] = text.encode()
    adapter = (ADAPTERS / f"adapter_{model.interface.lower()}.py").read_text(encoding="utf-8")
    add[f"src/{package}/adopted.py"] = (go_to_code(adapter) if found.layout.working else adapter).encode()
    if f"src/{package}/__init__.py" not in after:
        add.setdefault(f"src/{package}/__init__.py", b"")
    modules = sorted({*found.layout.modules, package})
    project, know = merge_projects(add["pyproject.toml"].decode(), found, modules, bare=bool({*found.layout.bare} - {package}))
    if worker in after:
        add.pop(worker, None)
        project = re.sub(r'^worker = "[^"]*"\n', "", project, flags=re.MULTILINE)
        know.append(
            f"{worker} is yours: nothing surrounds a worker; a context manager in another module, named as `worker`, would"
        )
    add["pyproject.toml"] = project.encode()
    add["uv.toml"] = found.indexes.write_settings(add["uv.toml"].decode()).encode()
    if "README.md" not in there:
        add["README.md"] = write_readme(found).encode()
    else:
        add.pop("README.md", None)
    for name in SHARED:
        if name in there:
            plan.merge[name] = add.pop(name).rstrip(b"\n") + b"\n" + (found.here.path / name).read_bytes()
    retired = {*STATED_AGAIN, *found.requirements.lists, *(n for n in found.requirements.read if n != "pyproject.toml")}
    plan.beside = {name: name + BEFORE for name in sorted(there & {*add, *retired}) if name not in plan.move}
    plan.know = know
    return plan


def choose_files(rendered: Path, package: str, there: set[str]) -> Iterator[tuple[str, bytes]]:
    """The rendered files that an existing service gets."""
    for path in sorted(rendered.rglob("*")):
        name = path.relative_to(rendered).as_posix()
        own = name.startswith(f"src/{package}/") and name.removeprefix(f"src/{package}/") in OURS
        taken = own and name.endswith("/__init__.py") and name in there
        if path.is_file() and not taken and (own or not name.startswith(FURNITURE)):
            yield name, path.read_bytes()


def go_to_code(adapter: str) -> str:
    """The adapter with its process where the service's folders lie: installed or in the checkout, they lie beside the code."""
    text = adapter.replace("import logging\n", "import logging\nimport os\n", 1).replace(
        "from typing", "from pathlib import Path\nfrom typing", 1
    )
    return text.replace("    [point] =", f"{WORKING}    [point] =", 1)


def write_readme(found: Existing) -> str:
    """What is true of every adopted service."""
    return (
        f"# {found.name}\n\n{found.requirements.project.get('description') or 'A web service.'}\n\n"
        f"It serves `{found.app}`. You need git and [uv](https://docs.astral.sh/uv/getting-started/installation/).\n\n"
        "    uv run noxfile.py -s dev        # serve on http://localhost:8000, start again when a source file changes\n"
        "    uv run noxfile.py -s serve      # serve as production does\n"
        "    uv run noxfile.py               # check everything, as CI does\n\n"
        "What is in `.lockstep/` is the tool, what is in `src/` is ours.\n"
        f"Processes, threads and timeouts stand in `src/{found.package}/server.toml`.\n"
    )


def list_taken(here: Checkout, plan: Plan) -> dict[str, str]:
    """Where something is that git does not know and a file is to be, or a folder of one: each with what it is."""
    taken = dict[str, str]()
    for name in [*plan.renames.values(), *plan.add]:
        for above in [one.as_posix() for one in Path(name).parents][:-1]:
            path = here.path / above
            if above not in plan.renames and (path.is_symlink() or (path.exists() and not path.is_dir())):
                taken[above] = "tracked, and no folder" if above in here.files else "ignored by git, and no folder"
        if name not in plan.renames and os.path.lexists(here.path / name) and not taken.keys() & {*map(str, Path(name).parents)}:
            taken[name] = "tracked by git" if name in here.files else "ignored by git"
    return taken


def apply_plan(root: Path, made: Plan, written: list[str]) -> None:
    """Move first, then write where nothing stands any more. `written` has each new name as soon as its file is there."""
    for old, new in made.renames.items():  # one by one: what git ignores stays where it is
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(root / new):  # a rename would take its place
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(root / new))
        shutil.move(root / old, root / new)
        written.append(new)
    for name, content in made.add.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # never over a file that is there
            written.append(name)
            file.write(content)
    for name, content in made.merge.items():
        (root / name).write_bytes(content)
    remove_empty(root, {Path(old).parent for old in made.move})


def remove_empty(root: Path, folders: set[Path]) -> None:
    """Folders that held nothing but what moved."""
    for folder in sorted({one for each in folders for one in (each, *each.parents)}, key=lambda one: -len(one.parts)):
        path = root / folder
        if folder.parts and path.is_dir() and not any(path.iterdir()):
            path.rmdir()
