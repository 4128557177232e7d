"""Compare the files of any `uv.lock` with the declared indexes, and its packages with what its project needs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.lock.wheels import compare_wheels
from lockstep_tool.lockfile import Lock, files_of
from lockstep_tool.locks.indexes import Index, host
from lockstep_tool.locks.lock_files import bad_files, incomparable
from lockstep_tool.locks.lock_graph import bad_edges, edges_of_root
from lockstep_tool.locks.lock_root import unasked
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.service import Service
from lockstep_tool.toml_file import read_toml

__all__ = ["Hosts", "suspicious"]

Hosts = Mapping[str, set[str]]  # the address of an index → hosts that are known to serve its files


def suspicious(repository: Repository, lock: Lock, hosts: Hosts) -> Iterator[Finding]:
    """What uv would not have written, each kind as one finding."""
    found = list(bad_files("uv.lock", lock, indexes(repository, lock, hosts)))
    ageless = [one for one in found if "has no upload time" in one[1]]
    built = [one for one in found if "has no wheel" in one[1]]
    wrong = [one for one in found if one not in ageless and one not in built]
    wrong += bad_edges("uv.lock", join_projects(lock))
    for project in lock.projects:
        alone = replace(lock, packages=({**project, "source": {"virtual": "."}},))
        wrong += [(spot, said.replace("the service", str(project["name"]), 1)) for spot, said in unasked("uv.lock", alone)]
    if wrong:
        fix = "Restore it from git, or run `uv lock --refresh` and review each line that changes."
        yield Finding("lock", f"uv.lock is not what uv would have written: {len(wrong)}.", tuple(wrong[:3]), fix)
    strange = [one for one in incomparable("uv.lock", lock) if "is the directory" not in one[1]]
    if strange:
        fix = "Take a release from an index, or put a wheel of it into the repository."
        yield Finding("lock", f"{len(strange)} packages cannot be compared with a lock.", tuple(strange[:3]), fix)
    service = Service(repository.root)
    service.locked = cache(lambda _: lock)  # it is read already
    for finding in compare_wheels(service, ["uv.lock"]):
        yield replace(finding, check="lock")
    if ageless:
        what = f"{len(ageless)} files have no upload time, so their age cannot be judged."
        yield Finding("lock", what, tuple(ageless[:1]), "Run `uv lock --refresh` with uv 0.8 or newer.", Severity.WARNING)
    if built:
        what = f"{len(built)} packages have no wheel, so code of others runs where they are installed."
        yield Finding("lock", what, tuple(built[:3]), "Choose a version with wheels, or build one once.", Severity.WARNING)


def join_projects(lock: Lock) -> Lock:
    """The lock as if one project asked for what the members of a workspace and the groups of its root ask for."""
    groups = lock.header.get("manifest", {}).get("dependency-groups", {}).values()
    wanted = [edge for edges in (*groups, *map(edges_of_root, lock.projects)) for edge in edges]
    whole = {"name": "", "version": "", "source": {"virtual": "."}, "dependencies": wanted}
    rest = ({**one, "source": {"virtual": "its root"}} if one in lock.own else one for one in lock.packages)
    return replace(lock, packages=(whole, *rest))


def indexes(repository: Repository, lock: Lock, hosts: Hosts) -> dict[str, Index]:
    """The declared ones; the lock's own where none is. Files come from the host that most of them come from."""
    declared: set[str] = set()
    for name in {"uv.toml", "pyproject.toml"} & set(repository.files):
        data = read_toml(repository.root / name)
        stated = data if name == "uv.toml" else data.get("tool", {}).get("uv", {})
        declared |= {str(one["url"]) for one in stated.get("index", ()) if "url" in one}
        declared |= {str(stated[key]) for key in ("index-url", "default-index") if key in stated}
    used = {str(package["source"]["registry"]) for package in lock.packages if "registry" in package["source"]}
    return {
        url: Index(url, frozenset({host(url), *hosts.get(url, usual_hosts(lock, url))}))
        for url in {url.rstrip("/") for url in declared or used}
    }


def usual_hosts(lock: Lock, url: str) -> set[str]:
    """The host that most files of an index come from: a single stranger among them stands out."""
    packages = [one for one in lock.packages if str(one["source"].get("registry", "")).rstrip("/") == url]
    hosts = Counter(host(str(file.get("url", ""))) for package in packages for file in files_of(package))
    return {name for name, _ in hosts.most_common(1)}
