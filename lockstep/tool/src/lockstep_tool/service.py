"""A service's repository, read once: what it declares, each part when it is first asked for."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.environment import environment_id, sha256, source
from lockstep_serve.errors import Refusal
from lockstep_tool.files.tree import ANSWERS, Tree
from lockstep_tool.files.yaml_file import read_yaml
from lockstep_tool.fingerprint import DECLARED_FILES
from lockstep_tool.history import History
from lockstep_tool.lockfile import Lock, read_lock
from lockstep_tool.markers import with_python
from lockstep_tool.toml_file import read_toml
from lockstep_tool.versions import exact_python, locked_nox, lower_bound

__all__ = ["TOOL_LOCK", "Service"]

TOOL_LOCK = ".lockstep/uv.lock"


class Service:
    """The checkout at `root`. Each part raises Refusal, when it is asked for, if the file that states it cannot be read.

    What is written to the checkout afterwards shows in a new Service only.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.history = History(root)
        self.locked = cache(self.read_lock)

    @cached_property
    def files(self) -> Tree:
        """The text files, but for those that `[tool.lockstep] not-judged` names."""
        return Tree(self.root, self.not_judged)

    @cached_property
    def not_judged(self) -> frozenset[str]:
        """Names of files that the team has not brought into step yet; raises Refusal for what is no list of them."""
        said = self.settings.get("not-judged", []) if (self.root / "pyproject.toml").is_file() else []
        if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
            raise Refusal(
                "The files that are not judged cannot be read.",
                [("pyproject.toml [tool.lockstep] not-judged", repr(said))],
                'Make it a list of files: `not-judged = [".github/workflows/ci.yml"]`.',
            )
        return frozenset(said)

    @cached_property
    def project(self) -> Mapping[str, Any]:
        """pyproject.toml."""
        return read_toml(self.root / "pyproject.toml")

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The table `[tool.lockstep]` of pyproject.toml."""
        table: Mapping[str, Any] = self.project.get("tool", {}).get("lockstep", {})
        return table

    @cached_property
    def uv(self) -> Mapping[str, Any]:
        """uv.toml."""
        return read_toml(self.root / "uv.toml")

    def read_lock(self, name: str) -> Lock:
        """A lock by its name below the root, `locked(name)` for all but the first time."""
        return read_lock(self.root / name, name)

    @property
    def lock(self) -> Lock:
        """uv.lock."""
        return self.locked("uv.lock")

    @property
    def locks(self) -> list[str]:
        """The names of uv.lock, of the lock of each script beside it, and of the tool's own where there is one."""
        return ["uv.lock", *self.files.named("*.py.lock"), *self.files.named(TOOL_LOCK)]

    @cached_property
    def package(self) -> Path:
        """The directory of the service's own package."""
        announced = self.project.get("project", {}).get("entry-points", {}).get("lockstep_serve", {}).get("app")
        if announced is None:
            raise Refusal(
                "The service announces no application.",
                [("pyproject.toml", "[project.entry-points.lockstep_serve] has no `app`")],
                'Write `app = "package.app:create_app"` there, then run `uv lock`.',
            )
        return self.root / "src" / re.split(r"[.:]", str(announced))[0]

    @cached_property
    def definition(self) -> Definition:
        """server.toml, as it is without any variable of an environment."""
        return read_definition(self.package / "server.toml", {})

    def stated_in(self, value: str) -> str:
        """`src/…/server.toml:12`, the line that states a value of the server definition."""
        directory = self.package.relative_to(self.root).as_posix()
        return f"{directory}/{self.definition.values[value].source}"

    @cached_property
    def stated_answers(self) -> Mapping[str, Any]:
        """What `.copier-answers.yml` has; nothing where it is gone."""
        return read_yaml(self.files.text(ANSWERS), ANSWERS) if self.files.has(ANSWERS) else {}

    @cached_property
    def answers(self) -> Mapping[str, Any]:
        """The stated answers, and what follows from server.toml; the project's own name where there is no answer."""
        model = self.definition.model
        stated = {
            "project_name": str(self.project.get("project", {}).get("name", self.package.name)),
            "ci": "none",
            "deploy": [],
            "extras": [],
            **self.stated_answers,
        }
        return {
            **stated,
            "package_name": self.package.name,
            "server": model.name,
            "gunicorn": model.name.startswith("gunicorn"),
            "proxy": "slow clients" not in model.abilities,
            "proxy_network": proxy_network(str(stated["project_name"])),
        }

    @cached_property
    def detached(self) -> bool:
        """Whether it left its template, which takes the session `update` out of the menu: every file is the team's."""
        return not self.files.has(ANSWERS) and "\ndef update(" not in self.files.text("noxfile.py")

    @cached_property
    def python(self) -> str:
        """The exact version of Python, such as 3.13.9."""
        return exact_python(self.files.text(".python-version"))

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of each tool by its source of truth: Python, uv and nox."""
        return {"Python": self.python, "uv": lower_bound(self.uv), "nox": locked_nox(self.locked("noxfile.py.lock"))}

    @cached_property
    def inputs(self) -> Mapping[str, str]:
        """The sha256 of each file that declares what environments hold, by name."""
        return {name: sha256(self.root / name) for name in DECLARED_FILES}

    @cached_property
    def source(self) -> Mapping[str, str]:
        """The service's own files: path below src/ → sha256."""
        return source(*self.modules)

    @property
    def modules(self) -> list[Path]:
        """The directories that the service's wheel is made of, the package first."""
        stated = self.project.get("tool", {}).get("uv", {}).get("build-backend", {}).get("module-name", [])
        names = {stated} if isinstance(stated, str) else set(stated)
        return [self.package, *(self.package.parent / name for name in sorted(names - {self.package.name}))]

    def packages(self, markers: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
        """Name → locked package of the production set, for a platform with these marker values."""
        return self.lock.production(with_python(markers, self.python))

    def environment(self, markers: Mapping[str, str]) -> str:
        """The environment id that an environment with these marker values must have."""
        versions = {name: str(package.get("version", "")) for name, package in self.packages(markers).items()}
        return environment_id(self.python, versions, self.source)


def proxy_network(name: str) -> str:
    """The first three numbers of the network between a service and its proxy, as `copier.yml` makes them of its name."""
    digest = hashlib.sha256(name.encode()).digest()
    return f"10.{digest[0]}.{digest[1]}"
