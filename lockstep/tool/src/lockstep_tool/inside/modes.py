"""Say whose mode lets others write it, or lets it run as somebody else."""

import os
import stat
import sys

from lockstep_tool.inside.files import Below
from lockstep_tool.inside.unowned import is_virtual

__all__ = ["find_loose_modes"]

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
AS_ANOTHER = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def find_loose_modes(below: Below) -> dict[str, str]:
    """Path → mode of files and directories that others may write, or that run as somebody else.

    Who made the environment with a lax umask let others write all of it; that shows in pyvenv.cfg and in the directory
    itself, and is not named for each file.
    """
    allowed = umask_shown(below)
    found: dict[str, str] = {}
    for path, mode in below.modes.items():
        if stat.S_ISLNK(mode):
            continue
        loose = mode & OTHERS_WRITE & ~allowed
        other = mode & AS_ANOTHER & ~(allowed if stat.S_ISDIR(mode) else 0)
        # uv lets everybody take the lock of an environment.
        if other or (loose and not (path == os.path.join(sys.prefix, ".lock") and below.sizes.get(path) == 0)):
            found[path] = f"{stat.S_IMODE(mode):04o}"
    return dict(sorted(found.items()))


def umask_shown(below: Below) -> int:
    """The bits of OTHERS_WRITE and AS_ANOTHER that were let through, or inherited, when the environment was made."""
    if not is_virtual():
        return 0
    modes = [below.modes.get(os.path.join(sys.prefix, *parts), 0) for parts in (("pyvenv.cfg",), ("bin",), ("lib",))]
    shown = modes[0] & modes[1] & modes[2] & OTHERS_WRITE
    return shown | (modes[1] & modes[2] & stat.S_ISGID)
