"""The check `image configuration`: whether the image states only what the Dockerfile states."""

from collections.abc import Iterator
from typing import Any

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]

# Each of these has a check of its own.
ELSEWHERE = {"Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels", "StopSignal", "User"}
NOTES = {"ArgsEscaped", "Hostname"}  # the engine's own, of the build
STATED = {"WorkingDir": "/app"}


def find(image: BuiltImage) -> Iterator[Finding]:
    """Volumes, triggers, a shell, another directory, and whatever an image could ever state besides."""
    for name in sorted({*image.config, *STATED} - ELSEWHERE - NOTES):
        value, wanted = image.config.get(name), STATED.get(name)
        if value != wanted if wanted else value:
            yield CHECK.finding(
                f"{name} is {in_words(value)}" + (f", not {wanted}" if wanted else ", and the Dockerfile has none")
            )


def in_words(value: Any) -> str:
    """A value of a configuration without its punctuation."""
    if isinstance(value, (list, dict)):
        return ", ".join(map(str, value))
    return str(value or "missing")


CHECK = Check(
    name="image configuration",
    session="image",
    asks="Volumes, triggers, working directory and everything else that the image states.",
    why="A volume is a directory to write that nobody backs up, and a trigger runs in other people's builds.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
