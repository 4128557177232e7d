"""The check `image exit code`: whether the container ends with the codes that orchestrators act on."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.engine import NO_ANSWER
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.container import ENGINE_FAILED
from lockstep_tool.images.run_image import SECONDS_IN_VAIN

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Another code when it is stopped, and another than 1 where the server refuses to start."""
    if image.run.ready and image.run.exit_code:
        yield CHECK.finding(f"it exits {image.run.exit_code} when it is stopped, not 0")
    in_vain = image.run.exit_code_in_vain
    if in_vain == 0:
        yield CHECK.finding("it exits 0 where the server refuses to start")
    elif in_vain == NO_ANSWER:
        yield CHECK.finding(f"it runs on for {SECONDS_IN_VAIN:g} s where the server refuses to start")
    elif in_vain not in {1, ENGINE_FAILED}:
        yield CHECK.finding(f"it exits {in_vain} where the server exits 1")


CHECK = Check(
    name="image exit code",
    session="image",
    asks="The container's exit code, stopped and when the server refuses to start.",
    why="An orchestrator restarts, or stops a rollout, by this number alone.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
