"""Faults of another environment, such as a server or a colleague's machine: known by its fingerprint only."""

import os
import re
import shutil
import sqlite3
import sys
import sysconfig
import zlib
from pathlib import Path

from .fault import Fault, Plant
from .planting import variables
from .scene import ELSEWHERE, Scene

__all__ = ["FAULTS"]


def installed(*words: str) -> Plant:
    """A package by hand."""

    def plant(scene: Scene) -> None:
        python = str(scene.elsewhere / "bin" / "python")
        done = scene.service.run("uv", "pip", *words[:1], "--quiet", "--python", python, *words[1:])
        assert done.returncode == 0, done.stdout

    return plant


def another_python(scene: Scene) -> None:
    """The same lock with another patch, or at least another minor, of Python; raises LookupError where there is none."""
    here = sys.version.split()[0]
    programs = [Path("/usr/bin/python3"), *Path.home().glob(".pyenv/versions/*/bin/python3"), *managed(scene)]
    for program in programs:
        if not program.is_file():
            continue
        said = scene.service.run(str(program), "-I", "-c", "import sys; print(sys.version.split()[0])").stdout.strip()
        if said != here and re.fullmatch(r"3\.1[1-4]\.\d+", said):
            shutil.rmtree(scene.elsewhere)
            done = scene.sync(scene.elsewhere, UV_PYTHON=str(program))
            assert done.returncode == 0, done.stdout
            return
    raise LookupError("no other Python of 3.11 to 3.15 is on this machine")


def managed(scene: Scene) -> list[Path]:
    folder = scene.service.run("uv", "python", "dir").stdout.strip()
    return sorted(Path(folder).glob("cpython-*/bin/python3"))


def standard_library(scene: Scene) -> None:
    """An interpreter of the same build, with an edit in its standard library."""
    base = Path(sys.base_prefix)
    copy = scene.kept / "interpreter"
    if not copy.exists():
        standard = Path(os.__file__).parent
        left_out = shutil.ignore_patterns("test", "tests", "idlelib", "site-packages", "config-*", "ensurepip", "__pycache__")
        shutil.copytree(standard, copy / standard.relative_to(base), ignore=left_out, symlinks=True)
        (copy / "bin").mkdir()
        shutil.copy2(os.path.realpath(sys._base_executable), copy / "bin" / "python3")  # type: ignore[attr-defined]
        library = base / "lib" / str(sysconfig.get_config_var("INSTSONAME"))
        if library.is_file():
            shutil.copy2(library, copy / "lib")
        with (copy / standard.relative_to(base) / "json" / "decoder.py").open("a") as module:
            module.write("\nevil = True\n")
    link = scene.elsewhere / "bin" / "python"
    link.unlink()
    link.symlink_to(copy / "bin" / "python3")
    settings = scene.elsewhere / "pyvenv.cfg"
    settings.write_text(re.sub(r"(?m)^home = .*$", f"home = {copy / 'bin'}", settings.read_text()))


def another_library(scene: Scene) -> dict[str, str]:
    """A library that the interpreter is linked with, in another version; raises LookupError where it has all of them inside."""
    for name, version in (("libz.so", zlib.ZLIB_RUNTIME_VERSION), ("libsqlite3.so", sqlite3.sqlite_version)):
        mapped = re.search(rf"/\S*/{re.escape(name)}\S*", Path("/proc/self/maps").read_text())
        if mapped is None:
            continue
        content, known = Path(mapped[0]).read_bytes(), version.encode() + b"\0"
        other = scene.kept / re.sub(r"(\.so\.\d+).*", r"\1", Path(mapped[0]).name)
        other.write_bytes(content.replace(known, version[:-1].encode() + (b"8" if version.endswith("9") else b"9") + b"\0"))
        return {"LD_PRELOAD": str(other)}
    raise LookupError("this interpreter has its libraries inside")


def stale(scene: Scene) -> None:
    """The application as it was before somebody's last change."""
    path = scene.site(scene.elsewhere) / "orders_api" / "hello.py"
    path.write_text(path.read_text() + "\n# as it was\n")
    [record] = scene.site(scene.elsewhere).glob("orders_api-*.dist-info/RECORD")
    rows = [row for row in record.read_text().splitlines() if not row.startswith("orders_api/hello.py,")]
    record.write_text("\n".join([*rows, "orders_api/hello.py,,"]) + "\n")


def older_checkout(scene: Scene) -> dict[str, str]:
    """It was built from another uv.lock."""
    folder = scene.kept / "older"
    folder.mkdir(exist_ok=True)
    for name in ("uv.lock", "pyproject.toml", ".python-version"):
        shutil.copy2(scene.root / name, folder)
    with (folder / "uv.lock").open("a") as lock:
        lock.write("\n")
    return {"LOCKSTEP_HOME": str(folder)}


def built_here(scene: Scene) -> None:
    """A wheel of the locked version that somebody built: its tag is in no lock."""
    [wheel] = scene.site(scene.elsewhere).glob("pydantic_core-*.dist-info/WHEEL")
    wheel.write_text(re.sub(r"(?m)^Tag: .*$", "Tag: py3-none-linux_x86_64", wheel.read_text()))


def there(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset(), ci: bool = False) -> Fault:
    return Fault(name, plant, "parity", check, said, ELSEWHERE, also, ci=ci)


FAULTS = (
    there("another Python", "python", another_python, ".python-version says"),
    there("an edited standard library", "interpreter", standard_library, ""),
    there("a package installed by hand", "packages", installed("install", "six"), "six"),
    there("a package uninstalled by hand", "packages", installed("uninstall", "idna"), "idna"),
    there("another version by hand", "packages", installed("install", "idna<3.10"), "uv.lock says", also=frozenset({"bytes"})),
    there("an application that is stale", "source", stale, "orders_api/hello.py", also=frozenset({"bytes"})),
    there("a wheel that was built by hand", "wheels", built_here, "pydantic-core", also=frozenset({"bytes"})),
    there("another library of the system, seen from CI", "libraries", another_library, "", also=frozenset({"ambient"}), ci=True),
    there("another uv.lock", "inputs", older_checkout, "uv.lock is another one"),
    there("another time zone", "time", variables(TZ="Asia/Tokyo"), "Asia/Tokyo"),
    there("another drain by variable", "server", variables(SERVER_DRAIN="5"), "drain = 5"),
    there("assertions switched off", "flags", variables(PYTHONOPTIMIZE="1"), "optimize = 1", also=frozenset({"ambient"})),
    there(
        "another text encoding",
        "flags",
        variables(PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0"),
        "utf8_mode = 0",
        also=frozenset({"ambient"}),
    ),
    there("PYTHONPATH on the server", "ambient", variables(PYTHONPATH="/opt/shared"), "PYTHONPATH=/opt/shared"),
    there("a start-up file for every interpreter", "ambient", variables(PYTHONSTARTUP="/etc/evil.py"), "PYTHONSTARTUP"),
    there("a library preloaded", "ambient", variables(LD_PRELOAD="libpthread.so.0"), "LD_PRELOAD"),
)
