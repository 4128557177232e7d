"""What an existing service asks for, in whichever tool's words: requirements.txt, pyproject.toml, Poetry."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["Asked", "asked"]


@dataclass
class Asked:
    """`requirements` and `groups` are as PEP 508 writes them; `odd` are lines that could not be read as one."""

    requirements: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    python: str = ""
    odd: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """Normalised names of what the service itself asks for."""
        return [canonicalize_name(Requirement(one).name) for one in self.requirements]

    def loose(self) -> list[str]:
        """Requirements without any version."""
        return [one for one in self.requirements if not Requirement(one).specifier and not Requirement(one).url]


def asked(path: Path, files: list[str], data: Mapping[str, Any]) -> Asked:
    """Everything, from every place that states it."""
    found = Asked()
    project, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
    found.python = str(project.get("requires-python") or poetry.get("dependencies", {}).get("python", ""))
    found.requirements += [str(one) for one in project.get("dependencies", ())]
    found.requirements += converted(poetry.get("dependencies", {}), found)
    for name, group in data.get("dependency-groups", {}).items():
        found.groups[name] = [one for one in group if isinstance(one, str)]
    for name, group in poetry.get("group", {}).items():
        found.groups[name] = converted(group.get("dependencies", {}), found)
    if "requirements.txt" in files:
        text = (path / "requirements.txt").read_text(encoding="utf-8", errors="replace")
        found.requirements += list(listed(text, found))
    found.requirements = list(dict.fromkeys(found.requirements))
    return found


def listed(text: str, found: Asked) -> Iterator[str]:
    """The requirements of a list for pip, without hashes."""
    for line in text.replace("\\\n", " ").splitlines():
        stated = re.sub(r"(?:^|\s)#.*|\s--hash=\S+", "", line).strip()
        if not stated:
            continue
        try:
            yield str(Requirement(stated))
        except InvalidRequirement:
            found.odd.append(stated)


def converted(stated: Mapping[str, Any], found: Asked) -> list[str]:
    """Poetry's table as requirements; a caret allows what does not change the first number that is not zero."""
    kept = []
    for name, said in stated.items():
        if name == "python":
            continue
        table = said if isinstance(said, dict) else {"version": said}
        if "version" not in table or table.get("optional"):
            found.odd.append(f"{name} = {said}")
            continue
        extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
        kept.append(f"{name}{extras}{','.join(map(bounds, str(table['version']).split(',')))}")
    return kept


def bounds(said: str) -> str:
    """One of Poetry's constraints in PEP 440's words."""
    said = said.strip()
    if said == "*":
        return ""
    if said[0] not in "^~" or said.startswith("~="):
        return said if said[0] in "<>=!~" else f"=={said}"
    version = said[1:]
    parts = [int(part) for part in re.findall(r"\d+", version)]
    first = next((number for number, part in enumerate(parts) if part), len(parts) - 1)
    at = first if said[0] == "^" else min(1, len(parts) - 1)
    return f">={version},<{'.'.join(map(str, [*parts[:at], parts[at] + 1]))}"
