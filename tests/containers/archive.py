"""Write a directory as a .tar.gz whose bytes depend on nothing but names, contents, links and which files are programs."""

import gzip
import hashlib
import tarfile
from pathlib import Path

__all__ = ["pack", "sha256_of"]

MOMENT = 315532800  # 1980-01-01


def pack(directory: Path, archive: Path) -> None:
    """Write `directory`, under its own name, to `archive`."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="", compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted([directory, *directory.rglob("*")]):
            entry = tar.gettarinfo(path, arcname=str(path.relative_to(directory.parent)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = MOMENT
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            if entry.islnk():  # two names of one file on the machine's disk say nothing about the interpreter
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
            if entry.isreg():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)


def sha256_of(file: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
