"""Look into a place and print what is there: one JSON document, a member for each facet.

One file, standard library only, Python 3.11 or newer, so that any interpreter can be looked into without installing
anything: `… python - < src/lockstep/fingerprint.py`. That is why it is longer than a room should be. The application
is not imported, so nothing of it runs.
"""

import base64
import csv
import json
import locale
import os
import platform
import re
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import MAGIC_NUMBER, source_from_cache, source_hash
from pathlib import Path
from typing import Any

from lockstep_serve.environment import (
    digest,
    environment_id,
    files_below,
    metadata_directories,
    packages,
    python_version,
    search_path,
    service,
    sha256,
    source,
    source_root,
)

SCHEMA = "lockstep.fingerprint/1"
NOT_CODE = {"__pycache__", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
# Written by whoever installs, not by whoever made the wheel (PyPA: recording installed projects; uv adds the last two).
INSTALLER_FILES = {
    "RECORD",
    "RECORD.jws",
    "RECORD.p7s",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
}
DECLARED_FILES = ("uv.lock", "pyproject.toml", ".python-version")


def interpreter() -> dict[str, Any]:
    """Which build of that version this is, down to the bytes of its executable and of each file of its standard
    library.
    """
    executable = Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
    library = Path(sys.base_prefix, "lib", str(sysconfig.get_config_var("INSTSONAME") or "none"))
    standard = Path(os.__file__).parent
    code = {
        str(file.relative_to(standard)): sha256(file)
        for file in files_below(standard, NOT_CODE | {"site-packages", "dist-packages", *config_directories(standard)})
        if file.suffix in {".py", ".so"} and not file.name.startswith("_sysconfigdata")
    }
    return {
        "implementation": sys.implementation.name,
        "build": sys.version,
        "executable": sha256(executable),
        "library": sha256(library) if library.is_file() else None,
        "standard_library": digest(code),
        "files": shorten(code),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "debug": bool(sysconfig.get_config_var("Py_DEBUG")),
    }


def config_directories(standard: Path) -> list[str]:
    """Build leftovers, such as config-3.13-x86_64-linux-gnu."""
    return [entry.name for entry in standard.glob("config-*")]


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


def distribution(directory: Path) -> dict[str, Any]:
    """One installed distribution: what it has by its own RECORD, and where its files disagree with it.

    `files` maps names as they are in the wheel to the start of the sha256 of what is on disk.
    """
    files: dict[str, str] = {}
    edited, missing, linked = [], [], False
    for name, stated, *_ in record_of(directory):
        path = directory.parent / name
        if name.endswith(".pyc"):
            continue
        if not path.is_file():
            missing.append(name)
            continue
        actual = sha256(path)
        if stated.startswith("sha256=") and stated[7:] != urlsafe(actual):
            edited.append(name)
            linked = linked or path.stat().st_nlink > 1  # uv's cache has the same file
        installed_here = path.name in INSTALLER_FILES and path.parent.name == directory.name
        if installed_here or (name.startswith("../") and path.parent.name in {"bin", "Scripts"}):
            continue  # a script's first line names the place, so it is held to RECORD only
        files[name] = actual
    wheel = (directory / "WHEEL").read_text(encoding="utf-8") if (directory / "WHEEL").is_file() else ""
    tags = sorted(line.partition(":")[2].strip() for line in wheel.splitlines() if line.startswith("Tag:"))
    return {
        "tags": tags,
        "needs": needs(directory),
        "record": (directory / "RECORD").is_file(),
        "digest": digest(files),
        "files": shorten(files),
        "edited": edited,
        "missing": missing,
        "linked": linked,
    }


def needs(directory: Path) -> dict[str, list[str]]:
    """What a distribution says itself that it needs: normalised names, `always`, and only with an `extra` of it.

    https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use
    """
    found: dict[str, set[str]] = {"always": set(), "extra": set()}
    metadata = directory / "METADATA"
    text = metadata.read_text(encoding="utf-8", errors="replace") if metadata.is_file() else ""
    for name, rest in re.findall(r"(?m)^Requires-Dist:\s*([A-Za-z0-9._-]+)(.*)", text.partition("\n\n")[0]):
        marker = rest.partition(";")[2]
        optional = re.search(r"\bextra\b", marker) and not re.search(r"\bor\b", marker)
        found["extra" if optional else "always"].add(re.sub(r"[-_.]+", "-", name).lower())
    return {kind: sorted(names) for kind, names in found.items()}


@cache
def record_of(directory: Path) -> list[list[str]]:
    """The rows of a RECORD: name, hash, size; none where there is no RECORD."""
    record = directory / "RECORD"
    lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    return [row for row in csv.reader(lines) if row]


def urlsafe(hexadecimal: str) -> str:
    """A sha256 as RECORD writes it."""
    return base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)).rstrip(b"=").decode()


def shorten(files: Mapping[str, str]) -> dict[str, str]:
    """16 characters of each hash name a changed file well enough; `digest` judges the whole."""
    return {name: value[:16] for name, value in sorted(files.items())}


def strays(directories: Iterable[Path]) -> list[str]:
    """Files in the search path that no distribution's RECORD owns; byte code is judged by its own facet."""
    owned = {os.path.normpath(directory.parent / row[0]) for directory in directories for row in record_of(directory)}
    return sorted(
        str(file)
        for entry in search_path()
        if entry.name in {"site-packages", "dist-packages"}
        for file in files_below(entry)
        if file.suffix not in {".pyc", ".lock"} and os.path.normpath(file) not in owned
        # A virtual environment's own two files, and the name of uv's marker for them.
        if file.name not in {"_virtualenv.py", "_virtualenv.pth"}
    )


def byte_code() -> dict[str, Any]:
    """Byte code that would run although its header does not match the source beside it."""
    checked, stale = 0, []
    for root in [*search_path(), Path(os.__file__).parent]:
        for compiled in compiled_below(root):
            fits = matches_source(compiled)
            checked += fits is not None
            if fits is False:
                stale.append(compiled)
    return {"checked": checked, "stale": sorted(stale)}


def compiled_below(root: Path) -> Iterator[str]:
    """Byte code of this interpreter's own kind; what is installed below the standard library has its own root."""
    ending = f".{sys.implementation.cache_tag}.pyc"
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if name not in {"site-packages", "dist-packages"}]
        if directory.endswith("__pycache__"):
            yield from (os.path.join(directory, file) for file in files if file.endswith(ending))


def matches_source(compiled: str) -> bool | None:
    """Whether the header fits the source; None where Python would not use this file, or there is no source to hold it
    against.
    """
    original = source_from_cache(compiled)
    with open(compiled, "rb") as file:
        head = file.read(16)
    if head[:4] != MAGIC_NUMBER or not os.path.isfile(original):
        return None
    if int.from_bytes(head[4:8], "little") & 1:  # by hash: PEP 552
        with open(original, "rb") as file:
            return source_hash(file.read()) == head[8:16]
    status = os.stat(original)
    stated = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    return b"".join(part.to_bytes(4, "little") for part in stated) == head[8:16]


def libraries() -> dict[str, str]:
    """Libraries that the interpreter is linked with, and the C library."""
    found: dict[str, str] = {}
    for name, module, attribute in (
        ("openssl", "ssl", "OPENSSL_VERSION"),
        ("sqlite", "sqlite3", "sqlite_version"),
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
        import ssl
    except ImportError:
        return "not there"
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return sha256(Path(paths.cafile))[:16]
    return f"{len(os.listdir(paths.capath))} files" if paths.capath else "none"


def extra_search_path() -> list[str]:
    """Directories of sys.path that are neither the interpreter's nor the environment's, nor where this file lies."""
    ours = [os.path.realpath(path) for path in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}]
    here = os.path.realpath(os.path.dirname(globals().get("__file__") or os.getcwd()))
    found = (os.path.realpath(entry) for entry in sys.path if entry)
    return sorted(e for e in found if e != here and not any(e == o or e.startswith(o + os.sep) for o in ours))


def flags() -> dict[str, Any]:
    """Interpreter flags, encodings and locale."""
    chosen = ("optimize", "utf8_mode", "safe_path", "no_user_site", "dev_mode", "ignore_environment")
    return {
        **{name: int(getattr(sys.flags, name)) for name in chosen},
        "filesystem_encoding": sys.getfilesystemencoding(),
        "text_encoding": locale.getpreferredencoding(do_setlocale=False).lower(),
        "locale": os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C",
    }


def clock() -> dict[str, str]:
    """The time zone in force, and the version of its data: the system's, or of the tzdata package."""
    import zoneinfo  # only here: a server that starts says its environment id, and needs none of it

    zone = "UTC" if not (time.timezone or time.daylight) else os.environ.get("TZ") or "/".join(time.tzname)
    for directory in zoneinfo.TZPATH:
        data = Path(directory, "tzdata.zi")
        if data.is_file():
            with data.open(encoding="utf-8") as file:
                return {"zone": zone, "data": file.readline().removeprefix("# version").strip()}
    known = "there, of unknown version" if any(map(os.path.isdir, zoneinfo.TZPATH)) else "none"
    return {"zone": zone, "data": packages().get("tzdata", known)}


def process() -> dict[str, Any]:
    """Who runs here, below what, and with which limits: open files, processors, memory in bytes (None: no limit)."""
    return {
        "user": os.getuid() if hasattr(os, "getuid") else None,
        "group": os.getgid() if hasattr(os, "getgid") else None,
        "process_1": read("/proc/1/cmdline").partition("\0")[0],
        "open_files": open_files(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu_quota": first_of("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        "memory": first_of("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    }


def open_files() -> int | None:
    """The soft limit on open files."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def read(name: str) -> str:
    """A small file's text, or nothing where it cannot be read."""
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def first_of(*names: str) -> str:
    """What the first of these files says that is there: cgroup v2, then v1."""
    return next(filter(None, map(read, names)), "")


def ambient() -> dict[str, str]:
    """Variables that reach into the interpreter or the server from outside."""
    pattern = re.compile(r"PYTHON(PATH|HOME|STARTUP|OPTIMIZE|INSPECT|WARNINGS)|LD_(PRELOAD|LIBRARY_PATH)|GUNICORN_CMD_ARGS")
    return {name: value for name, value in sorted(os.environ.items()) if pattern.fullmatch(name)}


def declared_files() -> dict[str, str]:
    """The hashes of the inputs, where the place carries them (an image does, beside its environment)."""
    home = Path(os.environ.get("LOCKSTEP_HOME") or Path(sys.prefix).parent)
    return {name: sha256(home / name) for name in DECLARED_FILES if (home / name).is_file()}


def server_values() -> dict[str, Any] | None:
    """The server definition in force here, or the reason why there is none."""
    try:
        from lockstep_serve import models as model
        from lockstep_serve.serving import in_force
    except ImportError:
        return None
    try:
        values = in_force().values
    except Exception as error:  # a Refusal: its text is the facet
        return {"model": model.MODEL, "error": str(error)}
    return {"model": model.MODEL, **{name: value.value for name, value in sorted(values.items())}}


def take() -> dict[str, Any]:
    """All facets of this place."""
    directories = metadata_directories()
    own, name = source(source_root()), service()
    installed = packages()
    return {
        "schema": SCHEMA,
        "environment": environment_id(python_version(), installed, own),
        "service": name,
        "inputs": declared_files(),
        "python": python_version(),
        "interpreter": interpreter(),
        "markers": markers(),
        "packages": installed,
        "distributions": {key: distribution(path) for key, path in sorted(directories.items())},
        "strays": strays(directories.values()),
        "byte_code": byte_code(),
        "source": own,
        "server": server_values(),
        "search_path": extra_search_path(),
        "flags": flags(),
        "time": clock(),
        "libraries": libraries(),
        "ambient": ambient(),
        "process": process(),
    }


if __name__ == "__main__":
    print(json.dumps(take(), sort_keys=True, separators=(",", ":")))
