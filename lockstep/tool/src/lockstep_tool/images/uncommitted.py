"""Name what an image is built of and no commit has, and what a commit has and no image is built of."""

from pathlib import PurePosixPath

from lockstep_tool.service import Service

__all__ = ["name_left_out", "name_uncommitted"]

BUILD = ("Dockerfile", ".dockerignore")
# Below these, nothing that begins with a dot and no byte code is taken: .dockerignore, and wheel-exclude in pyproject.toml.
TREES = ("src/", "packages/")


def name_uncommitted(service: Service) -> list[str]:
    """Files that a build takes and that are changed, untracked or ignored, as git names them below the root; none without git."""
    taken = [line[1:] for line in service.files.lines(".dockerignore") if line.startswith("!")]
    prefix = service.history.ask("rev-parse", "--show-prefix").strip()
    states = ("--untracked-files=all", "--ignored=matching", "--no-renames")
    said = service.history.ask("status", "--porcelain", "-z", *states, "--", *taken, *BUILD)
    names = (row[3:].removeprefix(prefix) for row in said.split("\0") if row)
    return sorted(name for name in names if not is_left_out(name))


def name_left_out(service: Service) -> list[str]:
    """Tracked files below src/ that no wheel has, because a name begins with a dot; git's own are of no use in one."""
    tracked = service.history.ask("ls-files", "-z", "--", "src").split("\0")
    return sorted(name for name in tracked if is_left_out(name) and not PurePosixPath(name).name.startswith(".git"))


def is_left_out(name: str) -> bool:
    """Whether a build leaves it out, by its name below the root; a directory ends in a slash."""
    hidden = any(part.startswith(".") or part == "__pycache__" for part in PurePosixPath(name).parts)
    return name.startswith(TREES) and (hidden or name.endswith((".pyc", ".pyo")))
