"""See that CI runs the one command and nothing of it by itself, and that the image is installed from the lock alone."""

import re
from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import BUILD, CI, SCRIPTS, shell, statements

__all__ = ["bypassed"]

ONE = r"uv run (?:-\S+ )*(?:\./)?noxfile\.py"
OURS = (
    ".github/workflows/lockstep.yml",
    ".github/workflows/audit.yml",
    ".github/workflows/release.yml",
    ".gitlab-ci.yml",
)
# What the one command does, done by hand.
BY_HAND = re.compile(
    r"(?:^|[\s;&|'\"(])((?:uv (?:sync|pip|run(?! (?:-\S+ )*(?:\./)?noxfile\.py))|uvx|pip3? install|poetry|pdm|"
    r"(?:python3? -m )?(?:pytest|ruff|mypy|nox|tox)|(?:docker|podman) (?:build|buildx))\b[^;&|'\"]*)"
)
INSTALLS_UV = re.compile(r"pip[x3]? install\s+(?:-\S+\s+)*uv\b")
NEEDED = ("--locked", "--no-default-groups")


def bypassed(root: Path) -> Iterator[Fault]:
    """Commands that another place does not run, or that do not hold to the lock."""
    yield from beside_the_one(root)
    yield from without_the_lock(root)
    yield from frozen(root)


def beside_the_one(root: Path) -> Iterator[Fault]:
    """Lockstep's CI files run the one command; a step that does part of it by itself is a second way."""
    for file in OURS:
        if (root / file).is_file() and not list(statements(root, file, ONE)):
            yield Fault(
                "commands",
                "CI does not run the one command.",
                (("a laptop", "uv run noxfile.py"), (file, "another command   <- differs")),
                f"Let {file} run `uv run noxfile.py`.",
            )
        found = [
            (f"{name}:{number}", f"{match[1].strip()}   <- by hand")
            for name, number, line in shell(root, file)
            if (match := BY_HAND.search(re.sub(r"^(?:- )?(?:run|script):\s*", "", line))) and not INSTALLS_UV.search(line)
        ]
        if found:
            yield Fault(
                "commands",
                "CI does by hand what the one command does.",
                (("a laptop", "uv run noxfile.py"), *found),
                f"Take it out of {file}; your own jobs go into files beside it, your own checks into nox_local.py.",
            )


def without_the_lock(root: Path) -> Iterator[Fault]:
    """Each installation in the image is one from the lock, without the groups that only developers need."""
    for file, number, line in shell(root, BUILD):
        for command in re.findall(r"\buv sync\b[^;&|]*", line):
            lacking = [option for option in NEEDED if option not in command.split()]
            if lacking:
                yield Fault(
                    "commands",
                    "The image is not installed as the other places are.",
                    (
                        ("the other places", f"uv sync {' '.join(NEEDED)}"),
                        (f"{file}:{number}", f"{command.strip()}   <- without {' '.join(lacking)}"),
                    ),
                    f"Write `uv sync {' '.join(NEEDED)} …` in {file}.",
                )
        for command in re.findall(r"(?:\buv |\bpython\S* -m )?\bpip3? install\b[^;&|]*", line):
            if "--no-index" not in command and not INSTALLS_UV.search(command):
                yield Fault(
                    "commands",
                    "The image gets packages that the lock does not know.",
                    ((f"{file}:{number}", f"{command.strip()}   <- not from uv.lock"),),
                    "Add them with `uv add`, and let `uv sync --locked` install them.",
                )


def frozen(root: Path) -> Iterator[Fault]:
    """`--frozen` takes a lock that does not answer pyproject.toml; `--locked` refuses it."""
    files = (*BUILD, *CI, *SCRIPTS, "deploy/**/*")
    said = statements(root, files, r"\buv\b.*\s--(frozen)\b|^\s+--(frozen)\b|\b(UV_FROZEN)\s*[=:]")
    found = [one for one in said if not one.comment]
    if found:
        yield Fault(
            "commands",
            "A stale lock would be taken.",
            tuple((one.place, f"{one.line.strip()}   <- {one.match[one.match.lastindex or 0]}") for one in found),
            "Write `--locked` for `--frozen`, and leave UV_FROZEN out; or run `uv run noxfile.py -s pins -- --fix`.",
            repairs=tuple(one.repair("locked", one.match.lastindex or 1) for one in found if one.match.lastindex in {1, 2}),
        )
