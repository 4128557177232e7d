"""The check `commands`: whether laptop, CI, image and deploy files run the same commands."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.given import given_files
from lockstep_tool.files.start_commands import start_commands
from lockstep_tool.files.tree import BUILD, CI, SCRIPTS
from lockstep_tool.service import Service

__all__ = ["CHECK"]

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
START = "python -m lockstep_serve serve"
STARTS = re.compile(r"\S*python\S* -m lockstep_serve serve")


def find(service: Service) -> Iterator[Finding]:
    """Commands that only one environment runs, or that do not keep to the lock.

    What the template gives whole is compared as a whole, by other checks.
    """
    given = set() if service.detached else set(given_files(service))
    yield from beside_the_one_command(service, given)
    yield from without_the_lock(service, given)
    yield from frozen(service)
    for found, command in start_commands(service.files):
        if found.file not in given and not STARTS.fullmatch(command):
            yield CHECK.finding(
                "Production does not start the service the one way.",
                where=(("the one way", START), (found.spot, f"{found.line.strip()}   <- differs")),
                fix=f"Start it so in {found.file}: no shell in front, no option; numbers belong into server.toml.",
            )


def beside_the_one_command(service: Service, given: set[str]) -> Iterator[Finding]:
    """Lockstep's CI files run the one command; a step that does part of it by itself is a second way."""
    for file in (name for name in OURS if name not in given):
        if service.files.has(file) and not list(service.files.statements(ONE, file)):
            yield CHECK.finding(
                "CI does not run the one command.",
                where=(("a laptop", "uv run noxfile.py"), (file, "another command   <- differs")),
                fix=f"Let {file} run `uv run noxfile.py`.",
            )
        found = [
            (f"{name}:{number}", f"{match[1].strip()}   <- by hand")
            for name, number, line in service.files.shell_lines(file)
            if (match := BY_HAND.search(re.sub(r"^(?:- )?(?:run|script):\s*", "", line))) and not INSTALLS_UV.search(line)
        ]
        if found:
            yield CHECK.finding(
                "CI does by hand what the one command does.",
                where=(("a laptop", "uv run noxfile.py"), *found),
                fix=f"Take it out of {file}; your own jobs go into files beside it, your own checks into nox_local.py.",
            )


def without_the_lock(service: Service, given: set[str]) -> Iterator[Finding]:
    """Each installation in the image is one from the lock, without the groups that only developers need."""
    for file, number, line in service.files.shell_lines(*(name for name in service.files.named(*BUILD) if name not in given)):
        needed = NEEDED[:1] if file.startswith(".devcontainer/") else NEEDED  # developers work there
        for command in re.findall(r"\buv sync\b[^;&|]*", line):
            lacking = [option for option in needed if option not in re.split(r"[\s\"',]+", command)]
            if lacking:
                yield CHECK.finding(
                    "The image is not installed as the other environments are.",
                    where=(
                        ("the other environments", f"uv sync {' '.join(needed)}"),
                        (f"{file}:{number}", f"{command.strip()}   <- without {' '.join(lacking)}"),
                    ),
                    fix=f"Write `uv sync {' '.join(needed)} …` in {file}.",
                )
        for command in re.findall(r"(?:\buv |\bpython\S* -m )?\bpip3? install\b[^;&|]*", line):
            if "--no-index" not in command and not INSTALLS_UV.search(command):
                yield CHECK.finding(
                    "The image gets packages that the lock does not know.",
                    where=((f"{file}:{number}", f"{command.strip()}   <- not from uv.lock"),),
                    fix="Add them with `uv add`, and let `uv sync --locked` install them.",
                )


def frozen(service: Service) -> Iterator[Finding]:
    """`--frozen` takes a lock that does not answer pyproject.toml; `--locked` refuses it."""
    files = (*BUILD, *CI, *SCRIPTS, "deploy/**/*")
    stated = service.files.statements(r"\buv\b.*\s--(frozen)\b|^\s+--(frozen)\b|\b(UV_FROZEN)\s*[=:]", *files)
    found = [one for one in stated if not one.comment]
    if found:
        yield CHECK.finding(
            "A stale lock would be taken.",
            where=tuple((one.spot, f"{one.line.strip()}   <- {one.match[one.match.lastindex or 0]}") for one in found),
            fix="Write `--locked` for `--frozen`, and leave UV_FROZEN out; or run `uv run noxfile.py -s pins -- --fix`.",
            repairs=tuple(one.repair("locked", one.match.lastindex or 1) for one in found if one.match.lastindex in {1, 2}),
        )


CHECK = Check(
    name="commands",
    session="pins",
    asks="Whether nothing takes a stale lock, and files that the template does not give run the same commands as those that it "
    f"gives: the one command, uv sync --locked, {START}.",
    why="What only CI runs fails only in CI; --frozen takes a lock that is stale.",
    allowed="Jobs of yours, in files beside Lockstep's.",
    fix="the command that `pins` prints, in the file and line that it names",
    find=find,
)
