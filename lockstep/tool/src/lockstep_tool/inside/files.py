"""List what lies below a directory, and hash it, without following a link and without opening what is no file."""

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

__all__ = ["INSTALLED", "Below", "hash_file", "list_below", "read_bytes", "read_text", "shorten"]

INSTALLED = {"site-packages", "dist-packages"}
PIECE = 1 << 17  # bytes that are read at once: they are still in the processor's cache when they are hashed


@dataclass(frozen=True)
class Below:
    """Path → `st_mode` of everything below some directories; of the files the size in bytes, and when they were written, in
    seconds. `digests` are filled by `hash_once`.
    """

    modes: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)

    def is_file(self, path: str) -> bool:
        """Whether it is a file, and no link to one."""
        return path in self.sizes

    def read(self, path: str) -> bytes:
        """A file's bytes; raises OSError. Its size is known, which saves a third of the calls."""
        size = self.sizes[path]
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            content = os.read(file, size)
            while len(content) < size and (more := os.read(file, size - len(content))):
                content += more
            return content
        finally:
            os.close(file)

    def hash_once(self, path: str) -> bytes:
        """The sha256 of a file that is read once, whoever asks; raises OSError."""
        found = self.digests.get(path)
        if found is None:
            small = self.sizes.get(path, PIECE) < PIECE
            found = self.digests[path] = hashlib.sha256(self.read(path)).digest() if small else hash_file(path)
        return found


def list_below(*directories: str, leave: Collection[str] = (), endings: tuple[str, ...] = ("",)) -> Below:
    """What there is, but for directories of a name in `leave`, and files and links without one of `endings`; a directory
    that cannot be listed is there without anything in it.
    """
    found, todo = Below(), list(directories)
    while todo:
        try:
            entries = os.scandir(todo.pop())
        except OSError:
            continue
        for entry in entries:
            if not (entry.name.endswith(endings) or entry.is_dir(follow_symlinks=False)):
                continue
            path, status = entry.path, entry.stat(follow_symlinks=False)
            found.modes[path] = mode = status.st_mode
            if stat.S_ISREG(mode):
                found.sizes[path] = status.st_size
                found.times[path] = int(status.st_mtime)
            elif stat.S_ISDIR(mode) and entry.name not in leave:
                todo.append(path)
    return found


def hash_file(path: str, size: int = -1) -> bytes:
    """The sha256 of a file's bytes, or of so many of them; raises OSError. It does without file objects, which cost as
    much as the hash; where the size is known, nobody has to ask for the end.
    """
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        hashed = hashlib.sha256()
        while size and (piece := os.read(file, PIECE)):
            hashed.update(piece)
            size -= len(piece)
        return hashed.digest()
    finally:
        os.close(file)


def read_bytes(path: str) -> bytes:
    """A file's bytes; raises OSError."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def read_text(name: str) -> str:
    """A file's text, or nothing where it cannot be read."""
    try:
        return read_bytes(name).decode("utf-8", "replace")
    except OSError:
        return ""


def shorten(files: Mapping[str, str]) -> dict[str, str]:
    """16 characters of each hash name a changed file well enough; `digest` judges the whole."""
    return {name: value[:16] for name, value in sorted(files.items())}
