"""An interpreter of this machine in the shape of uv's managed ones, so that host and image install the same bytes offline.

Works for an interpreter with a prefix of its own (pyenv, python-build-standalone) and for Debian's, which shares /usr.
"""

import json
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from .archive import pack, sha256_of
from .kept import kept, key_of
from .programs import output_of
from .shared_libraries import bundle

__all__ = ["Interpreter", "Source", "interpreter_of", "look_at", "write_archive"]

# Whatever a service never imports; the published archives carry it, a test download need not.
LEFT_OUT = ("test", "tests", "idle_test", "idlelib", "turtledemo", "tkinter", "_tkinter.*", "__pycache__", "*.pyc", "config-*",
            "site-packages", "dist-packages", "sitecustomize.py")  # fmt: skip
QUESTION = """
import json, platform, ssl, sqlite3, sys, sysconfig
print(json.dumps({"version": platform.python_version(), "stdlib": sysconfig.get_path("stdlib"),
                  "build": [sys.version, sys.base_prefix, ssl.OPENSSL_VERSION, sqlite3.sqlite_version]}))
"""


@dataclass(frozen=True)
class Source:
    """An interpreter as it is installed on this machine."""

    executable: Path
    version: str
    stdlib: Path
    build: str


@dataclass(frozen=True)
class Interpreter:
    """An archive that uv installs as managed Python `version`."""

    version: str
    archive: Path
    sha256: str

    @property
    def build(self) -> str:
        """Names this very archive; uv compares it with `UV_PYTHON_CPYTHON_BUILD`."""
        return self.sha256[:12]

    def downloads(self, url: str) -> str:
        """The text of a downloads.json that offers the archive at `url`."""
        major, minor, patch = self.version.split(".")
        machine = platform.machine()
        entry = {
            "name": "cpython", "arch": {"family": machine, "variant": None}, "os": "linux", "libc": "gnu",
            "major": int(major), "minor": int(minor), "patch": int(patch), "prerelease": "", "variant": None,
            "url": url, "sha256": self.sha256, "build": self.build,
        }  # fmt: skip
        return json.dumps({f"cpython-{self.version}-linux-{machine}-gnu": entry}, indent=1)


def look_at(executable: Path) -> Source:
    """The interpreter behind `executable`; of a virtual environment, the one it was made from."""
    real = executable.resolve()
    said = json.loads(output_of(real, "-I", "-c", QUESTION))
    return Source(real, said["version"], Path(said["stdlib"]), "\n".join(said["build"]))


def write_archive(source: Source, directory: Path) -> Path:
    """Lay the interpreter out under `directory`/python and pack that into `directory`/python.tar.gz."""
    minor = source.version.rpartition(".")[0]
    root = directory / "python"
    stdlib, programs = root / "lib" / f"python{minor}", root / "bin"
    # Links are followed: Debian's lead out of the tree, to /etc.
    shutil.copytree(source.stdlib, stdlib, ignore=shutil.ignore_patterns(*LEFT_OUT), ignore_dangling_symlinks=True)
    (stdlib / "site-packages").mkdir()
    programs.mkdir()
    shutil.copy(source.executable, programs / f"python{minor}")
    for name in ("python3", "python"):
        (programs / name).symlink_to(f"python{minor}")
    modules = ((file, "../..") for file in sorted((stdlib / "lib-dynload").glob("*.so")))
    bundle([(programs / f"python{minor}", "../lib"), *modules], root / "lib")
    archive = directory / "python.tar.gz"
    pack(root, archive)
    return archive


def interpreter_of(executable: Path) -> Interpreter:
    """The archive of the interpreter behind `executable`, made once for each build of it and each way of making it."""
    source = look_at(executable)

    def make(directory: Path) -> None:
        write_archive(source, directory)
        shutil.rmtree(directory / "python")

    recipe = [(Path(__file__).parent / name).read_bytes() for name in ("interpreter.py", "shared_libraries.py", "archive.py")]
    archive = kept(f"python-{source.version}-{key_of(source.build, str(source.executable), *recipe)}", make) / "python.tar.gz"
    return Interpreter(source.version, archive, sha256_of(archive))
