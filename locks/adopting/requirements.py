"""What an existing service asks for, in uv's words, whichever tool's words it is written in."""

import ast
import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from adopting.checkout import Checkout
from adopting.migrating import migrate
from adopting.requirement_lists import Asked, find_lists, read_list

__all__ = ["Requirements", "read_requirements"]

# What states requirements and is read by nothing here.
OTHERS = ("environment.yml", "environment.yaml", "conda.yml", "pixi.toml", "buildout.cfg", "BUILD", "BUILD.bazel", "flake.nix")


@dataclass
class Requirements:
    """`all`, `extras` and `groups` are as PEP 508 and PEP 735 write them; `odd` could not be read.

    `read` are the files that it comes from, `unread` those that may ask for more. `frozen` is the text of a list that is
    a lock. `lists` are the requirement lists by name.
    """

    all: list[str] = field(default_factory=list)
    groups: dict[str, list[Any]] = field(default_factory=dict)
    extras: dict[str, list[str]] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    sources: dict[str, Any] = field(default_factory=dict)
    project: dict[str, Any] = field(default_factory=dict)
    python: str = ""
    read: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    lists: dict[str, str] = field(default_factory=dict)

    def list_names(self) -> list[str]:
        """Normalised names of what the service itself asks for."""
        return [canonicalize_name(Requirement(one).name) for one in self.all]

    def list_loose(self) -> list[str]:
        """Requirements without any version."""
        return [
            one
            for one in self.all
            if not Requirement(one).specifier and canonicalize_name(Requirement(one).name) not in self.sources
        ]


def read_requirements(here: Checkout, data: Mapping[str, Any]) -> Requirements:
    """Everything that states requirements. A list is none of it where pyproject.toml or a Pipfile does: it was exported."""
    found = Requirements()
    tool = data.get("tool", {})
    lists = find_lists(here)
    found.lists = {name: here.read(name) for name in (*lists.others, lists.production, lists.frozen) if name}
    manager = "poetry" if "poetry" in tool else "pipenv" if "Pipfile" in here.files else ""
    if manager == "poetry" or (manager and "dependencies" not in data.get("project", {})):
        migrated, said = migrate(here, manager)
        read_project(migrated, found, "pyproject.toml" if manager == "poetry" else "Pipfile")
        found.odd += said
    elif "dependencies" in data.get("project", {}):
        read_project(data, found, "pyproject.toml")
    else:
        read_project(data, found, "")
        read_setup(here, found)
        asked = Asked()
        for name in (lists.production, *dynamic_files(tool)):
            if name and name not in asked.read:
                read_list(here, name, asked)
        take(found, asked)
        found.lists |= {name: here.read(name) for name in asked.read}
    for name in lists.development:
        of_group = Asked(read=list(found.read))
        read_list(here, name, of_group)
        if of_group.requirements:
            found.groups.setdefault(re.sub(r"\W+", "-", name.rpartition("/")[2].rpartition(".")[0]), of_group.requirements)
        found.odd += of_group.odd
        found.sources |= of_group.sources
        found.lists[name] = here.read(name)
        found.read.append(name)
    found.all = merge_repeated(found.all)
    found.unread = [name for name in (*OTHERS, *lists.others) if name in here.files and name not in found.read]
    return found


def take(found: Requirements, asked: Asked) -> None:
    """What lists ask for, behind what was found before."""
    found.all += asked.requirements
    found.constraints += asked.constraints
    found.sources |= asked.sources
    found.odd += asked.odd
    found.read += asked.read


def merge_repeated(asked: list[str]) -> list[str]:
    """Each requirement once; one without a version says nothing where another of the same name has one."""
    kept = list(dict.fromkeys(asked))
    bound = {(canonicalize_name(r.name), str(r.marker)) for r in map(Requirement, kept) if r.specifier}
    return [
        one
        for one in kept
        if (r := Requirement(one)).specifier or r.extras or (canonicalize_name(r.name), str(r.marker)) not in bound
    ]


def read_project(data: Mapping[str, Any], found: Requirements, spot: str) -> None:
    """`[project]`, groups and sources, as the standards and uv write them."""
    project, uv = data.get("project", {}), data.get("tool", {}).get("uv", {})
    found.project = dict(project)
    found.python = str(project.get("requires-python", ""))
    found.all += valid(project.get("dependencies", ()), found, spot)
    found.extras |= {name: list(valid(said, found, spot)) for name, said in project.get("optional-dependencies", {}).items()}
    found.groups |= {name: list(said) for name, said in data.get("dependency-groups", {}).items()}
    if old := uv.get("dev-dependencies"):
        found.groups["dev"] = [*found.groups.get("dev", ()), *valid(old, found, spot)]
    pdm = data.get("tool", {}).get("pdm", {}).get("dev-dependencies", {})
    found.groups |= {name: list(valid(said, found, spot)) for name, said in pdm.items() if name not in found.groups}
    found.constraints += [str(one) for one in uv.get("constraint-dependencies", ())]
    found.sources |= {canonicalize_name(name): said for name, said in uv.get("sources", {}).items()}
    found.read += [spot] if spot else []


def valid(stated: Any, found: Requirements, spot: str) -> Iterator[str]:
    """What can be read; the rest is said."""
    for one in stated:
        try:
            Requirement(str(one))
            yield str(one).strip()
        except InvalidRequirement:
            found.odd.append(f"{spot} {one}")


def dynamic_files(tool: Mapping[str, Any]) -> list[str]:
    """The lists that setuptools reads dependencies from."""
    said = tool.get("setuptools", {}).get("dynamic", {}).get("dependencies", {}).get("file", [])
    return [said] if isinstance(said, str) else list(said)


def read_setup(here: Checkout, found: Requirements) -> None:
    """setup.cfg and setup.py, as far as they can be read without being run."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(here.read("setup.cfg"))
    except configparser.Error as error:
        found.odd.append(f"setup.cfg {str(error).splitlines()[0]}")
    if parser.has_section("options"):
        stated = [line for line in parser.get("options", "install_requires", fallback="").splitlines() if line.strip()]
        found.all += valid(stated, found, "setup.cfg")
        found.python = found.python or parser.get("options", "python_requires", fallback="")
        found.project.setdefault("name", parser.get("metadata", "name", fallback=""))
        found.read.append("setup.cfg")
    if "setup.py" in here.files:
        read_setup_py(here, found)
        found.read.append("setup.py")


def read_setup_py(here: Checkout, found: Requirements) -> None:
    """The words of the call of `setup`, where they are written out."""
    try:
        tree = ast.parse(here.read("setup.py"))
    except (SyntaxError, ValueError):
        found.odd.append("setup.py cannot be read")
        return
    names = {n.targets[0].id: n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] == "setup"]
    words = {
        k.arg: names.get(k.value.id, k.value) if isinstance(k.value, ast.Name) else k.value for c in calls for k in c.keywords
    }
    for word in ("install_requires", "python_requires", "name", "extras_require"):
        if word not in words:
            continue
        try:
            value = ast.literal_eval(words[word])
        except ValueError:
            if word == "install_requires":
                found.odd.append(f"setup.py computes install_requires: {ast.unparse(words[word])}")
            continue
        if word == "install_requires":
            found.all += valid([value] if isinstance(value, str) else value, found, "setup.py")
        elif word == "extras_require":
            found.extras |= {name: list(valid(said, found, "setup.py")) for name, said in value.items()}
        elif word == "python_requires":
            found.python = found.python or str(value)
        else:
            found.project.setdefault("name", str(value))
