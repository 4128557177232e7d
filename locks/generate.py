# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = ["stdlib-list>=0.12"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""Make everything that follows from `locks/pyproject.toml`; `--check` names what would change and changes nothing.

Run it as `uv run --locked --script locks/generate.py`. `--upgrade` takes the newest versions that are old enough;
`--outdated` names them, asks the index alone and writes nothing.
"""

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from born import born_lock, requirements
from outdated import name_outdated
from taken import imported_names, taken_names
from universe import read_universe

LOCKS = Path(__file__).parent
UNIVERSE = LOCKS / "uv.lock"
TEMPLATE = LOCKS.parent / "template"
# The very settings of a service. Its pyproject.toml cannot hold them, because there uv would let a person's own win.
SETTINGS = ("--config-file", str(TEMPLATE / "uv.toml"))


# Everything that a service comes with, by the words of `uv lock`.
BORN = {
    "locks/uv.lock": ("--project", str(LOCKS), *SETTINGS),
    "template/noxfile.py.lock": ("--script", str(TEMPLATE / "noxfile.py")),
    "template/.lockstep/uv.lock": ("--project", str(TEMPLATE / ".lockstep")),
}


def scrubbed() -> dict[str, str]:
    """The environment without what could move a resolution: a mirror's address would be written into every service's lock."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_") or name == "UV_CACHE_DIR"}
    return {**kept, "UV_NO_SYSTEM_CONFIG": "1", "XDG_CONFIG_HOME": os.devnull, "UV_PYTHON_DOWNLOADS": "never"}


def lock(*arguments: str) -> None:
    subprocess.run(["uv", "lock", "--quiet", *arguments], env=scrubbed(), check=True)


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file and its text."""
    universe = read_universe(UNIVERSE)
    yield TEMPLATE / "uv.lock.jinja", born_lock(universe)
    project = tomllib.loads((LOCKS / "pyproject.toml").read_text(encoding="utf-8"))
    for name, text in requirements(project, universe).items():
        yield LOCKS / "requirements" / name, text
    sync = ["uv", "sync", "--quiet", "--locked", "--all-extras", "--all-groups", "--project", str(LOCKS), *SETTINGS]
    names = taken_names(universe, pythons(project["project"]["requires-python"]), imported_names(sync, scrubbed()))
    yield LOCKS / "taken-names.txt", as_lines(names)


def pythons(requires: str) -> list[str]:
    """The minor versions of `>=3.11,<3.16`."""
    first, end = map(int, re.findall(r"3\.(\d+)", requires))
    return [f"3.{minor}" for minor in range(first, end)]


def as_lines(names: Mapping[str, list[str]]) -> str:
    """A line for each holder. Reading them as YAML would take longer than all questions together."""
    return "".join(f"{holder}: {' '.join(theirs)}\n" for holder, theirs in names.items())


def main() -> int:
    """Lock and write, or compare; exit 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, name what would change")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are old enough")
    parser.add_argument("--outdated", action="store_true", help="change nothing, name what --upgrade would move")
    options = parser.parse_args()
    if options.outdated:
        return name_outdated(BORN, scrubbed())
    how = ["--check"] if options.check else ["--upgrade"] if options.upgrade else []
    before = UNIVERSE.read_bytes()
    universe, *others = BORN.values()
    lock(*universe, *how)
    if UNIVERSE.read_bytes() != before:
        # uv writes the splits by Python in another order when it begins with a lock that has them, as in every service.
        lock(*universe, "--upgrade-package", "lockstep-serve")
    for words in others:
        lock(*words, *how)
    stale = [(path, text) for path, text in files() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path, text in stale:
        print(f"{'stale' if options.check else 'written'}: {path.relative_to(LOCKS.parent)}")
        if not options.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
