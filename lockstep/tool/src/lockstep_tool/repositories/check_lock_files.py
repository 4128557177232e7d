"""Hold the files of any `uv.lock` against the declared indexes, and its packages against its roots."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.lockfile import Lock, files_of
from lockstep_tool.locks.indexes import Index, host, hosts_by_index
from lockstep_tool.locks.lock_files import bad_files
from lockstep_tool.locks.lock_graph import astray
from lockstep_tool.locks.lock_root import unasked
from lockstep_tool.repositories.check_look import BROKEN, UNSEEN, WARNING, Look
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.toml_file import read_toml

__all__ = ["suspicious"]

# The lock of the menu's own script, beside this tool: it knows which hosts serve the files of the usual index.
KNOWN = Path(__file__).parents[3] / "noxfile.py.lock"


def suspicious(repository: Repository, lock: Lock) -> Iterator[Look]:
    """What uv would not have written, each kind as one look."""
    found = list(bad_files("uv.lock", lock, indexes(repository, lock)))
    ageless = [one for one in found if "has no upload time" in one[1]]
    built = [one for one in found if "has no wheel" in one[1]]
    wrong = [one for one in found if one not in ageless and one not in built]
    if len(lock.own) == 1:
        wrong += [*astray("uv.lock", lock), *unasked(lock)]
    else:
        said = f"{len(lock.own)} projects"
        yield Look("lock", UNSEEN, "What each project of a workspace needs was not looked at.", (("uv.lock", said),))
    if wrong:
        fix = "Restore it from git, or run `uv lock --refresh` and review each line that changes."
        yield Look("lock", BROKEN, f"uv.lock is not what uv would have written: {len(wrong)}.", tuple(wrong[:3]), fix)
    if ageless:
        said = f"{len(ageless)} files have no upload time, so their age cannot be judged."
        yield Look("lock", WARNING, said, tuple(ageless[:1]), "Run `uv lock --refresh` with uv 0.8 or newer.")
    if built:
        said = f"{len(built)} packages have no wheel, so code of others runs where they are installed."
        yield Look("lock", WARNING, said, tuple(built[:3]), "Choose a version with wheels, or build one once.")


def indexes(repository: Repository, lock: Lock) -> dict[str, Index]:
    """The declared ones; the lock's own where none is. Files come from the host that most of them come from."""
    declared: set[str] = set()
    for name in {"uv.toml", "pyproject.toml"} & set(repository.files):
        data = read_toml(repository.root / name)
        stated = data if name == "uv.toml" else data.get("tool", {}).get("uv", {})
        declared |= {str(one["url"]) for one in stated.get("index", ()) if "url" in one}
        declared |= {str(stated[key]) for key in ("index-url", "default-index") if key in stated}
    used = {str(p["source"]["registry"]) for p in lock.packages if "registry" in p["source"]}
    known = hosts_by_index(read_toml(KNOWN).get("package", ())) if KNOWN.exists() else {}
    kept: dict[str, Index] = {}
    for url in {url.rstrip("/") for url in declared or used}:
        kept[url] = Index(url, frozenset({host(url), *known.get(url, usual(lock, url))}))
    return kept


def usual(lock: Lock, url: str) -> set[str]:
    """The host that most files of an index come from: a single stranger among them stands out."""
    packages = [p for p in lock.packages if str(p["source"].get("registry", "")).rstrip("/") == url]
    hosts = Counter(host(str(file.get("url", ""))) for package in packages for file in files_of(package))
    return {name for name, _ in hosts.most_common(1)}
