"""The check `image programs`: whether the image has any program but Python."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import OURS, File, paths_by_owner

__all__ = ["CHECK"]

PROGRAMS = {
    "a shell": {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "zsh"},
    "an installer": {"conda", "easy_install", "ensurepip", "pip", "pip3", "pipx", "pdm", "poetry", "uv", "uvx"},
    "a compiler": {"as", "c++", "cc", "clang", "cpp", "g++", "gcc", "ld", "make", "rustc", "tcc"},
    "a package manager": {"apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "npm", "rpm", "yum"},
}
CAPABILITY = "SCHILY.xattr.security.capability"  # as tar has what `setcap` gives
INSTALLERS = re.compile(r"/site-packages/(ensurepip|pip|uv)(-[^/]*)?/|/ensurepip/__init__\.py$")


def find(image: BuiltImage) -> Iterator[Finding]:
    """Programs by what they are, and those that run as somebody else than who starts them."""
    found: dict[tuple[str, str], list[str]] = {}
    for file in image.contents.files.values():
        kinds = [kind for kind, names in PROGRAMS.items() if file.name in names and runs(file)]
        kinds += ["an installer"] if file.member.isreg() and INSTALLERS.search(file.path) else []
        for kind in kinds:
            found.setdefault((kind, file.owner), []).append(file.path)
    for (kind, owner), paths in sorted(found.items()):
        yield CHECK.finding(f"{owner} brings {kind} ({name_few(sorted(paths), 2)})", severity=severity_of(owner))
    files = [file for file in image.contents.files.values() if file.member.isreg()]
    for kind, elevated in (
        ("set-user-ID", [file for file in files if file.member.mode & 0o6000]),
        ("capabilities of", [file for file in files if CAPABILITY in file.member.pax_headers]),
    ):
        for owner, paths in paths_by_owner(elevated):
            yield CHECK.finding(f"{owner} brings {kind} {name_few(paths)}", severity=severity_of(owner))


def severity_of(owner: str) -> Severity:
    """A base that brings a shell is the team's choice, and so is its list of packages."""
    return Severity.ERROR if owner == OURS else Severity.ALLOWED


def runs(file: File) -> bool:
    """Whether a process could be started from it: executable, or a link in a directory of programs."""
    beside = re.search(r"(^|/)s?bin/[^/]+$", file.path)
    return bool(file.member.isreg() and file.member.mode & 0o111) or bool(beside and file.member.issym())


CHECK = Check(
    name="image programs",
    session="image",
    asks="Shells, installers, compilers, package managers, and programs with set-user-ID or capabilities.",
    why="What is not there cannot be used by whoever breaks in.",
    allowed="What the base brings, and what packages/runtime.txt names.",
    fix="take it out of the stage that ships; what only building needs goes to packages/build.txt",
    find=find,
)
