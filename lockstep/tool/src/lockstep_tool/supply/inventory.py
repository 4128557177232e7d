"""Print what an environment has installed: the interpreter, Python distributions, Debian packages; one JSON document.

One file, standard library only: it goes into an image by standard input, so that nothing has to be in there for it.
"""

import json
import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

# Where a Debian with dpkg, and a base image without it, keep what is installed.
DEBIAN = ("var/lib/dpkg/status", "var/lib/dpkg/status.d")


def python() -> Iterator[dict[str, object]]:
    """Every distribution on the import path once, in the order of their names; the first found is what is imported."""
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        found.setdefault(re.sub(r"[-_.]+", "-", distribution.name).lower(), distribution)
    for name in sorted(found):
        wheel = found[name].read_text("WHEEL") or ""
        yield {
            "name": name,
            "version": found[name].version,
            "tags": sorted(line[4:].strip() for line in wheel.splitlines() if line.startswith("Tag:")),
            "service": "[lockstep_serve]" in (found[name].read_text("entry_points.txt") or ""),
        }


def debian(root: Path) -> Iterator[dict[str, str]]:
    """Name, version and architecture of each Debian package that is recorded as installed."""
    for name in DEBIAN:
        path = root / name
        for file in sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []:
            for stanza in file.read_text(encoding="utf-8", errors="replace").split("\n\n"):
                said = dict(re.findall(r"^(Package|Version|Architecture|Status): *(.*)$", stanza, re.MULTILINE))
                if {"Package", "Version"} <= said.keys() and "installed" in said.get("Status", "installed").split():
                    yield {
                        "name": said["Package"],
                        "version": said["Version"],
                        "arch": said.get("Architecture", "all"),
                    }


def system() -> dict[str, str]:
    """ID and VERSION_ID of the operating system; empty where it does not say."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return {}
    return {name: release[name] for name in ("ID", "VERSION_ID") if name in release}


if __name__ == "__main__":
    document = {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "packages": list(python()),
        "system": system(),
        "debian": sorted(debian(Path(os.sep)), key=lambda package: (package["name"], package["arch"])),
    }
    json.dump(document, sys.stdout, sort_keys=True)
    print()
