"""Name the locked packages that are older than the cool-down asks: a newer version is old enough to be taken.

uv is asked what `--upgrade` would write, and writes nothing.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence

__all__ = ["find_newer", "name_outdated"]

NOT_ASKED = 2


def name_outdated(locks: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> int:
    """Ask for each lock (its name → the words of `uv lock`); 0 when all is newest, 1 with a line for each that is not, 2 when
    uv could not ask.
    """
    older, code = 0, 0
    for lock, words in locks.items():
        command = ["uv", "lock", "--upgrade", "--dry-run", *words]
        asked = subprocess.run(command, env={**env, "NO_COLOR": "1"}, capture_output=True, text=True, check=False)
        if asked.returncode:
            print(f"{lock}: nothing was asked, so its packages may be old.\n{asked.stderr}")
            code = NOT_ASKED
        for line in find_newer(asked.stderr):
            older += 1
            print(f"{lock}: {line}")
    if not older and not code:
        print("Every locked package is the newest that the cool-down allows.")
    elif older:
        print(f"{older} are older than the cool-down asks. Take them with `uv run noxfile.py -s relock -- --upgrade`.")
    return code or min(older, 1)


def find_newer(said: str) -> Iterator[str]:
    """What uv would move, as `name old → new`.

    A package that is locked once for each Python has several versions, in order: only another newest one counts.
    """
    for name, before, after in re.findall(r"^Update (\S+) (\S.*) -> (\S.*)$", said, re.MULTILINE):
        old, new = before.rpartition(", ")[2], after.rpartition(", ")[2]
        if old != new:
            yield f"{name} {old.removeprefix('v')} → {new.removeprefix('v')}"
