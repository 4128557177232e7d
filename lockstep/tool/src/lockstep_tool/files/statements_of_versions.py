"""Find every place that states a version of Python, uv or nox, and compare it with the one voice that counts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.files.faults import Fault, Repair
from lockstep_tool.files.statements import BUILD, CI, DEPLOY, SCRIPTS, TOLD, Statement, statements

__all__ = ["SOURCES", "Voice", "disagreeing", "unpinned", "voices"]

SOURCES = {"Python": ".python-version", "uv": "uv.toml", "nox": "noxfile.py.lock"}
RUN = (*BUILD, *CI, *DEPLOY, *SCRIPTS)
WORD = r"['\"]?(\d[\w.]*)"

# A tool, the files, and a pattern whose group is the version, or a word where a version should be.
STATEMENTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("Python", RUN, r"(?<![\w-])python:(\d[\d.]*|[a-z]\w*)"),
    ("Python", CI, rf"python-version:\s*{WORD}"),
    ("Python", (*RUN, *TOLD), rf"\buv python (?:install|pin)\s+{WORD}"),
    ("Python", (*RUN, *TOLD), rf"\buv\b.*\s--python[= ]{WORD}"),
    ("Python", (*RUN, *TOLD), rf"\b(?:UV_PYTHON|PYTHON_VERSION)[=:]\s*{WORD}"),
    ("Python", ("README.md",), r"\bPython (\d+\.\d+\.\d+)\b"),
    ("Python", (".copier-answers.yml",), rf"^python:\s*{WORD}"),
    ("Python", (".tool-versions", "mise.toml", ".mise.toml"), rf"^python\s*[= ]\s*{WORD}"),
    ("uv", RUN, r"/uv:(\d[\d.]*|[a-z]\w*)"),
    ("uv", (*RUN, *TOLD), r"\buv(?:==|@)(\d[\d.]*|[a-z]\w*)"),
    ("uv", (*RUN, *TOLD), r"astral\.sh/uv/(\d[\d.]*)/install"),
    ("uv", RUN, rf"\bUV_VERSION[=:]\s*{WORD}"),
    ("uv", (".tool-versions", "mise.toml", ".mise.toml"), rf"^uv\s*[= ]\s*{WORD}"),
    ("nox", (*RUN, *TOLD), r"\bnox(?:==|@)(\d[\d.]*|[a-z]\w*)"),
)
# Commands that take whatever is newest.
UNPINNED = (
    (r"astral\.sh/uv/install\.", "uv", "install it as `pipx install uv=={uv}`"),
    (r"\bpip[x3]? install\s+(?:-\S+\s+)*['\"]?uv['\"]?(?=\s|$|[;&|])", "uv", "write `uv=={uv}`"),
    (r"\bpip[x3]? install\s+(?:-\S+\s+)*['\"]?nox['\"]?(?=\s|$|[;&|])", "nox", "run `uv run noxfile.py`"),
    (r"(?:\buvx|\buv tool run|\bpipx run)\s+(?!-)(?!\S*(?:@|==)\S)(\S+)", "", "write `{tool}@VERSION`"),
)


@dataclass(frozen=True)
class Voice:
    """One statement about a tool; `wanted` is what stands there when it agrees."""

    tool: str
    found: Statement
    wanted: str

    @property
    def differs(self) -> bool:
        return self.found.match[1] != self.wanted

    def repairs(self) -> Iterator[Repair]:
        """The version, and behind a tag the digest that was the other version's."""
        yield self.found.repair(self.wanted)
        end = self.found.match.end(1)
        if digest := re.match(r"[\w.-]*(@sha256:[0-9a-f]+)", self.found.line[end:]):
            span = (end + digest.start(1), end + digest.end(1))
            yield Repair(self.found.file, self.found.number, span, "")


def voices(root: Path, truth: Mapping[str, str]) -> Iterator[Voice]:
    """Every statement outside the sources; `truth` is the version of each tool."""
    for tool, patterns, expression in STATEMENTS:
        for found in statements(root, patterns, expression):
            if not found.comment or found.file.endswith(".md"):
                yield Voice(tool, found, instead_of(found.match[1], truth[tool]))
    for found in setup_uv(root):
        yield Voice("uv", found, truth["uv"])


def instead_of(said: str, version: str) -> str:
    """A tag such as `slim` keeps its word behind the version; `latest` does not."""
    return version if said[0].isdigit() or said == "latest" else f"{version}-{said}"


def setup_uv(root: Path) -> Iterator[Statement]:
    """The input `version` of steps that use astral-sh/setup-uv."""
    for found in statements(root, CI, r"uses:\s*astral-sh/setup-uv@"):
        lines = (root / found.file).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines[found.number :], found.number + 1):
            if re.match(r"\s*-\s", line):
                break
            if match := re.search(r"^\s+version:\s*['\"]?([\w.]+)", line):
                yield Statement(found.file, number, line, match)


def disagreeing(truth: Mapping[str, str], heard: list[Voice]) -> Iterator[Fault]:
    """One fault for each tool that has two versions."""
    for tool, version in truth.items():
        here = [voice for voice in heard if voice.tool == tool]
        wrong = [voice for voice in here if voice.differs]
        if wrong:
            said = [(v.found.place, f"{v.found.match[1]}{'   <- differs' * v.differs}") for v in here]
            yield Fault(
                "versions",
                f"{tool} is stated two ways.",
                ((SOURCES[tool], version), *said),
                f"Put {version} into the places that differ, or run `uv run noxfile.py -s pins -- --fix`.",
                repairs=tuple(repair for voice in wrong for repair in voice.repairs()),
            )


def unpinned(root: Path, truth: Mapping[str, str]) -> Iterator[Fault]:
    """What CI, the image and scripts install or run without saying which version."""
    for expression, tool, remedy in UNPINNED:
        for found in statements(root, RUN, expression):
            name = tool or found.match[1]
            if not found.comment:
                yield Fault(
                    "versions",
                    f"{name} is taken in whatever version is newest.",
                    ((found.place, f"{found.line.strip()}   <- no version"),),
                    f"In {found.file}, {remedy.format(tool=name, **truth)}.",
                )
