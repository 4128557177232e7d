"""Whose each file of a service is, as `copier.yml` says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Owners", "owners", "read_owners"]


@dataclass(frozen=True)
class Owners:
    """Paths in a service: the team's directories, and the files that are shared, also in one of those."""

    team: Sequence[str]
    shared: Sequence[str]

    def of(self, path: str) -> str:
        """`team`, `shared` or `lockstep`; a path as git writes it."""
        if path in self.shared:
            return "shared"
        return "team" if any(f"{path}/".startswith(f"{name}/") for name in self.team) else "lockstep"


def owners(rules: Mapping[str, Any], package: str) -> Owners:
    """From copier.yml's one list of what an update leaves out; what stands behind `!` is shared."""
    [listed] = rules["_exclude"]
    lines = [line.strip().replace("{{ package_name }}", package) for line in listed.splitlines()]
    return Owners(
        team=[line.removeprefix("/") for line in lines if line.startswith("/")],
        shared=[line.removeprefix("!/") for line in lines if line.startswith("!/")],
    )


def read_owners(template: Path, package: str) -> Owners:
    """The same from the template's folder."""
    return owners(yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8")), package)
