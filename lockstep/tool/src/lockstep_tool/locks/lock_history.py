"""A second source without a network: what is published under one address never changes.

So a hash or a dependency that an earlier commit, or another lock beside it, has otherwise was changed by hand. The oldest
source is believed, so that a repair is not taken for a fault. A clone that has no history, as CI makes it, can tell
less; `-- --registry` asks the index itself.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.lockfile import Lock, files_of, spot
from lockstep_tool.service import TOOL_LOCK, Service

__all__ = ["changed_since", "needs_of"]

COMMITS = 3  # looked at, of those that changed the lock
# With any of these changed, uv may write the same needs in other words.
MADE_FOR = ("revision", "requires-python", "resolution-markers", "supported-markers", "conflicts", "manifest")
FILE = re.compile(r'url = "(?P<url>[^"]+)", hash = "(?P<hash>[^"]+)"')


def changed_since(service: Service, name: str) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and what an older source has otherwise."""
    lock = service.locked(name)
    hashes: dict[str, tuple[str, str]] = {}
    needed: dict[tuple[str, str], tuple[set[str], str]] = {}
    for source, text in sources(service, name):
        for found in FILE.finditer(text):
            hashes.setdefault(found["url"], (found["hash"], source))
        for key, needs in edges_in(text, lock).items() if source.startswith("commit") else ():
            needed.setdefault(key, (needs, source))
    for package in lock.packages:
        for file in files_of(package):
            stated, source = hashes.get(str(file.get("url", "")), ("", ""))
            if stated and file.get("hash", stated) != stated:
                base = str(file["url"]).rpartition("/")[2]
                yield spot(name, lock, package, file), f"{base} has another hash than in {source}"
        then, source = needed.get((str(package["name"]), str(package.get("version"))), (set(), ""))
        for changed in sorted(needs_of(package) ^ then) if source else ():
            verb = "does not need" if changed in then else "needs"
            yield spot(name, lock, package), f"{package['name']} {verb} {changed}, otherwise than in {source}"


def sources(service: Service, name: str) -> Iterator[tuple[str, str]]:
    """Where from → the text of a lock, the oldest first; for uv.lock and the tool's the other locks, too."""
    for commit, text in service.history.earlier(name, COMMITS):
        yield f"commit {commit}", text
    others = service.files.named("*.py.lock") if name in {"uv.lock", TOOL_LOCK} else ()
    for other in [*others, *(["uv.lock"] if name == TOOL_LOCK else [])]:
        yield other, service.files.text(other)


def edges_in(text: str, lock: Lock) -> dict[tuple[str, str], set[str]]:
    """Name and version → needs, of a lock that was made for the same as `lock`; else nothing."""
    if text == lock.text:
        earlier: Mapping[str, Any] = {**lock.header, "package": lock.packages}
    else:
        try:
            earlier = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return {}
    if any(lock.header.get(part) != earlier.get(part) for part in MADE_FOR):
        return {}
    packages = [p for p in earlier.get("package", ()) if "registry" in p.get("source", {})]
    return {(str(p["name"]), str(p.get("version"))): needs_of(p) for p in packages}


def needs_of(package: Mapping[str, Any]) -> set[str]:
    """Names, each with its marker."""
    edges = package.get("dependencies", ())
    return {f"{edge['name']} ; {edge['marker']}" if "marker" in edge else str(edge["name"]) for edge in edges}
