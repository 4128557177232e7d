"""Which Python an existing service runs on, the bounds that it states, and the platforms that its lock is for."""

import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from adopting.checkout import Checkout

__all__ = ["MINORS", "Pythons", "read_pythons"]

MINORS = ("3.11", "3.12", "3.13", "3.14", "3.15")
LINUX = "sys_platform == 'linux' and platform_machine == 'x86_64' and implementation_name == 'cpython'"
STATED = (
    (r"(^|/)runtime\.txt$", r"^python-(\d+\.\d+(?:\.\d+)?)"),
    (r"(^|/)(Dockerfile[^/]*|Containerfile)$", r"^FROM\s+\S*python:(\d+\.\d+(?:\.\d+)?)"),
    (r"(^|/)Pipfile$", r"^python_(?:full_)?version\s*=\s*\"(\d+\.\d+(?:\.\d+)?)"),
    (r"(^|/)\.tool-versions$", r"^python\s+(\d+\.\d+(?:\.\d+)?)"),
    (r"(^|/)(render|app)\.ya?ml$", r"PYTHON_VERSION\s*\n?\s*value:\s*[\"']?(\d+\.\d+(?:\.\d+)?)"),
    (r"^\.github/workflows/", r"python-version:\s*[\"']?(\d+\.\d+(?:\.\d+)?)"),
    (r"(^|/)\.gitlab-ci\.yml$", r"^\s*image:\s*python:(\d+\.\d+(?:\.\d+)?)"),
)  # fmt: skip


@dataclass
class Pythons:
    """`exact` is the one that will run, `spot` why; `bounds` are for requires-python; `platforms` are markers of uv's."""

    exact: str = ""
    spot: str = ""
    bounds: str = ">=3.11,<3.16"
    platforms: list[str] = field(default_factory=list)
    know: list[str] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def minor(self) -> str:
        """Such as 3.13."""
        return ".".join(self.exact.split(".")[:2])

    def narrow(self) -> bool:
        """Have the lock hold for the one Python on the one platform that runs it; False where it does already."""
        bounds = bound_by([self.minor], "")
        if self.platforms == [LINUX] and self.bounds == bounds:
            return False
        self.platforms, self.bounds = [LINUX], bounds
        self.know.append(
            f"what is asked for is not there for all Pythons and platforms: it is locked for {self.minor} on Linux, x86_64"
        )
        return True


def read_pythons(here: Checkout, stated: str, tool: Mapping[str, Any], frozen: str, given: str = "") -> Pythons:
    """`stated` is the service's requires-python, `frozen` the name of its list that is a lock, `given` what a person chose."""
    found = Pythons()
    running = list(find_statements(here))
    allowed = [minor for minor in MINORS if is_allowed(f"{minor}.99", stated) or is_allowed(f"{minor}.0", stated)]
    if stated and not allowed:
        fix = "Let requires-python allow 3.11 or newer, and see that your tests pass there."
        found.obstacles.append((f"requires-python is {stated}, and Lockstep runs 3.11 to 3.15", fix))
    if given and stated and not is_allowed(given, stated):
        found.obstacles.append(
            (f"requires-python is {stated}, and {given} is to run it", "Choose another Python, or let requires-python allow it.")
        )
    choose(found, running, given, allowed or list(MINORS), stated)
    minor = found.minor
    found.bounds = bound_by(allowed or [minor], stated) if stated else bound_by([minor], "")
    environments = tool.get("uv", {}).get("environments", [])
    if environments:
        found.platforms = [environments] if isinstance(environments, str) else list(environments)
    elif frozen:
        found.platforms = [LINUX]
        found.know.append(f"{frozen} holds for one Python on one platform: it is locked for Linux on x86_64")
    if not stated:
        found.know.append(f"no requires-python is stated: it is locked for Python {minor}, which runs it")
    if (stated_minor := running[0][1] if running else "") and not given and not re.match(rf"{re.escape(minor)}\b", stated_minor):
        found.know.append(f"{running[0][0]} says Python {stated_minor}; {found.exact} will run it")
    return found


def find_statements(here: Checkout) -> Iterator[tuple[str, str]]:
    """Pairs of a file and the version that it states, what is deployed first."""
    for name in (file for file in here.files if PurePosixPath(file).name == ".python-version"):
        if found := re.search(r"^\s*(?:cpython-)?(\d+\.\d+(?:\.\d+)?)", here.read(name), re.MULTILINE):
            yield name, found[1]
    for files, pattern in STATED:
        for name in (file for file in here.files if re.search(files, file)):
            for found in re.finditer(pattern, here.read(name), re.MULTILINE):
                yield name, next(group for group in found.groups() if group)


def choose(found: Pythons, running: list[tuple[str, str]], given: str, allowed: list[str], stated: str) -> None:
    """What a person chose, else what is deployed, else the one that runs this where it is allowed, else the oldest allowed."""
    if given:
        found.exact, found.spot = given, "given"
        return
    for file, version in running:
        minor = ".".join(version.split(".")[:2])
        if minor in allowed:
            found.exact, found.spot = version if version.count(".") == 2 else find_patch(minor), f"{file} says {version}"
            return
    own = platform.python_version()
    fits = own.rpartition(".")[0] in allowed and is_allowed(own, stated)
    found.exact = own if fits else find_patch(allowed[0])
    found.spot = f"requires-python {stated}" if stated else "no file states one that Lockstep runs"


def is_allowed(version: str, stated: str) -> bool:
    """Whether bounds allow it; those that cannot be read allow everything."""
    try:
        return not stated or Version(version) in SpecifierSet(stated)
    except (InvalidSpecifier, InvalidVersion):
        return True


def bound_by(minors: list[str], stated: str) -> str:
    """The service's bounds within those of Lockstep."""
    first, last = minors[0], minors[-1]
    lower = f">={first}"
    try:
        for one in SpecifierSet(stated):
            if one.operator in {">=", "~="} and Version(one.version) > Version(first):
                lower = f">={one.version}"
    except (InvalidSpecifier, InvalidVersion):
        pass
    return f"{lower},<3.{int(last.partition('.')[2]) + 1}"


@cache
def find_patch(minor: str) -> str:
    """The one that this machine has of a minor version, else the newest that uv knows."""
    if platform.python_version().startswith(f"{minor}."):
        return platform.python_version()
    there = subprocess.run(["uv", "python", "find", "--no-project", minor], capture_output=True, text=True, check=False)
    if not there.returncode:
        asked = subprocess.run([there.stdout.strip(), "--version"], capture_output=True, text=True, check=False)
        return asked.stdout.split()[-1]
    known = subprocess.run(["uv", "python", "list", "--only-downloads", minor], capture_output=True, text=True, check=False)
    versions = re.findall(r"^cpython-(3\.\d+\.\d+)-", known.stdout, re.MULTILINE)
    return versions[0] if versions else f"{minor}.0"
