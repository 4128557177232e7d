"""Requirement lists for pip: which of them the service installs, and what each line asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from adopting.checkout import Checkout

__all__ = ["Asked", "Lists", "find_lists", "read_list"]

LIST = re.compile(r"(?:[^/]+/)?[\w.-]*requirements[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)")
FOR_DEVELOPERS = re.compile(r"dev|test|lint|docs?$|local|ci\b|typ|format|bench|example|build")
PRODUCTION = ("requirements", "production", "prod", "base", "common", "main", "runtime")
INSTALLS = re.compile(r"(?:-r|--requirement)[\s=]+[\"']?(\S+?\.(?:txt|in))\b")


@dataclass
class Asked:
    """`requirements` are as PEP 508 writes them; `sources` are uv's, by name; `odd` could not be read, each with its spot."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """`production` is what a deployed service installs, `frozen` the same list as its tool wrote it with every version."""

    production: str = ""
    frozen: str = ""
    development: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def find_lists(here: Checkout) -> Lists:
    """Which list is which: one that a Dockerfile installs comes first, then those that are called so."""
    found = [name for name in here.files if LIST.fullmatch(name)]
    installs = [name for name in here.files if PurePosixPath(name).name in {"Dockerfile", "Containerfile", "Procfile"}]
    asked = {word.removeprefix("./") for name in installs for word in INSTALLS.findall(here.read(name))}
    ours = [name for name in found if not FOR_DEVELOPERS.search(stem_of(name))]
    wanted = [name for name in ours if name in asked or PurePosixPath(name).name in asked] or ours
    order = sorted(wanted, key=lambda name: (rank_of(name), name.count("/"), name))
    chosen = order[0] if order else ""
    source = re.sub(r"\.txt$", ".in", chosen)
    written = source in found and source != chosen
    development = tuple(name for name in found if FOR_DEVELOPERS.search(stem_of(name)) and not twin_of(name, found))
    rest = tuple(name for name in ours if name not in {chosen, source})
    return Lists(source if written else chosen, chosen if written else "", development, rest)


def stem_of(name: str) -> str:
    """`requirements-dev.txt` and `requirements/dev.txt` → `dev`."""
    stem = PurePosixPath(name).stem.lower()
    return re.sub(r"[-_.]*requirements[-_.]*", "", stem) or "requirements"


def rank_of(name: str) -> int:
    return PRODUCTION.index(stem_of(name)) if stem_of(name) in PRODUCTION else len(PRODUCTION)


def twin_of(name: str, found: list[str]) -> bool:
    """Whether a list is what a tool wrote of another one."""
    return name.endswith(".txt") and f"{name.removesuffix('.txt')}.in" in found


def read_list(here: Checkout, name: str, asked: Asked, *, constraint: bool = False) -> None:
    """A list with the lists that it includes."""
    if name in asked.read or name not in here.files:
        if name not in here.files:
            asked.odd.append(f"{name} is included, and is not there")
        return
    asked.read.append(name)
    text = here.read(name).replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), 1):
        stated = re.sub(r"(?:^|\s)#.*|\s--(?:hash|config-settings?|global-option)[=\s]\S+", "", line).strip()
        if included := re.match(r"(-r|--requirement|-c|--constraint)[\s=]*(\S+)", stated):
            other = (PurePosixPath(name).parent / included[2]).as_posix()
            read_list(here, other, asked, constraint=constraint or included[1] in {"-c", "--constraint"})
        elif stated and not re.match(r"--?(?!e\b|-editable)", stated):
            (asked.constraints if constraint else asked.requirements).extend(read_line(stated, f"{name}:{number}", asked))


def read_line(stated: str, spot: str, asked: Asked) -> Iterator[str]:
    """One requirement, an address or a path; nothing for the service itself."""
    bare = re.sub(r"^(?:-e|--editable)[\s=]*", "", stated)
    bare = re.sub(r"^([\"'])(.*)\1$", r"\2", bare)
    if re.fullmatch(r"\.(?:/)?(?:\[[\w,-]+\])?", bare):
        return
    if address := re.match(r"git\+(\S+?)(?:@([^#\s]+))?(?:#(?:\S*&)?egg=([\w.-]+)\S*)?$", bare):
        name = address[3] or PurePosixPath(address[1]).name.removesuffix(".git")
        asked.sources[canonicalize_name(name)] = {"git": address[1], **({"rev": address[2]} if address[2] else {})}
        yield name
        return
    if bare.endswith(".whl") and "://" not in bare:
        try:
            name, version, *_ = parse_wheel_filename(PurePosixPath(bare).name)
        except InvalidWheelFilename:
            asked.odd.append(f"{spot} {stated}")
            return
        asked.sources[name] = {"path": (PurePosixPath(spot.rpartition(":")[0]).parent / bare).as_posix()}
        yield f"{name}=={version}"
        return
    try:
        asked_for = Requirement(bare)
    except InvalidRequirement:
        asked.odd.append(f"{spot} {stated}")
        return
    if asked_for.url and (git := re.fullmatch(r"git\+(\S+?)(?:@([^#/@]+))?(?:#\S*)?", asked_for.url)):
        asked.sources[canonicalize_name(asked_for.name)] = {"git": git[1], **({"rev": git[2]} if git[2] else {})}
    elif asked_for.url:
        asked.sources[canonicalize_name(asked_for.name)] = {"url": asked_for.url}
    if asked_for.url:
        asked_for.url = None
        bare = str(asked_for)
    yield bare
