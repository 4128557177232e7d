"""Name exactly what a server is started from, so that what was seen of it once need not be looked for twice.

The bytes that are installed are hashed, whatever else is known of them: an edit there changes the name. A process that
looks again, to see that nothing has changed since its first look, hashes what has another time than then. The interpreter
and its standard library, which nothing installs into, are named by what the file system says of their files.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import lockstep_tool
from lockstep_serve.environment import digest, source
from lockstep_tool.files.variables import variables
from lockstep_tool.inside.files import hash_file
from lockstep_tool.inside.installer import INSTALLER_FILES
from lockstep_tool.prove.production import Production

__all__ = ["Subject", "describe_subject"]

# Variables that reach the interpreter and libraries, beside those that the service's source reads.
REACHING = (
    *("PYTHON*", "LD_*", "DYLD_*", "LC_*", "LANG*", "TZ", "MALLOC_*", "SSL_*", "OPENSSL_*", "*_PROXY", "*_proxy"),
    *("LOCKSTEP_*", "DJANGO_*", "FLASK_*", "OTEL_*"),
)
SETTLED_NANOSECONDS = 2 * 10**9  # the coarsest times of a file system: what is younger may change and keep its time
NOT_LOADED = {"__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "ensurepip"}


@dataclass(frozen=True)
class Subject:
    """`parts` are what it consists of, in words, each with its hash; `byte_code` are hashes of compiled files, which
    come with the first import and are then as much a part as their source.
    """

    parts: Mapping[str, str]
    byte_code: frozenset[str]

    @property
    def key(self) -> str:
        """64 hexadecimal characters over all parts."""
        return digest(self.parts)


def describe_subject(production: Production) -> Subject:
    """What a server of this environment is started from, now."""
    service, definition = production.service, production.definition
    home = production.python.parents[1]
    installed, byte_code = hash_installed(home)
    values = {name: value.value for name, value in definition.values.items()}
    # What runs from the checkout may read whatever lies there.
    checkout = stat_below(service.root, is_apart) if production.package.is_relative_to(service.root / "src") else ()
    return Subject(
        {
            "installed packages": installed,
            "interpreter": hash_interpreter(production.python),
            **service.inputs,
            "source": digest(service.source),
            "checkout": hash_value(sorted(checkout)),
            "server definition": hash_value([definition.model.name, values, definition.model.processes(definition)]),
            "tool": digest(source(Path(lockstep_tool.__file__).parent)),
            "settings": hash_value(list_settings(production)),
            "machine": hash_value([home.name, *describe_machine()]),
        },
        byte_code,
    )


def hash_value(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def hash_installed(home: Path) -> tuple[str, frozenset[str]]:
    """One hash over every file below site-packages but byte code, and one for each file of that."""
    files, byte_code = {}, set()
    for site in home.glob("lib/python*/site-packages"):
        for path, hashed in hash_below(str(site)):
            if path.endswith(".pyc"):
                byte_code.add(hash_value([path, hashed])[:16])
            else:
                files[path] = hashed
    return digest(files), frozenset(byte_code)


def hash_below(directory: str) -> Iterator[tuple[str, str]]:
    """Every file below it but what installers note for themselves, with its hash."""
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            yield from hash_below(entry.path)
        elif entry.is_dir():  # a link, and never the same: what it leads to may change
            yield entry.path, str(time.monotonic_ns())
        elif not entry.is_file():
            yield entry.path, "no file"
        elif not (entry.name in INSTALLER_FILES and directory.endswith(".dist-info")):
            yield entry.path, hash_again(entry.path, entry.stat())


_hashed: dict[str, tuple[tuple[int, ...], str]] = {}  # by this process: path → what the file system said, and its hash


def hash_again(path: str, status: os.stat_result) -> str:
    """Its hash. It is not read again by this process while the file system says the same of it, unless it was so young
    that it could have been changed within the same tick. Who writes to a file moves its `ctime`, and cannot set it back.
    """
    said = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    before, hashed = _hashed.get(path, ((), ""))
    if before != said:
        now, hashed = time.time_ns(), hash_file(path, status.st_size).hex()
        if abs(now - status.st_ctime_ns) > SETTLED_NANOSECONDS:
            _hashed[path] = (said, hashed)
    return hashed


def hash_interpreter(python: Path) -> str:
    """Its executable, its library and its standard library, by size and times: whoever writes there changes them."""
    executable = python.resolve()
    base = executable.parents[1] / "lib"
    standard = [base / directory.name for directory in python.parents[1].glob("lib/python*")]
    found = [(str(executable), *stat_file(executable))]
    found += [(str(path), *stat_file(path)) for path in base.glob("libpython*")]
    found += [entry for directory in standard if directory.is_dir() for entry in stat_below(directory, is_not_loaded)]
    return hash_value(sorted(found))


def stat_file(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def stat_below(directory: Path | str, leave: Callable[[str], bool]) -> Iterator[tuple[str, int, int, int]]:
    """Every file below it, but for directories whose name is to be left out."""
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            if not leave(entry.name):
                yield from stat_below(entry.path, leave)
        elif entry.is_file():
            status = entry.stat()
            yield entry.path, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_not_loaded(name: str) -> bool:
    """Of the standard library: what no server imports, and what is judged by itself."""
    return name in NOT_LOADED


def is_apart(name: str) -> bool:
    """Of a checkout: environments, caches, the history."""
    return name.startswith(".") or name == "__pycache__"


def list_settings(production: Production) -> dict[str, str]:
    """The variables that are set and that matter, with their values; of a secret that is made up, that it is."""
    read = variables(production.service)
    named = {name: value for name, value in os.environ.items() if name in read or any(fnmatchcase(name, p) for p in REACHING)}
    return {**named, **dict.fromkeys(production.made_up, "made up")}


def describe_machine() -> list[str]:
    """What stays the same when it is started again."""
    number = Path("/etc/machine-id")
    own = number.read_text(encoding="ascii").strip() if number.is_file() else ""
    return [platform.system(), platform.release(), platform.machine(), own or platform.node(), str(os.cpu_count())]
