"""The programs that uv writes beside an environment's Python for the entry points of a package, to the byte.

https://packaging.python.org/en/latest/specifications/entry-points/#use-for-scripts
"""

import os
import re
import sys
from collections.abc import Iterator

__all__ = ["expected_programs", "placed_program", "script_of_wheel"]

PROGRAM = """\
# -*- coding: utf-8 -*-
import sys
from {module} import {name}
if __name__ == "__main__":
    if sys.argv[0].endswith("-script.pyw"):
        sys.argv[0] = sys.argv[0][:-11]
    elif sys.argv[0].endswith(".exe"):
        sys.argv[0] = sys.argv[0][:-4]
    sys.exit({function}())
"""


def first_lines() -> list[bytes]:
    """How such a program begins. A path that is long or has a space in it is given to the shell."""
    names = ("python", "python3", f"python3.{sys.version_info[1]}")
    places = {f"{prefix}/bin/{name}" for prefix in (sys.prefix, os.path.realpath(sys.prefix)) for name in names}
    texts = [f"#!{place}\n" for place in places]
    for place in places:
        quoted = place.replace("'", "'\"'\"'")
        texts.append(f"#!/bin/sh\n'''exec' '{quoted}' \"$0\" \"$@\"\n' '''\n")
    return [os.fsencode(text) for text in texts]


def expected_programs(entry_points: str) -> dict[str, set[bytes]]:
    """Name → what its file may hold, for the console and GUI scripts of an `entry_points.txt`."""
    found: dict[str, set[bytes]] = {}
    for name, target in scripts_of(entry_points):
        module, _, function = target.partition(":")
        text = PROGRAM.format(module=module, name=function.partition(".")[0], function=function).encode()
        found[name] = {first + text for first in first_lines()}
    return found


def scripts_of(entry_points: str) -> Iterator[tuple[str, str]]:
    """Pairs of a name and `module:function`. uv writes pip's name with a version for its own Python, whatever the wheel says."""
    section = ""
    for line in map(str.strip, entry_points.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section in {"console_scripts", "gui_scripts"} and line[:1] not in {"", "#", ";"}:
            name, _, target = line.partition("=")
            name, target = name.strip(), "".join(target.partition("[")[0].split())
            if not re.fullmatch(r"pip3\.\d+", name):
                yield name, target
            if name == "pip3":
                yield f"pip3.{sys.version_info[1]}", target


def placed_program(content: bytes) -> bytes:
    """A script as its wheel has it, before an installer put the environment's Python into its first line."""
    first = next((first for first in first_lines() if content.startswith(first)), None)
    return b"#!python\n" + content[len(first) :] if first else content


def script_of_wheel(content: bytes) -> bytes:
    """A script of a wheel, as `placed_program` gives it back."""
    return b"#!python" + content.removeprefix(b"#!pythonw") if content.startswith(b"#!pythonw") else content
