"""What stands in an existing service: its application, server, Python, packages, indexes, and everything that is in the way."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adopting.application import find_application
from adopting.checkout import Checkout, read_checkout
from adopting.indexes import Indexes, read_indexes
from adopting.layout import Layout, find_layout
from adopting.locked_versions import is_frozen, read_versions
from adopting.modules import Modules
from adopting.neighbours import list_members
from adopting.pythons import Pythons, read_pythons
from adopting.requirements import Requirements, read_requirements
from adopting.running_server import Running, read_running
from adopting.shapes import refuse_shapes
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["Choices", "Existing", "read_existing"]

FRAMEWORKS = ("fastapi", "flask", "django")
OURS = ("adopted.py", "server.toml")


@dataclass(frozen=True)
class Choices:
    """What a person gave: empty where nothing was."""

    name: str = ""
    app: str = ""
    index: str = ""
    python: str = ""
    build: bool = True


@dataclass
class Existing:
    """`app` is `module:name`; `versions` are name → version → file; `wheels` were built, by path; `unbuilt` are names whose
    version cannot be built here, so that another one is looked for; `obstacles` are pairs: what stands in the way, what to do."""

    here: Checkout
    project: dict[str, Any]
    requirements: Requirements
    indexes: Indexes
    running: Running
    pythons: Pythons
    layout: Layout
    versions: dict[str, dict[str, str]]
    name: str = ""
    framework: str = ""
    app: str = ""
    choices: Choices = field(default_factory=Choices)
    wheels: dict[str, bytes] = field(default_factory=dict)
    unbuilt: set[str] = field(default_factory=set)
    know: list[str] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def package(self) -> str:
        """The package that Lockstep's part of the service is in."""
        return self.name.replace("-", "_")


def read_existing(path: Path, choices: Choices) -> Existing:
    """Read the service; raises Refusal where there is none to read."""
    if not path.is_dir():
        raise Refusal(
            f"{path} is no folder.",
            [(str(path), "a file" if path.exists() else "not there")],
            "Name a service's.",
            code=COULD_NOT_LOOK,
        )
    here = read_checkout(path)
    if ".lockstep/pyproject.toml" in here.files:
        fix = "There, `uv run noxfile.py -s update` moves it to the newest template."
        raise Refusal("The service is under Lockstep already.", [(".lockstep/pyproject.toml", "the tool")], fix)
    try:
        project = tomllib.loads(here.read("pyproject.toml"))
        settings = tomllib.loads(here.read("uv.toml"))
        tomllib.loads(here.read("Pipfile"))
    except tomllib.TOMLDecodeError as error:
        raise Refusal(
            "A file of settings cannot be read.", [("pyproject.toml, uv.toml or Pipfile", str(error))], "Mend it."
        ) from error
    refuse_shapes(project, "pyproject.toml")
    refuse_shapes({"tool": {"uv": settings}}, "uv.toml")
    requirements = read_requirements(here, project)
    frozen = next((name for name, text in requirements.lists.items() if is_frozen(text)), "")
    frozen = frozen if not {"uv.lock", "poetry.lock", "pdm.lock"} & {*here.files} else ""
    running = read_running(here)
    applications, root = find_application(here, running, choices.app)
    modules = Modules(here, root)
    found = Existing(
        here,
        project,
        requirements,
        read_indexes(here, project, requirements.lists, choices.index),
        running,
        read_pythons(
            here,
            requirements.python,
            project.get("tool", {}),
            frozen or "Pipfile.lock" * ("Pipfile.lock" in here.files),
            choices.python,
        ),
        Layout(root),
        read_versions(here, requirements.lists),
        choices=choices,
    )
    found.name = choices.name or re.sub(r"[^a-z0-9]+", "-", name_service(found).lower()).strip("-")
    if not found.name:
        found.name = "service"
        found.obstacles.append((f"no name can be made of {name_service(found)!r}", "Give one: `--name NAME`."))
    asked = [one for one in FRAMEWORKS if one in requirements.list_names()]
    if len(applications) == 1:
        [chosen] = applications
        found.app = f"{modules.dotted(chosen.file)}:{chosen.name}"
        found.framework = chosen.framework or next(iter(asked), "")
        found.layout = find_layout(here, modules, found.app, {**project, "project": requirements.project})
    else:
        found.framework = next((one.framework for one in applications), next(iter(asked), ""))
        names = ", ".join(f"{modules.dotted(one.file)}:{one.name}" for one in applications)
        what = f"there are {len(applications)} applications: {names}" if applications else missing_application(found)
        found.obstacles.append((what, "Name it: `--app MODULE:NAME`."))
    find_obstacles(found)
    return found


def name_service(found: Existing) -> str:
    """As it is stated, else as its folder is called."""
    poetry = found.project.get("tool", {}).get("poetry", {})
    return str(found.requirements.project.get("name") or poetry.get("name") or found.here.path.resolve().name)


def missing_application(found: Existing) -> str:
    """What was looked for, and where."""
    given = found.choices.app
    if given:
        return f"{given} is not there: no module of that name below the top or src/"
    modules = sum(name.endswith(".py") for name in found.here.files)
    return f"no module makes an application of FastAPI, Flask or Django; {modules} were read"


def find_obstacles(found: Existing) -> None:
    """What has to be out of the way before a file is written, each with what to do."""
    here, asked = found.here, found.requirements
    found.obstacles += [*found.pythons.obstacles, *found.layout.obstacles]
    found.know += [*found.pythons.know, *found.layout.know]
    if not found.framework:
        read = f"read: {', '.join(asked.read) or 'no list of requirements'} with {len(asked.all)} requirements"
        unread = f"; not read: {', '.join(asked.unread)}" if asked.unread else ""
        found.obstacles.append(
            (f"none of FastAPI, Flask and Django was found ({read}{unread})", "State the framework as a requirement.")
        )
    if taken := [name for name in here.files if re.match(r"(src/)?lockstep_(serve|tool)/|\.lockstep/", name)]:
        found.obstacles.append((f"a name of Lockstep's is taken: {taken[0]}", "Rename that directory."))
    there = {*here.files, *found.layout.move.values()}
    for name in OURS:
        if f"src/{found.package}/{name}" in there:
            found.obstacles.append(
                (f"a file is where Lockstep's has to be: src/{found.package}/{name}", "Rename it, or give `--name`.")
            )
    refuse_sources(found)
    refuse_folder(found)


def refuse_sources(found: Existing) -> None:
    """What the lock could name and nobody could compare."""
    members = list_members(found.here.path)
    for name, source in found.requirements.sources.items():
        for one in source if isinstance(source, list) else [source]:
            path = found.here.path / str(one.get("path", ""))
            if one.get("workspace") and name not in members:
                fix = "Name a wheel of it, or take a release from an index."
                found.obstacles.append((f"{name} is a member of a workspace, and none around this folder has it", fix))
            elif not found.choices.build and ("workspace" in one or (path.is_dir() and "path" in one)):
                found.obstacles.append((f"{name} is a directory, and nothing is to be built", "Leave out `--no-build`."))
            if "path" in one and not str(one["path"]).endswith(".whl") and not path.is_dir():
                fix = "Take a release from an index, or name a wheel."
                found.obstacles.append((f"{name} is {one['path']}, which is neither a wheel nor a directory", fix))


def refuse_folder(found: Existing) -> None:
    """A workspace around the service would lock it; members below it would be locked with it."""
    here = found.here
    if members := found.project.get("tool", {}).get("uv", {}).get("workspace", {}).get("members"):
        folder = found.layout.root.strip("/")
        fix = f"Adopt the member: `adopt -- {here.path / folder}`." if folder else "Adopt a member: `adopt -- PATH/MEMBER`."
        found.obstacles.append((f"it is the top of a workspace of {', '.join(map(str, members))}", fix))
    elif folder := found.layout.root.strip("/"):
        inside = [name for name in ("pyproject.toml", "requirements.txt", "Pipfile") if f"{folder}/{name}" in here.files]
        if inside and not found.requirements.all:
            found.obstacles.append(
                (f"the service is in {folder}/, with a {inside[0]} of its own", f"Adopt that: `adopt -- {here.path / folder}`.")
            )
    for number in range(here.below.count("/") + 1) if here.below else ():
        above = here.path.resolve().parents[number]
        try:
            stated = tomllib.loads((above / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError):
            continue
        if workspace := stated.get("tool", {}).get("uv", {}).get("workspace"):
            name = here.path.resolve().relative_to(above).as_posix()
            if not any(re.fullmatch(pattern.replace("*", "[^/]*"), name) for pattern in workspace.get("exclude", ())):
                fix = f'Take it out: `exclude = ["{name}"]` in [tool.uv.workspace] there, then commit.'
                found.obstacles.append(
                    (f"{above}/pyproject.toml makes it a member of a workspace, which has one lock for all", fix)
                )
