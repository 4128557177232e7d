"""Make a wheel, once, of what was published as source only: from the sdist that uv locks by hash, or from the commit of a git
repository. It is kept in packages/ and locked by its own hash, so that every environment gets the same bytes.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adopting.checkout import copy_files, read_checkout
from adopting.existing import Existing
from adopting.locking import packages_without_wheels, run_uv_lock, seed_lock
from adopting.neighbours import list_neighbours
from adopting.remembered import find_wheel, remember_wheel
from lockstep_serve.errors import Refusal
from lockstep_tool.fingerprint import markers
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock, name_of, read_lock
from lockstep_tool.locks.lock_graph import reached
from lockstep_tool.locks.lock_platform import fits
from lockstep_tool.markers import with_python

__all__ = ["Built", "build_neighbours", "build_or_move", "take_wheels"]

SECONDS, BUILD_SECONDS = 60, 1800  # to fetch it, to build it beside whatever else the machine does


@dataclass(frozen=True)
class Built:
    """`content` is the wheel; empty where it could not be built, which `said` explains. `source` is what it was built from."""

    name: str
    version: str
    file: str
    content: bytes
    source: str
    said: str = ""


def build_or_move(root: Path, found: Existing, rendered: str) -> list[Built]:
    """A wheel of each package that has none. A version that cannot be built is given up for one that can, or that has a
    wheel, where what is asked for allows it: those are `found.unbuilt`. `rendered` is the lock that the template comes with.
    """
    built = build_wheels(root, found)
    while given_up := {one.name for one in built if one.said} & found.versions.keys() - found.unbuilt:
        found.unbuilt |= given_up
        # From the start: uv takes the lock that it wrote for fresh, also without what the packages in it need.
        (root / "uv.lock").write_text(seed_lock(rendered, found), encoding="utf-8")
        built = build_wheels(root, found)
    return built


def build_wheels(root: Path, found: Existing) -> list[Built]:
    """A wheel of each package that has none for this machine; `root` is a tree in which uv may lock."""
    settings = root / "uv.toml"
    settings.write_text(
        re.sub(r"^no-build = true\n", "", settings.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    done = run_uv_lock(root, found)
    if done.returncode:
        causes = [line.strip() for line in done.stderr.splitlines() if re.match(r"\s*(?:cause|error):", line)]
        return [
            Built("what is asked for", "", "", b"", "", f"also where building is allowed, uv cannot lock: {' '.join(causes[:4])}")
        ]
    lock = read_lock(root / "uv.lock", "uv.lock")
    wanted = [
        *packages_without_wheels(lock),
        *lacking(lock, found.pythons.exact),
        *(p for p in lock.packages if "git" in p["source"]),
    ]
    wanted += [p for p in lock.packages if "url" in p["source"]]
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
        return [build(package, Path(folder), found.pythons.exact) for package in {str(p["name"]): p for p in wanted}.values()]


def lacking(lock: Lock, python: str) -> Iterator[Mapping[str, Any]]:
    """Packages that this machine needs, with wheels for others only."""
    here = with_python(markers(), python)
    for package in reached(lock, here):
        names = [name_of(wheel) for wheel in package.get("wheels", ())]
        if names and "registry" in package["source"] and not any(fits(name, here) for name in names):
            yield package


def build(package: Mapping[str, Any], folder: Path, python: str) -> Built:
    """From what the lock names."""
    name, version = str(package["name"]), str(package.get("version", ""))
    file: Mapping[str, Any] = package.get("sdist") or next(iter(package.get("wheels", ())), {})
    known = str(package["source"].get("git") or file.get("hash") or "")
    described = str(package["source"].get("git") or file.get("url") or package["source"].get("url"))
    if known and (kept := find_wheel(known, python)):
        return Built(name, version, kept.name, kept.read_bytes(), described)
    try:
        if "git" in package["source"]:
            source = clone(str(package["source"]["git"]), folder / name)
        else:
            source = fetch(described, str(file["hash"]), folder)
    except (OSError, LookupError, ValueError) as error:
        return Built(name, version, "", b"", "", f"its source cannot be fetched: {error}")
    if source.suffix == ".whl":
        return Built(name, version, source.name, source.read_bytes(), described)
    return build_source(name, version, source, folder, python, described, known)


def build_source(name: str, version: str, source: Path, folder: Path, python: str, described: str, known: str = "") -> Built:
    """uv's build of a directory or an sdist, with nobody's settings; remembered where `known` is its hash or its commit."""
    print(f"building a wheel of {name} {version} …", file=sys.stderr, flush=True)
    out = folder / f"{name}-wheel"
    command = ["uv", "build", "--wheel", "--no-progress", "--python", python, "--out-dir", str(out), str(source)]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Built(name, version, "", b"", described, f"its build takes longer than {BUILD_SECONDS} s")
    wheels = list(out.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        causes = [line.strip() for line in done.stderr.splitlines() if re.match(r"\s*(?:cause|error):", line)]
        return Built(name, version, "", b"", described, " ".join(causes[:4]) or "its build makes no wheel")
    if known:
        remember_wheel(wheels[0], known, python)
    version = version or wheels[0].name.split("-")[1]
    return Built(name, version, wheels[0].name, wheels[0].read_bytes(), described)


def fetch(url: str, locked: str, folder: Path) -> Path:
    """A file with the locked hash; raises ValueError for another one."""
    file = folder / url.rpartition("/")[2].partition("#")[0]
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        file.write_bytes(answer.read())
    algorithm, _, digest = locked.partition(":")
    if hashlib.new(algorithm, file.read_bytes()).hexdigest() != digest:
        raise ValueError("it has another hash than the lock")
    return file


def clone(address: str, folder: Path) -> Path:
    """A git repository at the commit that the lock names behind `#`."""
    url, _, commit = address.partition("#")
    for words in (["clone", "--quiet", url.partition("?")[0], str(folder)], ["-C", str(folder), "checkout", "--quiet", commit]):
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr.strip().splitlines()[-1])
    return folder


def build_neighbours(found: Existing) -> list[Built]:
    """A wheel of each project that the service takes as a directory, from a copy of what git tracks there."""
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
        made = []
        for name, path in list_neighbours(found.here.path, found.requirements.sources).items():
            source, text = Path(folder, name), os.path.relpath(path, found.here.path.resolve())
            try:
                copy_files(read_checkout(path), source)
            except Refusal as refusal:
                made.append(Built(name, "", "", b"", text, f"{text}: {refusal.where[0][1]}"))
                continue
            made.append(build_source(name, "", source, Path(folder), found.pythons.exact, text))
        return made


def take_wheels(found: Existing, built: list[Built]) -> None:
    """Let the service ask for each by its path. One for a single platform has the lock made for that."""
    asked = {canonicalize_name(Requirement(one).name) for one in found.requirements.all}
    for one in built:
        found.requirements.sources[one.name] = {"path": f"packages/{one.file}"}
        if one.name not in asked:
            found.requirements.all.append(f"{one.name}=={one.version}")
        how = "taken from" if one.source.endswith(".whl") else "built once from"
        why = "changes without its version" if "://" not in one.source else "has no wheel that a lock can name"
        found.know.append(f"{one.name} {one.version} {why}: {how} {one.source}, kept as packages/{one.file}")
        if not one.file.endswith("-none-any.whl"):
            found.pythons.narrow()
            found.know.append(f"packages/{one.file} is for this platform and Python alone, and so is the lock")
