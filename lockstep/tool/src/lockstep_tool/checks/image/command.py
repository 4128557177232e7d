"""The check `image command`: whether the image starts the server itself, and is stopped by SIGTERM."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import COMMAND, BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Another command, one that nobody can replace, and another signal."""
    whole = [*(image.config.get("Entrypoint") or []), *(image.config.get("Cmd") or [])]
    if whole != COMMAND:
        yield CHECK.finding(f"it starts {' '.join(whole) or 'nothing'}, not {' '.join(COMMAND)}")
    elif image.config.get("Entrypoint"):
        yield CHECK.finding(f"it has {' '.join(COMMAND)} as its entry point: who runs another command in it starts the server")
    if (signal := image.config.get("StopSignal")) not in {"SIGTERM", "15"}:
        yield CHECK.finding(f"it is stopped by {signal or 'no stated signal'}, not SIGTERM")


CHECK = Check(
    name="image command",
    session="image",
    asks="The command and the signal that stops it.",
    why="Anything in front of `python -m lockstep_serve serve` keeps signals from the server.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
