"""The check `image variables`: whether the image sets exactly the declared environment variables."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.images.built_image import VARIABLES, BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Those that differ from the Dockerfile's; what the team says that its base brings is allowed."""
    wanted = {**VARIABLES, "LOCKSTEP_REVISION": image.labels["org.opencontainers.image.revision"]}
    lines = [line.partition("=")[::2] for line in image.config.get("Env") or []]
    given = dict(lines)
    if twice := sorted({name for name, _ in lines if sum(name == other for other, _ in lines) > 1}):
        yield CHECK.finding(f"{', '.join(twice)} is set twice")
    for name in sorted({*wanted, *given}):
        if name in wanted and given.get(name) != wanted[name]:
            yield CHECK.finding(f"{name} is {given.get(name, 'missing')}, not {wanted[name]}")
        elif name in image.budget.variables:
            yield CHECK.finding(f"{name} is set by the base", severity=Severity.ALLOWED)
        elif name not in wanted:
            yield CHECK.finding(f"{name} is set")


CHECK = Check(
    name="image variables",
    session="image",
    asks="The environment variables that the image sets.",
    why="One that nobody declared can move the interpreter, the server or the service.",
    allowed="Those that [tool.lockstep.image] variables names, because a base brings them.",
    fix="take it out of the Dockerfile; where the base brings it, name it in `variables` of [tool.lockstep.image]",
    find=find,
)
