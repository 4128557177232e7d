"""What the wheels that the lock pins would install: fetched once, judged by their hash, remembered by it.

RECORD inside an installed distribution can be edited together with a file; the wheel behind a locked hash cannot.
"""

import base64
import csv
import hashlib
import json
import os
import re
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lockstep_tool.fingerprint import INSTALLER_FILES
from lockstep_tool.lockfile import name_of

__all__ = ["Unknown", "contents", "contents_of_all", "wheel_for"]

FETCH_SECONDS = 30
RULES = 3  # raised when `recorded` puts files elsewhere than before: what was remembered is then forgotten


class Unknown(Exception):
    """The wheel's content cannot be told here: no network, or no wheel in the lock that fits."""


def cache() -> Path:
    """Where contents are remembered, below the user's cache directory."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep" / "wheels"


def tags(name: str) -> set[str]:
    """`a-1-py2.py3-none-any.whl` → the tags that WHEEL lists for it."""
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    return {f"{p}-{a}-{m}" for p in python.split(".") for a in abi.split(".") for m in platform.split(".")}


def wheel_for(package: Mapping[str, Any], installed_tags: list[str]) -> Mapping[str, Any]:
    """The locked wheel that was installed, found by its tags; raises Unknown when none or several fit."""
    fits = [wheel for wheel in package.get("wheels", ()) if set(installed_tags) and set(installed_tags) <= tags(name_of(wheel))]
    if len(fits) != 1:
        raise Unknown(f"{len(fits)} locked wheels have the tags {', '.join(installed_tags) or 'none'}")
    return fits[0]  # type: ignore[no-any-return]


def contents_of_all(wheels: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str] | Unknown]:
    """Contents by name, fetched side by side; what cannot be told is the reason why."""

    def one(wheel: Mapping[str, Any]) -> dict[str, str] | Unknown:
        try:
            return contents(wheel)
        except Unknown as reason:
            return reason

    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(wheels, pool.map(one, wheels.values()), strict=True))


def contents(wheel: Mapping[str, Any]) -> dict[str, str]:
    """Name as the fingerprint gives it → sha256, for every file that the wheel installs; raises Unknown."""
    expected = str(wheel["hash"]).removeprefix("sha256:")
    remembered = cache() / f"{expected}-{RULES}.json"
    if remembered.is_file():
        known: dict[str, str] = json.loads(remembered.read_text(encoding="utf-8"))
        return known
    with tempfile.TemporaryFile() as file:
        try:
            with urllib.request.urlopen(wheel["url"], timeout=FETCH_SECONDS) as answer:
                while chunk := answer.read(1 << 20):
                    file.write(chunk)
        except OSError as error:
            raise Unknown(f"the wheel cannot be fetched: {getattr(error, 'reason', error)}") from error
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != expected:
            raise Unknown("what the index serves has another hash than the lock")
        files = recorded(zipfile.ZipFile(file))
    remembered.parent.mkdir(parents=True, exist_ok=True)
    partial = remembered.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(files), encoding="utf-8")
    partial.replace(remembered)
    return files


def recorded(wheel: zipfile.ZipFile) -> dict[str, str]:
    """The wheel's own RECORD, with `.data` directories put where installation puts them."""
    [record] = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    own = record.removesuffix("/RECORD")  # a package that is vendored may bring another
    about = wheel.read(f"{own}/WHEEL").decode()
    headers = re.sub(r"(?s).*?^Tag: cp3(\d+)-.*", r"../../../include/site/python3.\1/", about, flags=re.MULTILINE)
    files = {}
    for name, stated, *_ in csv.reader(wheel.read(record).decode().splitlines()):
        directory, _, base = name.rpartition("/")
        if not stated or name.endswith(".pyc") or (directory == own and base in INSTALLER_FILES):
            continue
        placed = re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", name)
        if ".data/scripts/" in placed:
            continue  # rewritten by the installer; still held to RECORD where they are installed
        placed = re.sub(r"^[^/]+\.data/data/", "../../../", placed)
        placed = re.sub(r"^([^/]+)-[^-/]+\.data/headers/", lambda found: f"{headers}{found[1]}/", placed)
        files[placed] = base64.urlsafe_b64decode(stated.partition("=")[2] + "=").hex()
    return files
