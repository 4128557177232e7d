"""Make a tree of ELF files self-contained: every library beside them except the C library's own."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from .programs import output_of, require

__all__ = ["bundle"]

# Must be the system's own: they belong together with its dynamic loader. Everything else differs between distributions.
GLIBC = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|mvec|dl|pthread|rt|util|resolv|anl)\.so.*|libnsl\.so\.1)")


def needed(file: Path) -> Iterable[tuple[str, Path]]:
    """Name and path of each library that the dynamic loader finds for `file`, glibc's left out."""
    for line in output_of("ldd", file).splitlines():
        match = re.match(r"\s*(\S+) => (/\S+)", line)
        if match and not GLIBC.match(Path(match[1]).name):
            yield Path(match[1]).name, Path(match[2])


def bundle(programs: Iterable[tuple[Path, str]], libraries: Path) -> None:
    """Copy what `programs` (file, path from its directory to `libraries`) load, strip it all, and make them look there."""
    require("ldd", "strip", "patchelf")
    targets = dict(programs)
    todo = list(targets)
    while todo:
        for name, found in needed(todo.pop()):
            copy = libraries / name
            if copy not in targets:
                shutil.copy(found.resolve(), copy)
                targets[copy] = "."
                todo.append(found)
    for file, way in sorted(targets.items()):
        file.chmod(0o755)
        # patchelf comes second: strip damages what it has moved.
        output_of("strip", "--strip-unneeded", file)
        output_of("patchelf", "--set-rpath", f"$ORIGIN/{way}", file)
