"""See that every package comes from a declared index, and each of its files from there, with hash, size and age."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lockstep_tool.lockfile import Lock, files_of, name_of, spot
from lockstep_tool.locks.indexes import Index, host

__all__ = ["bad_files", "files_of"]

Said = Iterator[tuple[str, str]]


def bad_files(name: str, lock: Lock, indexes: Mapping[str, Index]) -> Said:
    """Pairs of `file:line` and what is wrong there."""
    sized = {host(str(file.get("url", ""))) for p in lock.packages for file in files_of(p) if "size" in file}
    for package in lock.packages:
        if package in lock.own:
            continue
        project, place = package["name"], spot(name, lock, package)
        kind, where = next(iter(package["source"].items()), ("nowhere", ""))
        if kind != "registry":
            yield place, f"{project} comes from {kind} {where}"
            continue
        index = indexes.get(str(where).rstrip("/"))
        if index is None:
            yield place, f"{project} comes from {where}, which no setting declares"
        for file in files_of(package):
            for fault in bad_file(lock, package, file, index, sized):
                yield spot(name, lock, package, file), fault
        if not package.get("wheels"):
            yield place, f"{project} has no wheel, only what must be built"


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
    if not belongs(name, package):
        yield f"{name} is no file of {package['name']} {package.get('version')}"


def age_counts(lock: Lock, package: Mapping[str, Any], index: Index | None) -> bool:
    """Whether a span is declared for the package: `false`, for it or for its index, means any age."""
    exceptions = lock.header.get("options", {}).get("exclude-newer-package", {})
    return exceptions.get(package["name"], index.exclude_newer if index else None) is not False


def belongs(name: str, package: Mapping[str, Any]) -> bool:
    """Whether a file's name is one of this project and version.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
    """
    if name.endswith(".whl"):
        project, version = [*name.split("-"), ""][:2]
    else:
        project, _, version = re.sub(r"\.(tar\.gz|zip|tar\.bz2|tgz)$", "", name).rpartition("-")
    same_version = parts_of(version) == parts_of(str(package.get("version", "")))
    return re.sub(r"[-_.]+", "-", project).lower() == package["name"] and same_version


def parts_of(version: str) -> list[int | str]:
    """`2021.06.06` and `2021.6.6`, `1.0.rc1` and `1.0rc1` are one version: files keep what their authors wrote."""
    return [int(part) if part.isdigit() else part for part in re.findall(r"\d+|[a-z]+", version.lower())]
