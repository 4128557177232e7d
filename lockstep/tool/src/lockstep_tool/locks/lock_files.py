"""See that every package comes from a declared index, and each of its files from there, with hash, size and age."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lockstep_tool.lockfile import Lock, files_of, name_of, spot
from lockstep_tool.locks.file_names import belongs
from lockstep_tool.locks.indexes import Index, host
from lockstep_tool.locks.lock_wheels import is_wheel

__all__ = ["bad_files", "incomparable"]

# A source that is neither an index nor a wheel → why nothing can be compared with it.
WHY_NOT = {
    "git": "comes from git {where}: its bytes cannot be compared with a lock",
    "url": "comes from the address {where}: no index says that these are the bytes that were published",
    "directory": "is the directory {where}: it is built anew by each installation, so its bytes are in no lock",
    "editable": "is the directory {where}: what is installed is whatever lies there, so its bytes are in no lock",
    "virtual": "is the directory {where}, a second project beside the one that is locked",
    "path": "comes from the archive {where}: it is built anew by each installation, so its bytes are in no lock",
}


def incomparable(name: str, lock: Lock) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and a package that comes from where no bytes can be compared."""
    for package in lock.packages:
        kind, where = next(iter(package["source"].items()), ("nowhere", ""))
        if kind != "registry" and package not in lock.own and not is_wheel(package):
            why = WHY_NOT.get(kind, f"comes from {kind} {{where}}: uv has no such source")
            yield spot(name, lock, package), f"{package['name']} {why.format(where=where)}"


def bad_files(name: str, lock: Lock, indexes: Mapping[str, Index]) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and what is wrong there, for the packages that come from an index."""
    sized = {host(str(file.get("url", ""))) for package in lock.packages for file in files_of(package) if "size" in file}
    for package in lock.packages:
        if "registry" not in package["source"]:
            continue
        project, line, where = package["name"], spot(name, lock, package), str(package["source"]["registry"])
        index = indexes.get(where.rstrip("/"))
        if index is None:
            yield line, f"{project} comes from {where}, which no setting declares"
        for file in files_of(package):
            for wrong in bad_file(lock, package, file, index, sized):
                yield spot(name, lock, package, file), wrong
        if not package.get("wheels"):
            yield line, f"{project} has no wheel, only what must be built"


def bad_file(
    lock: Lock, package: Mapping[str, Any], file: Mapping[str, Any], index: Index | None, sized: set[str]
) -> Iterator[str]:
    """What is wrong with one file's entry; `sized` are the hosts that state sizes."""
    url = urlsplit(str(file.get("url", "")))
    name = name_of(file) or f"a file of {package['name']}"
    plain = index is not None and index.url.startswith("http://")
    if index is not None and (host(url.geturl()) not in index.hosts or url.scheme not in {"https", "http" * plain}):
        yield f"{name} comes from {url.scheme}://{url.netloc}, which no index uses"
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(file.get("hash", ""))):
        yield f"{name} has no sha256"
    if "size" not in file and url.netloc in sized:
        yield f"{name} has no size, and other files from there have one"
    if "upload-time" not in file and age_counts(lock, package, index):
        yield f"{name} has no upload time, so its age cannot be judged"
    if not belongs(name, str(package["name"]), str(package.get("version", ""))):
        yield f"{name} is no file of {package['name']} {package.get('version')}"


def age_counts(lock: Lock, package: Mapping[str, Any], index: Index | None) -> bool:
    """Whether a span is declared for the package: `false`, for it or for its index, means any age."""
    exceptions = lock.header.get("options", {}).get("exclude-newer-package", {})
    return exceptions.get(package["name"], index.exclude_newer if index else None) is not False
