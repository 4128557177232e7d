"""Lock what an adopted service asks for: with the versions that it has, from the indexes that it has, and wheels only.

uv prefers what a lock already has. So the lock that the template comes with, with the service's versions in place of its
own, is what uv starts from; it keeps each version that everything else allows, and moves the others. Which moved is said.
"""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from adopting.existing import Existing
from adopting.indexes import PUBLIC
from adopting.locked_versions import pinned_version
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock, files_of, read_lock
from lockstep_tool.locks.indexes import host

__all__ = ["Locked", "lock_service", "packages_without_wheels", "run_uv_lock", "seed_lock"]

UNREACHABLE = ("error sending request", "Failed to fetch", "dns error", "Could not connect")


@dataclass
class Locked:
    """`text` is uv.lock, empty where uv could not; `said` is uv's reason. `moved` are name, old and new version, and the file."""

    text: str = ""
    said: list[str] = field(default_factory=list)
    moved: list[tuple[str, str, str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    loosened: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


def seed_lock(text: str, found: Existing) -> str:
    """The rendered lock with the service's versions; each package from where its index says, or from the last that is asked."""
    head, *blocks = re.split(r"^(?=\[\[package\]\]\n)", text, flags=re.MULTILINE)
    usual = next((index.url for index in reversed(found.indexes.general) if not index.flat), PUBLIC)
    named = {index.name: index.url for index in found.indexes.list_all()}
    kept = []
    for block in blocks:
        name = re.search(r'^name = "([^"]+)"$', block, re.MULTILINE)
        if name and name[1] not in found.versions:
            kept.append(block.replace(f'registry = "{PUBLIC}"', f'registry = "{usual}"'))
    for name_, versions in found.versions.items():
        source = found.requirements.sources.get(name_)
        url = named.get(str(source.get("index")), usual) if isinstance(source, dict) else usual
        kept += [
            f'[[package]]\nname = "{name_}"\nversion = "{version}"\nsource = {{ registry = "{url}" }}\n\n'
            for version in versions
            if is_version(version)
        ]
    head = re.sub(
        r'^requires-python = ".*"$',
        f'requires-python = "{found.pythons.bounds.replace(",", ", ")}"',
        head,
        count=1,
        flags=re.MULTILINE,
    )
    return head + "".join(kept)


def is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def run_uv_lock(root: Path, found: Existing) -> subprocess.CompletedProcess[str]:
    """uv's own lock, with nobody's settings, and with the words that open the service's indexes."""
    command = ["uv", "lock", "--no-progress", "--project", str(root)]
    settings = {**environment(), **found.indexes.credentials}
    settings.pop("VIRTUAL_ENV", None)
    return subprocess.run(command, cwd=root, env=settings, capture_output=True, text=True, check=False)


def lock_service(root: Path, found: Existing, rendered: str) -> Locked:
    """Write uv.lock there. Where pins of a list exclude what the server model needs, those are loosened, and said."""
    locked = Locked()
    (root / "uv.lock").write_text(seed_lock((root / "uv.lock").read_text(encoding="utf-8"), found), encoding="utf-8")
    seed = (root / "uv.lock").read_text(encoding="utf-8")
    done = run_uv_lock(root, found)
    if done.returncode and "No solution found" in done.stderr:
        loose = loosen_pins((root / "pyproject.toml").read_text(encoding="utf-8"), closure_of(rendered), locked, found)
        if locked.loosened:
            (root / "pyproject.toml").write_text(loose, encoding="utf-8")
            (root / "uv.lock").write_text(seed, encoding="utf-8")
            done = run_uv_lock(root, found)
        if locked.loosened and not done.returncode:
            done = pin_again(root, found, locked)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        locked.said = [line for line in lines if not line.startswith(("Using CPython", "warning:"))][:8]
        locked.loosened = []
        return locked
    locked.text = (root / "uv.lock").read_text(encoding="utf-8")
    lock = read_lock(root / "uv.lock", "uv.lock")
    compare_versions(lock, found, locked)
    locked.hosts = find_hosts(lock, found)
    return locked


def closure_of(rendered: str) -> set[str]:
    """What the server model and the framework bring with them: everything in the rendered lock."""
    return {str(package["name"]) for package in tomllib.loads(rendered).get("package", ())}


def loosen_pins(text: str, names: set[str], locked: Locked, found: Existing) -> str:
    """`==` becomes `>=` for what the server model or Lockstep's tools need as well; a pin there is what some server or tool of
    before was locked with. The team's groups are looked into, too: all groups are locked together.
    """

    def loosen(stated: re.Match[str]) -> str:
        if "==" not in stated[1] or canonicalize_name(Requirement(stated[1]).name) not in names:
            return stated[0]
        locked.loosened.append(stated[1])
        return stated[0].replace("==", ">=", 1)

    def loosen_line(line: re.Match[str]) -> str:
        return re.sub(r'"([A-Za-z][^"]*)"', loosen, line[0])

    head, mark, tail = text.partition("[project.entry-points")
    groups = "|".join(map(re.escape, found.requirements.groups))
    tail = re.sub(rf"^(?:team-)?(?:{groups}) = \[\"[^\n]*$", loosen_line, tail, flags=re.MULTILINE) if groups else tail
    return re.sub(r'^    "[A-Za-z][^"]*",\n', loosen_line, head, flags=re.MULTILINE) + mark + tail


def pin_again(root: Path, found: Existing, locked: Locked) -> subprocess.CompletedProcess[str]:
    """What was loosened and kept its version all the same is pinned as it was."""
    now = {(str(package["name"]), str(package.get("version", ""))) for package in read_lock(root / "uv.lock", "uv.lock").packages}
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    moved = []
    for stated in locked.loosened:
        asked = Requirement(stated)
        if (canonicalize_name(asked.name), pinned_version(asked)) in now:
            text = text.replace(f'"{stated.replace("==", ">=", 1)}"', f'"{stated}"', 1)
        else:
            moved.append(stated)
    locked.loosened = moved
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return run_uv_lock(root, found)


def compare_versions(lock: Lock, found: Existing, locked: Locked) -> None:
    """Each package that the service had locked, and that has another version now."""
    now: dict[str, list[str]] = {}
    for package in lock.packages:
        now.setdefault(str(package["name"]), []).append(str(package.get("version", "")))
    for name, versions in sorted(found.versions.items()):
        if name not in now:
            continue
        if any(is_version(one) and Version(one) in {Version(v) for v in now[name] if is_version(v)} for one in versions):
            locked.kept.append(f"{name} {next(iter(versions))}")
        else:
            old, file = next(iter(versions.items()))
            locked.moved.append((name, old, " and ".join(now[name]), file))


def find_hosts(lock: Lock, found: Existing) -> list[str]:
    """Hosts that serve files of the service's own indexes and are none of theirs."""
    ours = {host(index.url) for index in found.indexes.list_all()}
    hosts = set()
    for package in lock.packages:
        registry = str(package.get("source", {}).get("registry", ""))
        if registry.rstrip("/") == PUBLIC or "://" not in registry:
            continue
        hosts |= {host(str(file["url"])) for file in files_of(package) if "url" in file}
    return sorted(hosts - ours)


def packages_without_wheels(lock: Lock) -> list[Mapping[str, Any]]:
    """Those from an index of which only the source was published."""
    return [package for package in lock.packages if "registry" in package["source"] and not package.get("wheels")]
