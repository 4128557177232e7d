"""Say what lies in an environment and is explained neither by a package, nor as byte code, nor as a part of every virtual
environment.
"""

import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Mapping

from lockstep_tool.inside.files import Below, read_text

__all__ = ["describe_venv", "find_unowned", "is_virtual"]


def is_virtual() -> bool:
    """Whether this is a virtual environment: then all of it is looked at, else what is installed."""
    return sys.prefix != sys.base_prefix


def describe_venv() -> dict[str, str] | None:
    """What uv wrote of the environment that the files beside it depend on; None where this is none."""
    if not is_virtual():
        return None
    said = read_settings()
    return {
        "prefix": sys.prefix,
        "real": os.path.realpath(sys.prefix),
        "prompt": said.get("prompt", ""),
        "uv": said.get("uv", ""),
        "lib": versioned_name(),
    }


def versioned_name() -> str:
    """What the interpreter and the directory of its library are called: python3.13, or python3.13t without the lock."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}{'t' * ('t' in sys.abiflags)}"


def read_settings() -> dict[str, str]:
    """pyvenv.cfg."""
    rows = (line.partition("=") for line in read_text(os.path.join(sys.prefix, "pyvenv.cfg")).splitlines())
    return {name.strip(): value.strip() for name, _, value in rows}


def find_unowned(below: Below, owned: Collection[str]) -> dict[str, str]:
    """Path → what is there. Directories that lead to a file or a link are not named."""
    found = {path for path, mode in below.modes.items() if path not in owned and not stat.S_ISDIR(mode)}
    found -= {path for path in found if is_of_venv(below, path)}
    leading: set[str] = set()
    for path in below.modes:
        if not stat.S_ISDIR(below.modes[path]):
            parent = os.path.dirname(path)
            while parent not in leading and len(parent) > 1:
                leading.add(parent)
                parent = os.path.dirname(parent)
    for path, mode in below.modes.items():
        if stat.S_ISDIR(mode) and path not in leading:
            parent, name = os.path.split(path)
            if not (name == "__pycache__" and parent in leading) and not is_of_venv(below, path):
                found.add(path)
    return {path: describe(below, path) for path in sorted(found)}


def is_of_venv(below: Below, path: str) -> bool:
    """Whether it is one of those parts of a virtual environment that are known without asking uv."""
    home, name = os.path.split(path)
    if not is_virtual():
        return False
    if home == os.path.join(sys.prefix, "bin") and stat.S_ISLNK(below.modes[path]):
        names = {"python", "python3", f"python3.{sys.version_info[1]}", versioned_name()}
        return name in names and os.path.realpath(path) == os.path.realpath(sys.executable)
    if home != sys.prefix:
        return path in {os.path.join(sys.prefix, *parts) for parts in empty_directories()}
    match name:
        case "lib64":
            return stat.S_ISLNK(below.modes[path]) and os.readlink(path) == "lib"
        case ".lock":  # uv's own, while it changes the environment
            return below.sizes.get(path) == 0
        case "pyvenv.cfg":
            return below.is_file(path) and is_as_uv_writes(read_settings())
    return False


def empty_directories() -> Iterable[tuple[str, ...]]:
    """Those that are there before anything is installed."""
    library = ("lib", versioned_name())
    return (("bin",), library[:1], library, (*library, "site-packages"))


def is_as_uv_writes(said: Mapping[str, str]) -> bool:
    """Whether pyvenv.cfg states this interpreter and nothing else."""
    base = os.path.realpath(sys.executable)
    wanted = {
        "implementation": "CPython" if sys.implementation.name == "cpython" else said.get("implementation"),
        "version_info": ".".join(map(str, sys.version_info[:3])),
        "include-system-site-packages": "false",
    }
    home = os.path.join(said.get("home", ""), os.path.basename(base))
    return (
        said.keys() <= {*wanted, "home", "uv", "prompt"}
        and all(said.get(name) == value for name, value in wanted.items())
        and (os.path.realpath(home) == base or os.path.realpath(said.get("home", "")) == os.path.dirname(base))
        and bool(re.fullmatch(r"\d+\.\d+\.\d+\S*", said.get("uv", "")))
    )


def describe(below: Below, path: str) -> str:
    """A hash of a file, where a link leads, or what else it is."""
    mode = below.modes[path]
    if stat.S_ISLNK(mode):
        return f"link to {os.readlink(path)}"
    if stat.S_ISDIR(mode):
        return "directory"
    if not below.is_file(path):
        return "neither file nor directory"
    try:
        return below.hash_once(path).hex()[:16]
    except OSError as error:
        return f"file that cannot be read: {error.strerror}"
