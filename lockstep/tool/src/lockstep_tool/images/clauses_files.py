"""Hold the image's files to the contract: no program but Python, nothing writable, no secret, no package too many."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from lockstep_tool.environments.finding import Finding, shown
from lockstep_tool.images.budget import Budget
from lockstep_tool.images.contents import BASE, OURS, Contents, File

__all__ = ["held"]

PROGRAMS = {
    "a shell": {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "zsh"},
    "an installer": {"conda", "easy_install", "ensurepip", "pip", "pip3", "pipx", "pdm", "poetry", "uv", "uvx"},
    "a compiler": {"as", "c++", "cc", "clang", "cpp", "g++", "gcc", "ld", "make", "rustc", "tcc"},
    "a package manager": {"apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "npm", "rpm", "yum"},
}
INSTALLERS = re.compile(r"/site-packages/(ensurepip|pip|uv)(-[^/]*)?/|/ensurepip/__init__\.py$")
SECRET_NAMES = re.compile(
    r"\.env|\.env\..*|\.git-credentials|\.netrc|_netrc|\.npmrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|credentials(\.json)?|.*\.(p12|pfx)"
)
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]")
TESTS = re.compile(r"(^|/)tests?/(.*/)?(test_[^/]*|conftest)\.py$")
GROUP = 0o020
OTHERS = 0o002


def held(
    contents: Contents, config: dict[str, Any], production: Collection[str], secrets: Collection[str], budget: Budget
) -> Iterator[Finding]:
    """What breaks the contract, and what is allowed because the base or the team's list brings it.

    `production` are the distributions that belong in it, `secrets` values that must be nowhere.
    """
    yield from programs(contents)
    yield from elevated(contents)
    yield from writable(contents, str(config["config"].get("User") or "0"), budget)
    yield from secret_files(contents)
    yield from secret_values(contents, json.dumps(config), secrets)
    yield from packages(contents, production)
    yield from sources(contents)


def programs(contents: Contents) -> Iterator[Finding]:
    """Named by what they are; a base that brings a shell is the team's choice, and so is its list of packages."""
    found: dict[tuple[str, str], list[str]] = {}
    for file in contents.files.values():
        kinds = [kind for kind, names in PROGRAMS.items() if file.name in names and runs(file)]
        kinds += ["an installer"] if file.member.isreg() and INSTALLERS.search(file.path) else []
        for kind in kinds:
            found.setdefault((kind, file.owner), []).append(file.path)
    for (kind, owner), paths in sorted(found.items()):
        yield Finding("image programs", f"{owner} brings {kind} ({shown(sorted(paths), 2)})", allowed=owner != OURS)


def runs(file: File) -> bool:
    """Whether a process could be started from it: executable, or a link in a directory of programs."""
    beside = re.search(r"(^|/)s?bin/[^/]+$", file.path)
    return bool(file.member.isreg() and file.member.mode & 0o111) or bool(beside and file.member.issym())


def elevated(contents: Contents) -> Iterator[Finding]:
    """Programs that run as somebody else than who starts them."""
    for owner, paths in by_owner(f for f in contents.files.values() if f.member.isreg() and f.member.mode & 0o6000):
        yield Finding("image programs", f"{owner} brings set-user-ID {shown(paths)}", allowed=owner != OURS)


def writable(contents: Contents, user: str, budget: Budget) -> Iterator[Finding]:
    """What the image's own user, or any, could write without `--read-only`."""
    uid, _, gid = user.partition(":")
    for owner, paths in by_owner(f for f in contents.files.values() if may_write(f, uid, gid or "0")):
        wrong = [path for path in paths if f"/{path}" not in budget.writable]
        if wrong:
            yield Finding("image writable", f"{owner} lets its user write {shown([f'/{path}' for path in wrong])}")


def may_write(file: File, uid: str, gid: str) -> bool:
    member = file.member
    if member.issym() or member.ischr() or member.isblk():
        return False
    as_user = str(member.uid) == uid != "0"
    return as_user or bool(member.mode & OTHERS) or (str(member.gid) == gid != "0" and bool(member.mode & GROUP))


def secret_files(contents: Contents) -> Iterator[Finding]:
    """By their names, and private keys by their text; what a wheel from the index carries is no secret."""
    public = set(contents.owned())
    for file in contents.files.values():
        if file.owner == BASE or file.path in public or not file.member.isreg():
            continue
        if SECRET_NAMES.fullmatch(file.name) or PRIVATE_KEY.search(file.start):
            yield Finding("image secrets", f"/{file.path} looks like a secret")
        if file.path.startswith(("run/secrets/", "etc/uv/")) and file.member.size:
            yield Finding("image secrets", f"/{file.path} is a build's secret")


def secret_values(contents: Contents, config: str, secrets: Collection[str]) -> Iterator[Finding]:
    """The values that this machine's environment holds for the service or its build, in files or in the history."""
    for value in secrets:
        places = [f"/{file.path}" for file in contents.files.values() if value.encode() in file.start]
        places += ["its configuration or history"] if value in config else []
        if places:
            yield Finding("image secrets", f"the value of a secret is in {shown(places)}")


def packages(contents: Contents, production: Collection[str]) -> Iterator[Finding]:
    """A distribution that the production set does not have, by its metadata in our layers."""
    installed = {
        re.sub(r"[-_.]+", "-", match[1]).lower()
        for file in contents.files.values()
        if file.owner == OURS and (match := re.search(r"/([^/]+)-[^-/]+\.dist-info/METADATA$", f"/{file.path}"))
    }
    if extra := sorted(installed - set(production)):
        verb = "is" if len(extra) == 1 else "are"
        yield Finding("image packages", f"{shown(extra)} {verb} not in the production set")


def sources(contents: Contents) -> Iterator[Finding]:
    """Tests of the service, and its history."""
    public = set(contents.owned())
    ours = [file.path for file in contents.files.values() if file.owner != BASE and file.path not in public]
    if tests := sorted(path for path in ours if TESTS.search(path)):
        yield Finding("image sources", f"tests are in it: {shown([f'/{path}' for path in tests])}")
    if history := sorted(path for path in ours if ".git" in path.split("/")):
        yield Finding("image sources", f"/{history[0]} is in it")


def by_owner(files: Iterator[File]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.owner, []).append(file.path)
    for owner, paths in sorted(found.items()):
        yield owner, sorted(paths)
