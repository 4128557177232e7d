"""What this environment is: its Python, its packages, the service's own files, and the id over all of them.

Only files are read, and nothing of the service is imported: what the tool pipes into other interpreters begins with this.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.machinery import PathFinder
from itertools import chain
from pathlib import Path

__all__ = [
    "announcements",
    "digest",
    "environment_id",
    "find_metadata",
    "metadata_directories",
    "packages",
    "python_version",
    "search_path",
    "service",
    "sha256",
    "source",
    "source_root",
    "source_roots",
]

LARGE = 1 << 20  # bytes; smaller files are read whole
SECTION = "[lockstep_serve]"  # of the entry points by which a service announces itself


def sha256(path: Path) -> str:
    with open(path, "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > LARGE:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return hashlib.sha256(file.read()).hexdigest()  # `file_digest` clears a buffer for each of thousands of files


def digest(files: Mapping[str, str]) -> str:
    """One hash over names and their hashes."""
    return hashlib.sha256(
        "".join(f"{name}\0{files[name]}\n" for name in sorted(files)).encode(errors="surrogateescape")
    ).hexdigest()


def python_version() -> str:
    """The exact version, such as 3.13.9."""
    return sys.version.partition(" ")[0]


def find_metadata() -> dict[str, Path]:
    """Normalised name of each installed distribution → its .dist-info, the first on the search path, as for an import."""
    found: dict[str, Path] = {}
    for entry in search_path():
        for directory in sorted(entry.glob("*.dist-info")):
            name = re.sub(r"[-_.]+", "-", directory.name.removesuffix(".dist-info").rpartition("-")[0]).lower()
            found.setdefault(name, directory)
    return found


@cache
def metadata_directories() -> dict[str, Path]:
    """What `find_metadata` finds, looked for once: for who asks often of an environment that stays as it is."""
    return find_metadata()


def search_path() -> list[Path]:
    """Directories of sys.path that hold installed distributions; the standard library's own are left out."""
    standard = os.path.realpath(Path(os.__file__).parent)
    entries = (Path(entry) for entry in sys.path if entry)
    return [e for e in entries if e.is_dir() and os.path.realpath(e) != standard and e.name != "lib-dynload"]


def packages() -> dict[str, str]:
    """Normalised name → version of what is installed, but for the service: its files are compared one by one."""
    own = service()
    return {
        name: directory.name.removesuffix(".dist-info").rpartition("-")[2]
        for name, directory in sorted(metadata_directories().items())
        if name != own
    }


def announcements(directories: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, str]]]:
    """The distributions of these .dist-info that announce a service, each with its entry points: name → `module:object`."""
    for name, directory in directories.items():
        file = directory / "entry_points.txt"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if SECTION in text:
            section = text.partition(SECTION)[2].partition("\n[")[0]
            yield name, dict(re.findall(r"^\s*(\w+)\s*=\s*([\w.]+:[\w.]+)", section, re.MULTILINE))


def service() -> str | None:
    """The first distribution that announces an application, or None."""
    return next((name for name, points in announcements(metadata_directories()) if "app" in points), None)


def source_root() -> Path | None:
    """The directory that the service's package is imported from: installed, or the checkout when editable."""
    apps = (points["app"] for _, points in announcements(metadata_directories()) if "app" in points)
    spec = PathFinder.find_spec(next(apps, "").partition(":")[0].partition(".")[0])
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def source_roots() -> list[Path]:
    """The directories that the service's wheel is made of, by its RECORD; of an editable one, all that lie side by side."""
    root = source_root()
    if root is None:
        return []
    record = metadata_directories()[service() or ""] / "RECORD"
    names = set(re.findall(r"^([\w-]+)/", record.read_text(encoding="utf-8"), re.MULTILINE)) if record.is_file() else set()
    found = names if root.name in names else {entry.name for entry in root.parent.iterdir() if entry.is_dir()}
    return [root, *(root.parent / name for name in sorted(found - {root.name, "__pycache__"}) if name.isidentifier())]


def source(*roots: Path) -> dict[str, str]:
    """The service's own files, as its wheel has them, from `roots` side by side: path below their parent → sha256."""
    files: list[Path] = []
    for directory, below, names in chain.from_iterable(map(os.walk, roots)):
        below[:] = (name for name in below if name != "__pycache__" and not name.startswith("."))
        files += (Path(directory, name) for name in names if not name.startswith(".") and not name.endswith((".pyc", ".pyo")))
    return {file.relative_to(roots[0].parent).as_posix(): sha256(file) for file in sorted(files) if file.is_file()}


def environment_id(python: str, installed: Mapping[str, str], own: Mapping[str, str]) -> str:
    """12 hexadecimal characters over what must agree everywhere: exact Python, package versions, the service's source."""
    whole = json.dumps([python, sorted(installed.items()), digest(own)], separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()[:12]
