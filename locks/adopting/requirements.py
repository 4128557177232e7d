"""What an existing service asks for, in whichever tool's words: requirements.txt, pyproject.toml, Poetry."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["Requirements", "read_requirements"]


@dataclass
class Requirements:
    """`all` and `groups` are as PEP 508 writes them; `odd` are lines that could not be read as one."""

    all: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    python: str = ""
    odd: list[str] = field(default_factory=list)

    def list_names(self) -> list[str]:
        """Normalised names of what the service itself asks for."""
        return [canonicalize_name(Requirement(one).name) for one in self.all]

    def list_loose(self) -> list[str]:
        """Requirements without any version."""
        return [one for one in self.all if not Requirement(one).specifier and not Requirement(one).url]


def read_requirements(path: Path, files: list[str], data: Mapping[str, Any]) -> Requirements:
    """Everything, from every place that states it."""
    found = Requirements()
    project, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
    found.python = str(project.get("requires-python") or poetry.get("dependencies", {}).get("python", ""))
    found.all += [str(one) for one in project.get("dependencies", ())]
    found.all += convert_poetry(poetry.get("dependencies", {}), found)
    for name, group in data.get("dependency-groups", {}).items():
        found.groups[name] = [one for one in group if isinstance(one, str)]
    for name, group in poetry.get("group", {}).items():
        found.groups[name] = convert_poetry(group.get("dependencies", {}), found)
    if "requirements.txt" in files:
        text = (path / "requirements.txt").read_text(encoding="utf-8", errors="replace")
        found.all += list(parse_list(text, found))
    found.all = list(dict.fromkeys(found.all))
    return found


def parse_list(text: str, found: Requirements) -> Iterator[str]:
    """The requirements of a list for pip, without hashes."""
    for line in text.replace("\\\n", " ").splitlines():
        stated = re.sub(r"(?:^|\s)#.*|\s--hash=\S+", "", line).strip()
        if not stated:
            continue
        try:
            yield str(Requirement(stated))
        except InvalidRequirement:
            found.odd.append(stated)


def convert_poetry(stated: Mapping[str, Any], found: Requirements) -> list[str]:
    """Poetry's table as requirements; a caret allows what does not change the first number that is not zero."""
    kept = []
    for name, entry in stated.items():
        if name == "python":
            continue
        table = entry if isinstance(entry, dict) else {"version": entry}
        if "version" not in table or table.get("optional"):
            found.odd.append(f"{name} = {entry}")
            continue
        extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
        kept.append(f"{name}{extras}{','.join(map(convert_bounds, str(table['version']).split(',')))}")
    return kept


def convert_bounds(constraint: str) -> str:
    """One of Poetry's constraints in PEP 440's words."""
    constraint = constraint.strip()
    if constraint == "*":
        return ""
    if constraint[0] not in "^~" or constraint.startswith("~="):
        return constraint if constraint[0] in "<>=!~" else f"=={constraint}"
    version = constraint[1:]
    parts = [int(part) for part in re.findall(r"\d+", version)]
    first = next((number for number, part in enumerate(parts) if part), len(parts) - 1)
    at = first if constraint[0] == "^" else min(1, len(parts) - 1)
    return f">={version},<{'.'.join(map(str, [*parts[:at], parts[at] + 1]))}"
