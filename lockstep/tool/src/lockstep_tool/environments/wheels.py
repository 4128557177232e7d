"""What the wheels that the lock pins would install: read once, judged by their hash, remembered by it.

RECORD inside an installed distribution can be edited together with a file; the wheel behind a locked hash cannot. A
wheel of an index is fetched, one that lies in the repository is read where it lies.
"""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lockstep_serve.environment import sha256
from lockstep_tool.inside.installer import INSTALLER_FILES
from lockstep_tool.inside.programs import expected_programs, script_of_wheel
from lockstep_tool.inside.records import essence, is_byte_code, is_script
from lockstep_tool.lockfile import name_of

if TYPE_CHECKING:
    from zipfile import ZipFile

__all__ = [
    "Contents",
    "LockedWheel",
    "NoLockedWheel",
    "OtherWheel",
    "UnknownContents",
    "find_wheel",
    "is_installed",
    "read_all_contents",
    "read_contents",
    "recorded_files",
]

FETCH_SECONDS = 30
RULES = 5  # raised when `recorded_files` puts files elsewhere than before: what was remembered is then forgotten
NAME_A_WHEEL = "name one that has a wheel: of an index, or a .whl that lies in the repository"
# What uv.lock calls a source that is no wheel → what is installed from it.
BUILT_FROM = {
    "git": "a git repository",
    "directory": "a directory",
    "editable": "a directory",
    "virtual": "a directory",
    "path": "a source archive",
    "url": "a source archive",
    "registry": "a source archive",
}


@dataclass(frozen=True)
class Contents:
    """What a wheel installs: name as the fingerprint gives it → sha256; the rows of its RECORD that state no hash or no
    size; directories without anything in them.
    """

    files: Mapping[str, str]
    bare: Sequence[str] = ()
    directories: Sequence[str] = ()


class NoLockedWheel(Exception):
    """Why no locked wheel accounts for an installed package, said behind its name; `fix` is empty where building again helps."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.fix = fix


class UnknownContents(Exception):
    """Why a wheel's content cannot be known here, such as a network that is not there."""


class OtherWheel(Exception):
    """A wheel that lies in the repository and is not the locked one; `path` is where it lies, `where` what stands where."""

    def __init__(self, reason: str, path: str, where: tuple[tuple[str, str], ...]) -> None:
        super().__init__(reason)
        self.path, self.where = path, where


@dataclass(frozen=True)
class LockedWheel:
    """`digest` is its sha256 in hexadecimal, `address` where an index has it, or `file` where it lies below `root`."""

    name: str
    digest: str
    address: str = ""
    root: Path = Path()
    file: str = ""


def is_installed(seen: Mapping[str, Any], name: str, package: Mapping[str, Any]) -> bool:
    """Whether a fingerprint has a locked package in the locked version; a directory may have none stated."""
    there = seen["packages"].get(name)
    return name in seen["distributions"] and there is not None and there == package.get("version", there)


def find_wheel(root: Path, package: Mapping[str, Any], installed_tags: list[str]) -> LockedWheel:
    """The locked wheel that was installed, found by its tags; raises NoLockedWheel when none or several fit."""
    wheels = package.get("wheels", ())
    [(kind, location)] = [one for one in package["source"].items() if one[0] in BUILT_FROM] or [("registry", "")]
    if not wheels:
        raise NoLockedWheel(
            f"is built from {BUILT_FROM[kind]} ({location}): uv.lock has no wheel to compare it with", NAME_A_WHEEL
        )
    fits = [wheel for wheel in wheels if set(installed_tags) and set(installed_tags) <= tags_of(file_name(wheel))]
    if len(fits) != 1:
        tags = ", ".join(installed_tags) or "none"
        raise NoLockedWheel(f"is installed from none of its locked wheels: {len(fits)} of them have the tags {tags}")
    return locked_wheel(root, fits[0], str(location))


def locked_wheel(root: Path, wheel: Mapping[str, Any], location: str) -> LockedWheel:
    """What one entry of `wheels` says, of a source at `location`."""
    if "hash" not in wheel:
        raise NoLockedWheel("is locked without a hash: there is nothing to compare it with", NAME_A_WHEEL)
    digest = str(wheel["hash"]).removeprefix("sha256:")
    if "url" in wheel:
        return LockedWheel(file_name(wheel), digest, address=str(wheel["url"]))
    # `filename`: the source is the file. `path`: the source is an index that is a directory of files.
    file = location if "filename" in wheel else f"{location}/{wheel['path']}"
    return LockedWheel(file_name(wheel), digest, root=root, file=file)


def file_name(wheel: Mapping[str, Any]) -> str:
    return name_of(wheel) or str(wheel.get("path", "")).rpartition("/")[2]


def tags_of(name: str) -> set[str]:
    """`a-1-py2.py3-none-any.whl` → the tags that WHEEL lists for it."""
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    return {f"{p}-{a}-{m}" for p in python.split(".") for a in abi.split(".") for m in platform.split(".")}


def read_all_contents(wheels: Mapping[str, LockedWheel]) -> dict[str, Contents | UnknownContents | OtherWheel]:
    """Contents by name, those that are to be fetched side by side; what cannot be read is the reason why."""
    here = {name: wheel for name, wheel in wheels.items() if wheel.file or memory_of(wheel).is_file()}
    found = {name: read_or_reason(wheel) for name, wheel in here.items()}
    if elsewhere := {name: wheel for name, wheel in wheels.items() if name not in here}:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=8) as pool:
            found |= zip(elsewhere, pool.map(read_or_reason, elsewhere.values()), strict=True)
    return found


def read_or_reason(wheel: LockedWheel) -> Contents | UnknownContents | OtherWheel:
    try:
        return read_contents(wheel)
    except (UnknownContents, OtherWheel) as reason:
        return reason


def read_contents(wheel: LockedWheel) -> Contents:
    """What the wheel installs.

    Raises UnknownContents for what cannot be fetched, OtherWheel for a file of the repository that is not the locked one.
    """
    if wheel.file:
        refuse_other_file(wheel)
    if remembered := recall(memory_of(wheel)):
        return remembered
    with (wheel.root / wheel.file).open("rb") if wheel.file else fetch(wheel) as file:
        contents = recorded_files(file)
    remember(memory_of(wheel), contents)
    return contents


def refuse_other_file(wheel: LockedWheel) -> None:
    """Raise OtherWheel unless the file in the repository is there and has the locked bytes."""
    try:
        found = sha256(wheel.root / wheel.file)
    except OSError as error:
        said = ((wheel.file, f"{error.strerror}   <- differs"),)
        raise OtherWheel(f"{wheel.file}, which uv.lock locks, cannot be read", wheel.file, said) from error
    if found != wheel.digest:
        both = (("uv.lock", f"sha256:{wheel.digest}"), (wheel.file, f"sha256:{found}   <- differs"))
        raise OtherWheel(f"{wheel.file} is not the wheel that uv.lock locks", wheel.file, both)


@contextmanager
def fetch(wheel: LockedWheel) -> Iterator[IO[bytes]]:
    """The locked bytes as an index serves them, in a file that goes when the block ends."""
    import tempfile
    import urllib.request

    with tempfile.TemporaryFile() as file:
        try:
            with urllib.request.urlopen(wheel.address, timeout=FETCH_SECONDS) as answer:
                while piece := answer.read(1 << 20):
                    file.write(piece)
        except OSError as error:
            raise UnknownContents(f"the wheel cannot be fetched: {getattr(error, 'reason', error)}") from error
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != wheel.digest:
            raise UnknownContents("what the index serves has another hash than the lock")
        file.seek(0)
        yield file


def memory_of(wheel: LockedWheel) -> Path:
    """The file below the user's cache directory that remembers what this wheel installs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "lockstep" / "wheels" / f"{wheel.digest}-{RULES}.json"


def recall(path: Path) -> Contents | None:
    """What is remembered there: nothing where the file is missing or damaged."""
    try:
        return Contents(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remember(path: Path, contents: Contents) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(contents)), encoding="utf-8")
    partial.replace(path)


def recorded_files(file: IO[bytes], *, own: bool = False) -> Contents:
    """What a wheel has, where installation puts it, each file with the hash of its content; the service's `own` as
    inside/records.py sees it. No installer compares the files with the wheel's RECORD, so that is not asked.
    """
    from zipfile import ZipFile  # only here: what is remembered needs none

    wheel = ZipFile(file)
    names = wheel.namelist()
    [record] = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    about = record.removesuffix("/RECORD")  # a package that is vendored may bring another
    said = wheel.read(f"{about}/WHEEL").decode()
    headers = re.sub(r"(?s).*?^Tag: cp3(\d+)-.*", r"../../../include/site/python3.\1/", said, flags=re.MULTILINE)
    programs = read_programs(wheel, about)
    files, leading = {}, set()
    for name in names:
        directory, _, base = name.rpartition("/")
        parent = directory if base else directory.rpartition("/")[0]
        while parent and parent not in leading:
            leading.add(parent)
            parent = parent.rpartition("/")[0]
        placed = place(name, headers)
        # A program is made anew from the entry points, over whatever the wheel has.
        if not base or is_byte_code(name) or placed in programs or (directory == about and base in INSTALLER_FILES):
            continue
        content = wheel.read(name)
        if is_script(placed):
            content = script_of_wheel(content)
        elif own and directory == about:
            content = essence(name, content)
        files[placed] = hashlib.sha256(content).hexdigest()
    directories = {name.rstrip("/") for name in names if name.endswith("/") and ".data/" not in name}
    rows = csv.reader(io.StringIO(wheel.read(record).decode(errors="surrogateescape"), newline=""))
    bare = sorted(row[0] for row in rows if row and not (len(row) > 2 and row[1] and row[2]))
    return Contents(files, bare, sorted(directories - leading))


def read_programs(wheel: "ZipFile", about: str) -> set[str]:
    """Where the programs lie that an installer writes for the wheel's entry points."""
    name = f"{about}/entry_points.txt"
    text = wheel.read(name).decode("utf-8", "replace") if name in wheel.namelist() else ""
    return {f"../../../bin/{program}" for program in expected_programs(text)}


def place(name: str, headers: str) -> str:
    """A name in a wheel → the name that RECORD has for it once it is installed."""
    placed = re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", name)
    placed = re.sub(r"^[^/]+\.data/scripts/", "../../../bin/", placed)
    placed = re.sub(r"^[^/]+\.data/data/", "../../../", placed)
    return re.sub(r"^([^/]+)-[^-/]+\.data/headers/", lambda found: f"{headers}{found[1]}/", placed)
