"""Names that a service cannot have, because something that it imports or locks has them already."""

import keyword
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stdlib_list import stdlib_list

from universe import Universe

__all__ = ["imported_names", "taken_names"]

# Modules that a Python adds which stdlib-list does not know yet.
ADDED = {"3.15": {"profiling"}}
# YAML 1.1 reads these as true, false or nothing, wherever a file of CI or of a deployment names the service.
YAML_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def taken_names(universe: Universe, pythons: Iterable[str], imported: Iterable[str]) -> Mapping[str, list[str]]:
    """Names in the form of a package (`typing_extensions`), by what has them; each name stands once."""
    holders = {
        "a keyword of Python": set(keyword.kwlist),
        "a module of Python's standard library": {"test"}.union(*map(standard_modules, pythons)),
        "a word that YAML does not read as a name": YAML_WORDS,
        "a package that services lock": {entry.name.replace("-", "_") for entry in universe.entries},
        "imported from a package that services lock": set(imported),
        "Lockstep's own": {"lockstep", "lockstep_serve", "lockstep_tool"},
    }
    seen: set[str] = set()
    taken: dict[str, list[str]] = {}
    for holder, names in holders.items():
        # Names in any other form are refused as such.
        taken[holder] = sorted(name for name in names - seen if name.isidentifier() and name.islower() and name[0] != "_")
        seen |= names
    return taken


def standard_modules(python: str) -> set[str]:
    """The modules of a minor version, such as 3.14; those of a newer one come on top of the one before."""
    if python not in ADDED:
        return set(stdlib_list(python))
    major, minor = map(int, python.split("."))
    return standard_modules(f"{major}.{minor - 1}") | ADDED[python]


def imported_names(sync: Sequence[str], environment: Mapping[str, str]) -> set[str]:
    """What can be imported once `sync`, a command of uv, has installed the universe."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(sync, env={**environment, "UV_PROJECT_ENVIRONMENT": directory}, check=True)
        records = list(Path(directory).glob("lib/python*/site-packages/*.dist-info/RECORD"))
        files = [line.partition(",")[0] for record in records for line in record.read_text(encoding="utf-8").splitlines()]
    return {
        file.partition("/")[0].partition(".")[0] for file in files if file.endswith((".py", ".so")) and not file.startswith("..")
    }
