"""Name the variables that change what an interpreter does, by what that interpreter says and reads itself."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Iterator

from lockstep_tool.inside.files import read_bytes

__all__ = ["INTERPRETER", "LINKER", "reaching_variables"]

# What Lockstep's commands and the image set; the check `flags` compares those that show.
DECLARED = {
    "PYTHONUTF8",
    "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE",
    "PYTHONUNBUFFERED",
    "PYTHONFAULTHANDLER",
    "PYTHONDONTWRITEBYTECODE",
}
# Of ld.so(8), name by name: a service may have an LD_SDK_KEY of its own.
LINKER = (
    r"(?:LD_(?:ASSUME_KERNEL|AUDIT|BIND_NOT|BIND_NOW|DEBUG|DEBUG_OUTPUT|DYNAMIC_WEAK|HWCAP_MASK|LIBRARY_PATH|ORIGIN_PATH"
    r"|POINTER_GUARD|PREFER_MAP_32BIT_EXEC|PRELOAD|PROFILE|PROFILE_OUTPUT|SHOW_AUXV|TRACE_LOADED_OBJECTS|TRACE_PRELINKING"
    r"|USE_LOAD_BIAS|VERBOSE|WARN)|DYLD_\w+)"
)
# CPython's, where none can be asked: without an underscore, but for these since 3.13. PYTHON_ENV is a service's own.
INTERPRETER = (
    r"PYTHON(?:[A-Z0-9]+|_(?:BASIC_REPL|COLORS|CONTEXT_AWARE_WARNINGS|CPU_COUNT|DISABLE_REMOTE_DEBUG|FROZEN_MODULES|GIL"
    r"|HISTORY|JIT|LAZY_IMPORTS|PERF_JIT_SUPPORT|PRESITE|THREAD_INHERIT_CONTEXT|TLBC))"
)
# The dynamic linker's, and gunicorn's one.
OTHERS = re.compile(rf"{LINKER}|GLIBC_TUNABLES|GUNICORN_CMD_ARGS")


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
