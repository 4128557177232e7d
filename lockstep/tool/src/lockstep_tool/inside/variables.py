"""Name the variables that change what an interpreter does, by what that interpreter says and reads itself."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Iterator

from lockstep_tool.inside.files import read_bytes

__all__ = ["reaching_variables"]

# What Lockstep's commands and the image set; the check `flags` compares those that show.
DECLARED = {
    "PYTHONUTF8",
    "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE",
    "PYTHONUNBUFFERED",
    "PYTHONFAULTHANDLER",
    "PYTHONDONTWRITEBYTECODE",
}
# The dynamic linker's, and gunicorn's one.
OTHERS = re.compile(r"(LD|DYLD)_\w+|GLIBC_TUNABLES|GUNICORN_CMD_ARGS")


def reaching_variables(modules: Collection[str]) -> dict[str, str]:
    """Name → value of those that are set; `modules` are the files of the standard library."""
    there = {name: value for name, value in sorted(os.environ.items()) if value}
    asked = [name for name in there if name.startswith(("PYTHON", "_PYTHON", "__PYVENV")) and name not in DECLARED]
    known = set(known_here(asked, modules)) if asked else set()
    return {name: value for name, value in there.items() if name in known or OTHERS.fullmatch(name)}


def known_here(names: Collection[str], modules: Collection[str]) -> Iterator[str]:
    """Which of these the interpreter's own help lists, or its program, library or a module of its own reads."""
    command = [sys.executable, "-I", "-S", "--help-env"]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", env={}, check=False).stdout
    listed = set(re.findall(r"\w*PYTHON\w+", said))
    yield from listed.intersection(names)
    left = [name for name in names if name not in listed]
    library = os.path.join(sys.base_prefix, "lib", str(sysconfig.get_config_var("INSTSONAME") or "none"))
    programs = (os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable), library)
    for path in [*filter(os.path.isfile, programs), *modules] if left else ():
        content = read_bytes(path)
        for name in left:
            word = os.fsencode(name)
            if any(one in content for one in ([word + b"\0"] if path in programs else [b"'" + word + b"'", b'"' + word + b'"'])):
                yield name
