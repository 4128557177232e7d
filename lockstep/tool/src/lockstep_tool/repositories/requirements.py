"""Read a list of requirements as pip does: what each line asks for, and whether one version and its hash are stated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from lockstep_tool.repositories.repository import Repository

__all__ = ["Required", "read_requirements"]

HASH = re.compile(r"(?:--hash[= ]|#)sha(?:256|384|512)[:=][0-9a-f]{64,128}")


@dataclass(frozen=True)
class Required:
    """One line that asks for something; `loose` says that it names no one version."""

    spot: str
    text: str
    loose: bool
    hashed: bool


def read_requirements(repository: Repository, name: str) -> Iterator[Required]:
    """Options and other lists that a line names are left out; raises Refusal for a file that cannot be read."""
    for number, line in repository.lines(name):
        text = re.split(r"(?:^|\s)#", line)[0].strip()
        if not text or (text.startswith("-") and not re.match(r"-e\s|--editable[ =]", text)):
            continue
        hashed = HASH.search(text) is not None
        wanted = re.split(r"\s+--", text)[0].strip()
        yield Required(f"{name}:{number}", wanted, not pinned(wanted, hashed=hashed), hashed)


def pinned(wanted: str, *, hashed: bool) -> bool:
    """Whether it is one version; a file or an address is by its hash, and a repository by its commit."""
    if re.search(r"git\+\S+@[0-9a-f]{40}(?:\b|$)", wanted):
        return True
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return hashed
    if requirement.url:
        return hashed
    return any(one.operator == "===" or (one.operator == "==" and "*" not in one.version) for one in requirement.specifier)
