"""Look into an environment and print what is there: one JSON document, a member for each thing that is looked at.

Standard library only, Python 3.11 or newer: this file and lockstep_serve/environment.py together are the probe, one
program that is piped into an interpreter which may have nothing installed (environments/probe.py puts it together).
That is why it is longer than a module should be. The application is not imported, so nothing of it runs.
"""

import base64
import csv
import gc
import hashlib
import json
import os
import platform
import re
import sys
import sysconfig
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
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

SCHEMA = "lockstep.fingerprint/1"
NOT_CODE = {"__pycache__", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
INSTALLED = {"site-packages", "dist-packages"}
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
CACHED = f"{os.sep}__pycache__{os.sep}"
PIECE = 1 << 17  # bytes that are read at once: they are still in the processor's cache when they are hashed


def hash_file(path: str) -> bytes:
    """The sha256 of a file's bytes; raises OSError. It does without file objects, which cost as much as the hash."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        hashed = hashlib.sha256()
        while piece := os.read(file, PIECE):
            hashed.update(piece)
        return hashed.digest()
    finally:
        os.close(file)


@cache
def files_of(directory: str) -> list[str]:
    """Every file and link below a directory, sorted; what is installed below the standard library has a root of its own."""
    found: list[str] = []
    todo = [directory]
    while todo:
        try:
            entries = os.scandir(todo.pop())
        except OSError:  # what cannot be listed cannot be imported from either
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            elif entry.name not in INSTALLED:
                todo.append(entry.path)
    return sorted(found)


def interpreter() -> dict[str, Any]:
    """Which build of that version this is, down to the bytes of its executable and of each file of its standard
    library.
    """
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    library = os.path.join(sys.base_prefix, "lib", str(sysconfig.get_config_var("INSTSONAME") or "none"))
    code = dict(standard_library())
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


def standard_library() -> Iterator[tuple[str, str]]:
    """Path below the standard library → sha256 of each module, without tests and what only building needs."""
    root = os.path.dirname(os.__file__)
    for path in files_of(root):
        if not path.endswith((".py", ".so")):
            continue
        name = path[len(root) + 1 :]
        *directories, last = name.split(os.sep)
        built = directories[:1] and directories[0].startswith("config-")  # such as config-3.13-x86_64-linux-gnu
        if not built and NOT_CODE.isdisjoint(directories) and not last.startswith("_sysconfigdata"):
            yield name, hash_file(path).hex()


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


def distribution(directory: str) -> dict[str, Any]:
    """One installed distribution: what it has by its own RECORD, and where its files disagree with it.

    `files` maps names as they are in the wheel to the start of the sha256 of what is on disk.
    """
    site, own = os.path.split(directory)
    files: dict[str, str] = {}
    edited, missing, linked = [], [], False
    for name, stated, *_ in record_of(directory):
        if is_byte_code(name):
            continue
        path = f"{site}/{name}"
        try:
            actual = hash_file(path)
        except OSError:
            missing.append(name)
            continue
        if stated.startswith("sha256=") and stated[7:] != base64.urlsafe_b64encode(actual).rstrip(b"=").decode():
            edited.append(name)
            linked = linked or os.stat(path).st_nlink > 1  # uv's cache has the same file
        parent, _, last = name.rpartition("/")
        if (parent == own and last in INSTALLER_FILES) or is_script(name):
            continue
        files[name] = actual.hex()
    wheel = read_text(f"{directory}/WHEEL")
    return {
        "tags": sorted(line.partition(":")[2].strip() for line in wheel.splitlines() if line.startswith("Tag:")),
        "needs": needs(directory),
        "record": os.path.isfile(f"{directory}/RECORD"),
        "digest": digest(files),
        "files": shorten(files),
        "edited": edited,
        "missing": missing,
        "linked": linked,
    }


def is_byte_code(name: str) -> bool:
    """Whether it is compiled on the spot, so that no wheel says what it holds; the check `byte code` looks at it."""
    return name.endswith(".pyc") and "__pycache__/" in name


def is_script(name: str) -> bool:
    """Whether its first line names the environment, so that it can be compared with RECORD only."""
    return name.startswith("../") and name.rpartition("/")[0].rpartition("/")[2] in {"bin", "Scripts"}


def needs(directory: str) -> dict[str, list[str]]:
    """What a distribution says itself that it needs: normalised names, `always`, and only with an `extra` of it.

    https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use
    """
    found: dict[str, set[str]] = {"always": set(), "extra": set()}
    headers = read_text(f"{directory}/METADATA").partition("\n\n")[0]
    for name, rest in re.findall(r"(?m)^Requires-Dist:\s*([A-Za-z0-9._-]+)(.*)", headers):
        marker = rest.partition(";")[2]
        optional = re.search(r"\bextra\b", marker) and not re.search(r"\bor\b", marker)
        found["extra" if optional else "always"].add(re.sub(r"[-_.]+", "-", name).lower())
    return {kind: sorted(names) for kind, names in found.items()}


@cache
def record_of(directory: str) -> list[list[str]]:
    """The rows of a RECORD: name, hash, size; none where there is no RECORD."""
    return [row for row in csv.reader(read_text(f"{directory}/RECORD").splitlines()) if len(row) > 1]


def shorten(files: Mapping[str, str]) -> dict[str, str]:
    """16 characters of each hash name a changed file well enough; `digest` judges the whole."""
    return {name: value[:16] for name, value in sorted(files.items())}


def unowned_files(directories: Iterable[str]) -> list[str]:
    """Files and links in the search path, and programs of a virtual environment, that no distribution's RECORD names;
    compiled files are looked at apart.
    """
    owned = set()
    for directory in directories:
        site = os.path.dirname(directory)
        for name, *_ in record_of(directory):
            path = f"{site}/{name}"
            owned.add(os.path.normpath(path) if ".." in name else path)
    # A virtual environment's own two files, and the name of uv's marker for them.
    of_the_environment = {"_virtualenv.py", "_virtualenv.pth"}
    importable = [
        file
        for entry in search_path()
        if entry.name in INSTALLED
        for file in files_of(str(entry))
        if file not in owned and not (file.endswith(".pyc") and CACHED in file)
        if not file.endswith(".lock") and os.path.basename(file) not in of_the_environment
    ]
    return [*importable, *unowned_programs(owned)]


def unowned_programs(owned: Collection[str]) -> Iterator[str]:
    """What lies beside a virtual environment's Python and is neither that, nor a distribution's, nor for a shell."""
    if sys.prefix == sys.base_prefix:
        return
    for file in files_of(os.path.join(sys.prefix, "bin")):
        name = os.path.basename(file)
        if re.fullmatch(r"python[0-9.]*", name):
            known = os.path.realpath(file) == os.path.realpath(sys.executable) or hash_file(file) == hash_file(sys.executable)
        else:
            known = file in owned or bool(re.fullmatch(r"(de)?activate(_this\.py|\.[a-z0-9]+)?|pydoc\.bat", name))
        if not known:
            yield file


def byte_code() -> dict[str, Any]:
    """Byte code that would run although its header does not match the source beside it."""
    ending = f".{sys.implementation.cache_tag}.pyc"
    checked, stale = 0, []
    for root in [*map(str, search_path()), os.path.dirname(os.__file__)]:
        for compiled in files_of(root):
            if compiled.endswith(ending) and CACHED in compiled:
                directory, _, name = compiled.rpartition(CACHED)
                fits = matches_source(compiled, f"{directory}{os.sep}{name.removesuffix(ending)}.py")
                checked += fits is not None
                if fits is False:
                    stale.append(compiled)
    return {"checked": checked, "stale": sorted(stale)}


def matches_source(compiled: str, original: str) -> bool | None:
    """Whether the header fits the source; None where Python would not use this file, or there is no source to compare
    it with.
    """
    try:
        status = os.stat(original)
        file = os.open(compiled, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        head = os.read(file, 16)
    finally:
        os.close(file)
    if head[:4] != MAGIC_NUMBER:
        return None
    if head[4] & 1:  # by hash: PEP 552
        return source_hash(Path(original).read_bytes()) == head[8:16]
    stated = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    return b"".join(part.to_bytes(4, "little") for part in stated) == head[8:16]


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


def read_text(name: str) -> str:
    """A file's text, or nothing where it cannot be read."""
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def read_first(*names: str) -> str:
    """What the first of these files says that is there: cgroup v2, then v1."""
    return next(filter(None, (read_text(name).strip() for name in names)), "")


def ambient() -> dict[str, str]:
    """Variables that reach into the interpreter or the server from outside."""
    pattern = re.compile(r"PYTHON(PATH|HOME|STARTUP|OPTIMIZE|INSPECT|WARNINGS)|LD_(PRELOAD|LIBRARY_PATH)|GUNICORN_CMD_ARGS")
    return {name: value for name, value in sorted(os.environ.items()) if pattern.fullmatch(name)}


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


def take_fingerprint() -> dict[str, Any]:
    """Everything that is looked at in this environment."""
    directories = {name: str(path) for name, path in sorted(metadata_directories().items())}
    own, name = source(*source_roots()), service()
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
        "distributions": {key: distribution(path) for key, path in directories.items()},
        "unowned": unowned_files(directories.values()),
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
    gc.disable()  # it ends before there is anything to collect
    print(json.dumps(take_fingerprint(), sort_keys=True, separators=(",", ":")))
