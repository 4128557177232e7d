"""Find where a version of Python, uv or nox is repeated, and commands that take whatever is newest."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lockstep_tool.checks.finding import Repair
from lockstep_tool.files.tree import BUILD, CI, DEPLOY, PROSE, SCRIPTS, Statement, Tree

__all__ = ["Repetition", "repetitions", "unpinned_commands"]

RUN = (*BUILD, *CI, *DEPLOY, *SCRIPTS)
WORD = r"['\"]?(\d[\w.]*)"

# A tool, a pattern whose group is the version, or a word where a version should be, and the files.
STATEMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Python", r"(?<![\w-])(?<!features/)python:(\d[\d.]*|[a-z]\w*)", RUN),
    ("Python", rf"python-version:\s*{WORD}", CI),
    ("Python", rf"\buv python (?:install|pin)\s+{WORD}", (*RUN, *PROSE)),
    ("Python", rf"\buv\b.*\s--python[= ]{WORD}", (*RUN, *PROSE)),
    ("Python", rf"\b(?:UV_PYTHON|PYTHON_VERSION)[=:]\s*{WORD}", (*RUN, *PROSE)),
    ("Python", r"\bPython (\d+\.\d+\.\d+)\b", ("README.md",)),
    ("Python", rf"^python:\s*{WORD}", (".copier-answers.yml",)),
    ("Python", rf"^python\s*[= ]\s*{WORD}", (".tool-versions", "mise.toml", ".mise.toml")),
    ("uv", r"/uv:(\d[\d.]*|[a-z]\w*)", RUN),
    ("uv", r"\buv(?:==|@)(\d[\d.]*|[a-z]\w*)", (*RUN, *PROSE)),
    ("uv", r"astral\.sh/uv/(\d[\d.]*)/install", (*RUN, *PROSE)),
    ("uv", r'"uv":\s*"(\d[^"]*)"', ("renovate.json",)),
    ("uv", rf"\bUV_VERSION[=:]\s*{WORD}", RUN),
    ("uv", rf"^uv\s*[= ]\s*{WORD}", (".tool-versions", "mise.toml", ".mise.toml")),
    ("nox", r"\bnox(?:==|@)(\d[\d.]*|[a-z]\w*)", (*RUN, *PROSE)),
)
# Commands that take whatever is newest: a pattern, the tool or nothing where the pattern's group is it, what to do.
UNPINNED = (
    (r"astral\.sh/uv/install\.", "uv", "install it as `pipx install uv=={uv}`"),
    (r"\bpip[x3]? install\s+(?:-\S+\s+)*['\"]?uv['\"]?(?=\s|$|[;&|])", "uv", "write `uv=={uv}`"),
    (r"\bpip[x3]? install\s+(?:-\S+\s+)*['\"]?nox['\"]?(?=\s|$|[;&|])", "nox", "run `uv run noxfile.py`"),
    (r"(?:\buvx|\buv tool run|\bpipx run)\s+(?!-)(?!\S*(?:@|==)\S)(\S+)", "", "write `{tool}@VERSION`"),
)


@dataclass(frozen=True)
class Repetition:
    """One statement of a tool's version; `wanted` is what stands there when it agrees with the source of truth."""

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


def repetitions(tree: Tree, versions: Mapping[str, str]) -> Iterator[Repetition]:
    """Every statement outside the sources; `versions` has that of each tool by its source of truth."""
    for tool, expression, patterns in STATEMENTS:
        for found in tree.statements(expression, *patterns):
            if not found.comment or found.file.endswith(".md"):
                yield Repetition(tool, found, instead_of(found.match[1], versions[tool]))
    for found in inputs_of_setup_uv(tree):
        yield Repetition("uv", found, versions["uv"])


def instead_of(stated: str, version: str) -> str:
    """A tag such as `slim` keeps its word behind the version; `latest` does not."""
    return version if stated[0].isdigit() or stated == "latest" else f"{version}-{stated}"


def inputs_of_setup_uv(tree: Tree) -> Iterator[Statement]:
    """The input `version` of steps that use astral-sh/setup-uv."""
    for found in tree.statements(r"uses:\s*astral-sh/setup-uv@", *CI):
        for number, line in enumerate(tree.lines(found.file)[found.number :], found.number + 1):
            if re.match(r"\s*-\s", line):
                break
            if match := re.search(r"^\s+version:\s*['\"]?([\w.]+)", line):
                yield Statement(found.file, number, line, match)


def unpinned_commands(tree: Tree, versions: Mapping[str, str]) -> Iterator[tuple[str, Statement, str]]:
    """What CI, the image and scripts install or run without a version: a tool, where, and what to write instead."""
    for expression, tool, remedy in UNPINNED:
        for found in tree.statements(expression, *RUN):
            name = tool or found.match[1]
            if not found.comment:
                yield name, found, remedy.format(tool=name, **versions)
