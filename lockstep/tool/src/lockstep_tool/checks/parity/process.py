"""The check `process`: whether a container runs as a user of its own, with room for its connections."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]

FILES = 1024  # what a server with a thousand connections needs, and what most systems give


def find(comparison: Comparison) -> Iterator[Finding]:
    """Root in an image or a container, and a container with too few open files."""
    seen, kind = comparison.fingerprint["process"], comparison.environment.kind
    if kind in {"image", "container"} and seen["user"] == 0:
        yield comparison.finding(CHECK, "runs as root", fix="run it as the image's own user: leave `--user 0` out")
    if kind == "container" and (seen["open_files"] or FILES) < FILES:
        what = f"may open {seen['open_files']} files, fewer than {FILES}"
        yield comparison.finding(CHECK, what, fix=f"--ulimit nofile={FILES}, or the like of your orchestrator")


CHECK = Check(
    name="process",
    session="parity",
    asks="User, process 1, and the limits on files, processors and memory.",
    why="A container that runs as root, or with 256 open files, is not what was tested.",
    allowed="Between machines: it is named where a container runs as root.",
    fix="the deploy files that Lockstep writes state a user",
    find=find,
    severity=Severity.WARNING,
)
