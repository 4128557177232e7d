"""What the repository promises of every place: exact Python, the lock's production set, the service's own files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.fingerprint import DECLARED_FILES, environment_id, sha256, source
from lockstep_tool.lockfile import Lock, read_lock
from lockstep_tool.markers import with_python
from lockstep_tool.toml_file import read_toml
from lockstep_tool.versions import exact_python, locked_nox, lower_bound

__all__ = ["Promise", "own_packages", "read_promise"]


@dataclass(frozen=True)
class Promise:
    """`inputs` and `own` map file names to their sha256, `tools` maps uv and nox to the version that is stated."""

    python: str
    lock: Lock
    inputs: Mapping[str, str]
    own: Mapping[str, str]
    tools: Mapping[str, str]

    def packages(self, markers: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
        """Name → locked package, for a platform with these marker values."""
        return self.lock.production(markers)

    def environment(self, markers: Mapping[str, str]) -> str:
        """The environment id that a place with these marker values must print."""
        versions = {name: str(package["version"]) for name, package in self.packages(with_python(markers, self.python)).items()}
        return environment_id(self.python, versions, self.own)


def read_promise(root: Path) -> Promise:
    """Read the checkout at `root`; raises Refusal for an unreadable lock or an inexact Python."""
    return Promise(
        python=exact_python(root),
        lock=read_lock(root / "uv.lock"),
        inputs={name: sha256(root / name) for name in DECLARED_FILES},
        own=source(own_packages(root)),
        tools={"uv": lower_bound(root), "nox": locked_nox(root)},
    )


def own_packages(root: Path) -> list[Path]:
    """The directories of the two packages that the service's wheel holds; raises Refusal where none is announced."""
    announced = read_toml(root / "pyproject.toml")["project"].get("entry-points", {}).get("lockstep", {}).get("app")
    if announced is None:
        raise Refusal(
            "The service announces no application.",
            [("pyproject.toml", "[project.entry-points.lockstep] has no `app`")],
            'Write `app = "package.app:create_app"` there, then run `uv lock`.',
        )
    return [root / "src" / "lockstep", root / "src" / re.split(r"[.:]", str(announced))[0]]
