"""Keep files as they are while a command changes them, and print the one command that brings them back."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["keep_files"]


@contextmanager
def keep_files(root: Path, names: Iterable[str], command: str) -> Iterator[None]:
    """Put the files back when the block does not come to its end. Whatever ends it, `.nox/before-COMMAND` has them.

    They are there whole before anything changes, and stay until the next run. Names are relative to `root`.
    """
    there = [name for name in sorted(set(names)) if (root / name).is_file()]
    if not there:  # nothing to bring back: the command says what it misses
        yield
        return
    kept = root / ".nox" / f"before-{command}"
    kept.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"before-{command}-", dir=kept.parent) as made:
        for name in there:
            copy = Path(made, "files", name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, copy)
        if kept.exists():
            os.rename(kept, Path(made, "old"))
        os.rename(Path(made, "files"), kept)
    place = kept.relative_to(root).as_posix()
    print(f"Back, at any time: cp -R {shlex.quote(place)}/. .", flush=True)
    try:
        yield
    except BaseException:
        for name in there:
            shutil.copyfile(kept / name, root / name)
        raise
