"""The check `image writable`: whether the image's user may write anything in it."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import File, paths_by_owner

__all__ = ["CHECK"]

GROUP = 0o020
OTHERS = 0o002


def find(image: BuiltImage) -> Iterator[Finding]:
    """What the image's own user, or any, could write without `--read-only`."""
    uid, _, gid = str(image.config.get("User") or "0").partition(":")
    writable = (file for file in image.contents.files.values() if may_write(file, uid, gid or "0"))
    for owner, paths in paths_by_owner(writable):
        wrong = [f"/{path}" for path in paths if f"/{path}" not in image.budget.writable]
        if wrong:
            yield CHECK.finding(f"{owner} lets its user write {name_few(wrong)}")


def may_write(file: File, uid: str, gid: str) -> bool:
    member = file.member
    if member.issym() or member.ischr() or member.isblk():
        return False
    as_user = str(member.uid) == uid != "0"
    return as_user or bool(member.mode & OTHERS) or (str(member.gid) == gid != "0" and bool(member.mode & GROUP))


CHECK = Check(
    name="image writable",
    session="image",
    asks="What the image's user, or any, may write without `--read-only`.",
    why="A service that can write its own code can be made to run another's.",
    allowed="Directories that [tool.lockstep.image] writable names.",
    fix="leave the files root's (USER comes last), or name the directory in `writable` of [tool.lockstep.image]",
    find=find,
)
