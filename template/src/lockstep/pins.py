# Lockstep's: every stated version. Change it by `copier update`, not by hand.
"""Find every place that states a version of Python, uv or nox, and compare it with the one voice that counts.

Python is said in `.python-version`, uv in `uv.toml` (the lower bound of required-version), nox in `noxfile.py.lock`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockstep import deployed, started
from lockstep.errors import Refusal
from lockstep.statements import statements
from lockstep.toml_file import read_toml
from lockstep.versions import exact_python, locked_nox, lower_bound

__all__ = ["check"]

# What states a version: a tool, the files, and a pattern whose group is the version.
STATEMENTS = (
    ("Python", "Dockerfile", r"\bpython:([\w.-]+)"),
    ("Python", ".github/workflows/*.y*ml", r"python-version:\s*['\"]?([\w.]+)"),
    ("Python", ".gitlab-ci.yml", r"\bpython:(\d[\w.-]*)"),
    ("uv", "Dockerfile", r"/uv:(\d+\.\d+\.\d+|\w+)"),
    ("uv", ".github/workflows/*.y*ml", r"\buv(?:==|@)([\w.]+)"),
    ("uv", ".gitlab-ci.yml", r"(?:\buv==|/uv:)(\d+\.\d+\.\d+|\w+)"),
)
SOURCES = {"Python": ".python-version", "uv": "uv.toml", "nox": "noxfile.py.lock"}


@dataclass(frozen=True)
class Voice:
    """One statement: the file below the service's root, the line from 1, the span of the version in it."""

    tool: str
    file: str
    line: int
    said: str
    span: tuple[int, int]


def check(root: Path, *, nox: str | None = None, fix: bool = False) -> list[str]:
    """Raise Refusal for the first disagreement; return what was looked at. `fix` rewrites the echoes, never the
    source.
    """
    truth = {"Python": exact_python(root), "uv": lower_bound(root), "nox": locked_nox(root)}
    voices = list(stated(root))
    if fix:
        for voice in voices:
            if voice.said != truth[voice.tool]:
                rewrite(root, voice, truth[voice.tool])
        voices = list(stated(root))
    for tool, wanted in truth.items():
        heard = [voice for voice in voices if voice.tool == tool]
        if any(voice.said != wanted for voice in heard):
            complain(tool, wanted, heard)
    if nox is not None and nox != truth["nox"]:
        raise Refusal(
            "This is not the nox that the service locks.",
            [("noxfile.py.lock", truth["nox"]), ("running", f"{nox}   <- differs")],
            "Run `uv run noxfile.py`: it takes the locked one.",
        )
    fits_requires_python(root, truth["Python"])
    actions_by_commit(root)
    lines = [f"{tool} {wanted}: {echoes(voices, tool)}" for tool, wanted in truth.items()]
    return [*lines, *deployed.check(root), *started.check(root), *bases_by_tag(root)]


def echoes(voices: list[Voice], tool: str) -> str:
    """Where else a version is stated."""
    places = [f"{voice.file}:{voice.line}" for voice in voices if voice.tool == tool]
    return f"{SOURCES[tool]}, repeated by {', '.join(places)}" if places else f"{SOURCES[tool]} alone says it"


def stated(root: Path) -> Iterator[Voice]:
    """Every statement outside the sources."""
    for tool, pattern, expression in STATEMENTS:
        for found in statements(root, pattern, expression):
            if not found.line.lstrip().startswith("#"):
                yield Voice(tool, found.file, found.number, found.match[1], found.match.span(1))


def rewrite(root: Path, voice: Voice, wanted: str) -> None:
    """Put the version that counts in place of what a voice said."""
    path = root / voice.file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    line = lines[voice.line - 1]
    lines[voice.line - 1] = line[: voice.span[0]] + wanted + line[voice.span[1] :]
    path.write_text("".join(lines), encoding="utf-8")


def complain(tool: str, wanted: str, heard: list[Voice]) -> None:
    said = [(f"{v.file}:{v.line}", v.said if v.said == wanted else f"{v.said}   <- differs") for v in heard]
    raise Refusal(
        f"{tool} is stated two ways.",
        [(SOURCES[tool], wanted), *said],
        f"Put {wanted} into the places that differ, or run `uv run noxfile.py -s pins -- --fix`.",
    )


def fits_requires_python(root: Path, python: str) -> None:
    """The chosen Python is one that the lock was made for."""
    said = str(read_toml(root / "pyproject.toml")["project"]["requires-python"])
    low, high = (tuple(map(int, part.split("."))) for part in re.findall(r"[\d.]+", said))
    if not low <= tuple(map(int, python.split("."))) < high:
        raise Refusal(
            "This Python is not one that the service is locked for.",
            [(".python-version", python), ("pyproject.toml", f'requires-python = "{said}"')],
            "Choose one inside the range: `copier update --data python=…`.",
        )


def actions_by_commit(root: Path) -> None:
    """A tag of an action can be moved by whoever owns it; a commit cannot."""
    expression = r"uses:\s*[^./\s][^@\s]*@(?![0-9a-f]{40}\b)"
    loose = [(s.place, s.line.strip()) for s in statements(root, ".github/workflows/*.y*ml", expression)]
    if loose:
        raise Refusal(
            "An action is not pinned to a commit.",
            loose,
            "Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`.",
        )


def bases_by_tag(root: Path) -> list[str]:
    """Base images without a digest: named, since a tag can move; a service pins them with what its registry says."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    loose = [
        match[1] for match in re.finditer(r"^ARG \w+_IMAGE=(\S+)", text, re.MULTILINE) if "@sha256:" not in match[1]
    ]
    return [f"allowed: {len(loose)} base images are pinned by tag, not by digest: {', '.join(loose)}"] if loose else []
