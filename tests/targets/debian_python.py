"""Debian's Python of another suite or machine as uv would install it, laid out by the tests' own writer inside its own root."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from containers.archive import sha256_of
from containers.bases import Base
from containers.interpreter import Interpreter
from containers.kept import kept, key_of

from .fetched import fetch, run_all

__all__ = ["make_interpreter", "unpack"]

CONTAINERS = Path(__file__).parents[1] / "containers"
WRITE = """
import sys
from pathlib import Path
from containers.interpreter import look_at, write_archive
source = look_at(Path(sys.argv[1]))
write_archive(source, Path("/out"))
Path("/out/version").write_text(source.version)
"""


def unpack(base: Base, *names: str) -> Path:
    """Files of a base, or all."""

    def make(directory: Path) -> None:
        with tarfile.open(fetch(base)) as tar:
            members = [one for one in tar if not one.isdev() and (not names or one.name.removeprefix("./") in names)]
            tar.extractall(directory, members, filter="tar")

    return kept(f"{base.name}-unpacked-{key_of(*base.command(), *names)}", make)


def make_interpreter(base: Base, program: str) -> Interpreter:
    """The archive of `program`, a name in the base's /usr/bin; the base has what the writer calls. It takes root."""

    def make(directory: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name) / "root"
            shutil.copytree(unpack(base), root, symlinks=True)
            for folder in ("work", "out", "proc"):
                (root / folder).mkdir(exist_ok=True)
            shutil.copytree(CONTAINERS, root / "work" / "containers", ignore=shutil.ignore_patterns("__pycache__"))
            told = ["env", "PYTHONPATH=/work", "LOCKSTEP_CONTAINERS=/out"]
            run_all(["chroot", root, *told, program, "-c", WRITE, f"/usr/bin/{program}"])
            for file in ("python.tar.gz", "version"):
                shutil.copy2(root / "out" / file, directory)

    recipe = [(CONTAINERS / name).read_bytes() for name in ("interpreter.py", "shared_libraries.py", "archive.py")]
    found = kept(f"{base.name}-{program}-{key_of(*base.command(), *recipe)}", make)
    return Interpreter((found / "version").read_text(), found / "python.tar.gz", sha256_of(found / "python.tar.gz"))
