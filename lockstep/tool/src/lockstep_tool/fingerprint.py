"""Look into an environment and print what is there: one JSON document, a member for each thing that is looked at.

Standard library only, Python 3.11 or newer: this file, those of `inside/` and lockstep_serve/environment.py together are
the probe, one program that is piped into an interpreter which may have nothing installed (environments/probe.py puts it
together). The application is not imported, so nothing of it runs.
"""

import gc
import json
import os
import platform
import sys
import sysconfig
import time
from collections.abc import Iterator
from typing import Any

from lockstep_serve.environment import (
    digest,
    environment_id,
    metadata_directories,
    packages,
    python_version,
    search_path,
    service,
    source,
    source_root,
    source_roots,
)
from lockstep_tool.inside.byte_code import is_compiled, judge_byte_code
from lockstep_tool.inside.files import INSTALLED, Below, hash_file, list_below, read_text, shorten
from lockstep_tool.inside.modes import find_loose_modes
from lockstep_tool.inside.records import distribution, owned_paths
from lockstep_tool.inside.unowned import describe_venv, find_unowned, is_virtual
from lockstep_tool.inside.variables import reaching_variables

SCHEMA = "lockstep.fingerprint/2"
NOT_CODE = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
DECLARED_FILES = ("uv.lock", "pyproject.toml", ".python-version")


def interpreter(code: dict[str, str]) -> dict[str, Any]:
    """Which build of that version this is, down to the bytes of its executable and of each file of its standard
    library, which is `code`.
    """
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    library = os.path.join(sys.base_prefix, "lib", str(sysconfig.get_config_var("INSTSONAME") or "none"))
    return {
        "implementation": sys.implementation.name,
        "build": sys.version,
        "executable": hash_file(executable).hex(),
        "library": hash_file(library).hex() if os.path.isfile(library) else None,
        "standard_library": digest(code),
        "files": shorten(code),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "debug": bool(sysconfig.get_config_var("Py_DEBUG")),
    }


def standard_library(below: Below) -> Iterator[tuple[str, str]]:
    """Path below the standard library → sha256 of each module, without tests and what only building needs."""
    root = standard_root()
    for path in sorted(below.modes):
        if not path.endswith((".py", ".so")) or (path not in below.sizes and not os.path.isfile(path)):
            continue
        name = path[len(root) + 1 :]
        built = name.startswith("config-")  # such as config-3.13-x86_64-linux-gnu
        if not built and "__pycache__" not in name and not os.path.basename(name).startswith("_sysconfigdata"):
            yield name, below.hash_once(path).hex()


def standard_root() -> str:
    """The directory of the standard library."""
    return os.path.dirname(os.__file__)


def installed_roots() -> list[str]:
    """The environment, or where there is none what is installed; and what is installed elsewhere and imported."""
    inside = [sys.prefix] if is_virtual() else []
    others = [str(entry) for entry in search_path() if entry.name in INSTALLED]
    return inside + [other for other in others if not is_virtual() or not other.startswith(sys.prefix + os.sep)]


def markers() -> dict[str, str]:
    """The values that decide which dependencies a platform needs (PEP 508)."""
    return {
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def libraries() -> dict[str, str]:
    """Libraries that the interpreter is linked with, and the C library."""
    found: dict[str, str] = {}
    for name, module, attribute in (  # the modules in C: what wraps them takes longer to import than all the rest
        ("openssl", "_ssl", "OPENSSL_VERSION"),
        ("sqlite", "_sqlite3", "sqlite_version"),
        ("zlib", "zlib", "ZLIB_RUNTIME_VERSION"),
        ("expat", "pyexpat", "EXPAT_VERSION"),
    ):
        try:
            found[name] = str(getattr(__import__(module), attribute))
        except ImportError:
            found[name] = "not there"
    names = getattr(os, "confstr_names", {})
    found["libc"] = str(os.confstr("CS_GNU_LIBC_VERSION")) if "CS_GNU_LIBC_VERSION" in names else platform.platform()
    found["certificates"] = certificates()
    return found


def certificates() -> str:
    """The bundle that TLS trusts by default: the start of its sha256, or how many files its directory has."""
    try:
        import _ssl
    except ImportError:
        return "not there"
    # As ssl.get_default_verify_paths reads them, without importing `ssl`.
    file_variable, file, directory_variable, directory = _ssl.get_default_verify_paths()
    file, directory = os.environ.get(file_variable, file), os.environ.get(directory_variable, directory)
    if os.path.isfile(file):
        return hash_file(file).hex()[:16]
    return f"{len(os.listdir(directory))} files" if os.path.isdir(directory) else "none"


def extra_search_path() -> list[str]:
    """Directories of sys.path that are neither the interpreter's nor the environment's, nor where this file lies."""
    ours = [os.path.realpath(path) for path in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}]
    here = os.path.realpath(os.path.dirname(globals().get("__file__") or os.getcwd()))
    found = (os.path.realpath(entry) for entry in sys.path if entry)
    return sorted(e for e in found if e != here and not any(e == o or e.startswith(o + os.sep) for o in ours))


def flags() -> dict[str, Any]:
    """Interpreter flags, encodings and locale."""
    chosen = ("optimize", "utf8_mode", "safe_path", "no_user_site", "dev_mode", "ignore_environment")
    with open(os.devnull) as text:
        encoding = text.encoding.lower()  # the one that files have unless somebody says otherwise
    return {
        **{name: int(getattr(sys.flags, name)) for name in chosen},
        "filesystem_encoding": sys.getfilesystemencoding(),
        "text_encoding": encoding,
        "locale": os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C",
    }


def clock() -> dict[str, str]:
    """The time zone in force, and the version of its data: the system's, or of the tzdata package."""
    zone = "UTC" if not (time.timezone or time.daylight) else os.environ.get("TZ") or "/".join(time.tzname)
    # As zoneinfo.TZPATH says, without importing `zoneinfo`.
    stated = os.environ.get("PYTHONTZPATH", sysconfig.get_config_var("TZPATH") or "")
    directories = [directory for directory in stated.split(os.pathsep) if os.path.isabs(directory)]
    for directory in directories:
        if said := read_text(f"{directory}/tzdata.zi"):
            return {"zone": zone, "data": said.partition("\n")[0].removeprefix("# version").strip()}
    known = "there, of unknown version" if any(map(os.path.isdir, directories)) else "none"
    return {"zone": zone, "data": packages().get("tzdata", known)}


def process() -> dict[str, Any]:
    """Who runs here, below what, and with which limits: open files, processors, memory in bytes (None: no limit)."""
    return {
        "user": os.getuid() if hasattr(os, "getuid") else None,
        "group": os.getgid() if hasattr(os, "getgid") else None,
        "process_1": read_text("/proc/1/cmdline").partition("\0")[0],
        "open_files": open_files(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu_quota": read_first("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        "memory": read_first("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    }


def open_files() -> int | None:
    """The soft limit on open files."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def read_first(*names: str) -> str:
    """What the first of these files says that is there: cgroup v2, then v1."""
    return next(filter(None, (read_text(name).strip() for name in names)), "")


def declared_files() -> dict[str, str]:
    """The hashes of what declares the environment, where it carries that (an image does, beside its environment)."""
    home = os.environ.get("LOCKSTEP_HOME") or os.path.dirname(sys.prefix)
    paths = {name: os.path.join(home, name) for name in DECLARED_FILES}
    return {name: hash_file(path).hex() for name, path in paths.items() if os.path.isfile(path)}


def server_values() -> dict[str, Any] | None:
    """The server definition in force here, or the reason why there is none."""
    package = source_root()
    try:
        from lockstep_serve.definition import read_definition  # not `serving`, which imports far more
    except ImportError:
        return None
    if package is None:
        return None
    try:
        definition = read_definition(package / "server.toml")
    except Exception as error:  # a Refusal: its text is what the check says
        return {"error": str(error)}
    values = {name: value.value for name, value in sorted(definition.values.items())}
    return {"model": definition.model.name, **values}


def take_fingerprint(known: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Everything that is looked at in this environment; `known` are verdicts on byte code, see inside/byte_code.py."""
    directories = {name: str(path) for name, path in sorted(metadata_directories().items())}
    own, name = source(*source_roots()), service()
    installed = packages()
    roots = installed_roots()
    below = list_below(*roots)
    read_by_python = (".py", ".so", f".{sys.implementation.cache_tag}.pyc", f".opt-{sys.flags.optimize}.pyc")
    standard = list_below(standard_root(), leave=INSTALLED | NOT_CODE, endings=read_by_python)
    code = dict(standard_library(standard))
    distributions = {key: distribution(path, below, own=key == name) for key, path in directories.items()}
    compiled = judge_byte_code(below, next(iter(roots), sys.prefix), standard, known)
    owned = {path for directory in directories.values() for path in owned_paths(directory) if not is_compiled(path)}
    judged = {path for path in below.modes if is_compiled(path)}.difference(compiled.unknown)
    return {
        "schema": SCHEMA,
        "environment": environment_id(python_version(), installed, own),
        "service": name,
        "inputs": declared_files(),
        "python": python_version(),
        "interpreter": interpreter(code),
        "markers": markers(),
        "packages": installed,
        "distributions": distributions,
        "venv": describe_venv(),
        "unowned": find_unowned(below, owned | judged),
        "modes": find_loose_modes(below),
        "byte_code": {
            "checked": compiled.checked,
            "stale": compiled.stale,
            "other": compiled.other,
            "proved": compiled.proved,
        },
        "source": own,
        "server": server_values(),
        "search_path": extra_search_path(),
        "flags": flags(),
        "time": clock(),
        "libraries": libraries(),
        "ambient": reaching_variables([os.path.join(standard_root(), module) for module in code]),
        "process": process(),
    }


if __name__ == "__main__":
    gc.disable()  # it ends before there is anything to collect
    # A program that every start runs may have printed something without ending its line.
    print("\n" + json.dumps(take_fingerprint(), sort_keys=True, separators=(",", ":")))
