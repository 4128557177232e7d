"""Compare each installed distribution with its own RECORD, and say what it has as its wheel would say it."""

import base64
import csv
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lockstep_serve.environment import digest
from lockstep_tool.inside.files import Below, read_bytes, read_text, shorten
from lockstep_tool.inside.installer import is_by_installer, is_installer_file
from lockstep_tool.inside.programs import expected_programs, placed_program

__all__ = ["distribution", "essence", "is_byte_code", "is_script", "owned_paths"]


@dataclass(frozen=True)
class Record:
    """`rows` are name, hash and size; `wrong` says why it cannot be read, and is empty where it can."""

    rows: list[list[str]] = field(default_factory=list)
    wrong: str = ""


@cache
def read_record(directory: str) -> Record:
    """The RECORD of a .dist-info."""
    try:
        text = read_bytes(f"{directory}/RECORD").decode("utf-8")
        return Record([row for row in csv.reader(io.StringIO(text, newline="")) if row])
    except OSError:
        return Record(wrong="has no RECORD")
    except UnicodeDecodeError:
        return Record(wrong="has a RECORD that is not UTF-8")
    except csv.Error as error:
        return Record(wrong=f"has a RECORD that is no table: {error}")


def distribution(directory: str, below: Below, *, own: bool = False) -> dict[str, Any]:
    """One installed distribution: what it has by its RECORD, and where its files disagree with it.

    `files` maps names as they are in the wheel to the start of the sha256 of what is on disk. `own` is whether it is the
    service's: of that, METADATA and WHEEL are compared without what is no part of it.
    """
    site, about = os.path.split(directory)
    record = read_record(directory)
    programs = {
        f"../../../bin/{name}": texts for name, texts in expected_programs(read_text(f"{directory}/entry_points.txt")).items()
    }
    seen = Seen()
    for name, stated, size in (row[:3] if len(row) > 2 else [*row, "", ""][:3] for row in record.rows):
        if is_byte_code(name):
            continue
        path = place_of(site, name)
        mode = below.modes.get(path)
        if mode is None:
            seen.missing.append(name)
            continue
        if not stat.S_ISREG(mode):
            seen.no_files.append(name)
            continue
        try:
            actual = below.hash_once(path)
        except OSError:
            seen.missing.append(name)
            continue
        is_record = name == f"{about}/RECORD"
        if not is_record and not (stated and size):
            seen.bare.append(name)
        fits = is_record or fits_record(path, actual, below.sizes[path], stated, size)
        if fits and is_installer_file(name, about):
            if not is_record and not is_by_installer(name.rpartition("/")[2], read_text(path)):
                seen.edited.append(name)
            continue
        if not fits or (name in programs and read_bytes(path) not in programs[name]):
            seen.edited.append(name)
            seen.linked = seen.linked or os.stat(path).st_nlink > 1  # uv's cache has the same file
        if name in programs or is_installer_file(name, about):
            continue
        if is_script(name):
            actual = hashlib.sha256(placed_program(read_bytes(path))).digest()
        elif own and name.startswith(f"{about}/"):
            actual = hashlib.sha256(essence(name, read_bytes(path))).digest()
        seen.files[name] = actual.hex()
    listed = {row[0] for row in record.rows}
    wheel = read_text(f"{directory}/WHEEL")
    return {
        "site": site,
        "tags": sorted(line.partition(":")[2].strip() for line in wheel.splitlines() if line.startswith("Tag:")),
        "needs": needs(directory),
        "record": record.wrong,
        "digest": digest(seen.files),
        "files": shorten(seen.files),
        "edited": seen.edited,
        "missing": [*seen.missing, *sorted(programs.keys() - listed if not record.wrong else ())],
        "no_files": seen.no_files,
        "bare": seen.bare,
        "linked": seen.linked,
    }


@dataclass
class Seen:
    """What is collected of one distribution, row by row."""

    files: dict[str, str] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    no_files: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    linked: bool = False


def owned_paths(directory: str) -> Iterator[str]:
    """Where the files of a distribution are, by its RECORD."""
    site = os.path.dirname(directory)
    return (place_of(site, row[0]) for row in read_record(directory).rows)


def place_of(site: str, name: str) -> str:
    """Where a name of a RECORD leads; most need no reckoning, and there are thousands."""
    path = f"{site}/{name}"
    odd = name.startswith(("/", ".")) or "/." in name or "//" in name
    return os.path.normpath(os.path.join(site, name)) if odd else path


def fits_record(path: str, actual: bytes, length: int, stated: str, size: str) -> bool:
    """Whether hash and size are those that are stated, as far as they are; a hash of an unknown kind fits nothing."""
    kind, _, value = stated.partition("=")
    if kind not in {"sha256", ""}:
        try:
            actual = hashlib.new(kind, read_bytes(path)).digest()
        except (OSError, ValueError):
            return False
    right = not stated or value.rstrip("=") == base64.urlsafe_b64encode(actual).rstrip(b"=").decode()
    return right and size in {"", str(length)}


def is_byte_code(name: str) -> bool:
    """Whether it is compiled on the spot, so that no wheel says what it holds; the check `byte code` looks at it."""
    return name.endswith(".pyc") and "__pycache__/" in name


def is_script(name: str) -> bool:
    """Whether its first line may name the environment."""
    return name.startswith("../") and name.rpartition("/")[0].rpartition("/")[2] in {"bin", "Scripts"}


def essence(name: str, content: bytes) -> bytes:
    """What METADATA and WHEEL of the service say of it: without its README, and without the version of the uv that built it."""
    if name.endswith("/METADATA"):
        return content.partition(b"\n\n")[0]
    return re.sub(rb"(?m)^Generator:.*$", b"", content) if name.endswith("/WHEEL") else content


def needs(directory: str) -> dict[str, list[str]]:
    """What a distribution says itself that it needs: normalised names, `always`, and only with an `extra` of it.

    https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use
    """
    found: dict[str, set[str]] = {"always": set(), "extra": set()}
    headers = read_text(f"{directory}/METADATA").partition("\n\n")[0]
    for name, rest in re.findall(r"(?m)^Requires-Dist:\s*([A-Za-z0-9._-]+)(.*)", headers):
        marker = rest.partition(";")[2]
        optional = re.search(r"\bextra\b", marker) and not re.search(r"\bor\b", marker)
        found["extra" if optional else "always"].add(re.sub(r"[-_.]+", "-", name).lower())
    return {kind: sorted(names) for kind, names in found.items()}
