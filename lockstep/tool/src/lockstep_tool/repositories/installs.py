"""The column `installs`: do CI and the image install what is locked, and nothing else?"""

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import CI, IMAGES, Facts
from lockstep_tool.repositories.requirements import read_requirements
from lockstep_tool.repositories.shell import Command

__all__ = ["has_installs", "installs"]

WORST_FIRST = ("newest", "unknown", "unhashed", "locked")
# Options of pip whose value is no requirement.
VALUED = frozenset(
    {
        "-i",
        "--index-url",
        "--extra-index-url",
        "-c",
        "--constraint",
        "-t",
        "--target",
        "--prefix",
        "--python",
        "-f",
        "--find-links",
    }
)
TRUE = frozenset({"1", "true", "yes", "on"})
Row = tuple[str, str]


def has_installs(facts: Facts) -> bool:
    """Whether a command that installs is seen at all; one behind a script of another name is not."""
    return any(kind_of(command, facts) for command in facts.commands) or facts.has_unread(*CI, *IMAGES)


def installs(facts: Facts) -> Iterator[Finding]:
    """`--locked` fails for a stale lock, `--frozen` takes it; pip checks hashes where a list has them."""
    found: dict[str, list[Row]] = {}
    for command in facts.commands:
        found.setdefault(kind_of(command, facts), []).append((command.spot, command.text))
    if rows := found.get("frozen"):
        said = "`--frozen` does not ask whether the lock answers pyproject.toml."
        yield Finding("installs", said, tuple(rows[:4]), "Write `--locked`.")
    if rows := found.get("moving"):
        said = "uv may move the lock where it only ought to install it."
        yield Finding("installs", said, tuple(rows[:4]), "Write `uv sync --locked`, `uv run --locked`.")
    if rows := found.get("newest"):
        said = "Some of what is installed is whatever is newest that day."
        yield Finding("installs", said, tuple(rows[:4]), "Install from a lock: `uv sync --locked`.")
    if rows := found.get("unhashed"):
        said = "What is installed has a version and no hash; what it needs has neither."
        yield Finding("installs", said, tuple(rows[:4]), "Install from a lock: `uv sync --locked`.", Severity.WARNING)
    if rows := found.get("unknown"):
        said = "What is installed cannot be known from the text."
        yield Finding("installs", said, tuple(rows[:4]), "Install from a lock: `uv sync --locked`.", Severity.UNKNOWN)
    yield from facts.describe_unread("installs", *CI, *IMAGES)


def kind_of(command: Command, facts: Facts) -> str:
    """How a command installs: `locked` and what falls short of it; empty for one that does not."""
    words = list(command.words)
    words[0] = words[0].rpartition("/")[2]
    if re.fullmatch(r"python[\d.]*", words[0]):
        words = words[2:] if words[1:2] == ["-m"] else words[1:]
    if words[:1] == ["uv"]:
        return kind_of_uv(words[1:], command, facts)
    if words and re.fullmatch(r"pip[\d.]*", words[0]) and "install" in words:
        return kind_of_pip(words[words.index("install") + 1 :], facts)
    if words[:1] == ["setup.py"] and {"install", "develop"} & set(words):
        return "newest"  # of what it needs and does not find
    if words[:2] in (["poetry", "update"], ["pipenv", "update"], ["pdm", "update"]):
        return "newest"
    if words[:2] == ["pipenv", "install"]:
        return "locked" if {"--deploy", "--ignore-pipfile"} & set(words) else "newest"
    return "locked" if words[:2] in (["poetry", "install"], ["poetry", "sync"], ["pipenv", "sync"], ["pdm", "sync"]) else ""


def kind_of_uv(words: list[str], command: Command, facts: Facts) -> str:
    while words and words[0].startswith("-"):
        words = words[1 + (words[0] in {"--project", "--directory", "--python", "-p", "--config-file", "--cache-dir"}) :]
    if words[:2] in (["pip", "install"], ["pip", "sync"]):
        return kind_of_pip(words[2:], facts) if words[1] == "install" else kind_of_pip(["-r", *words[2:]], facts)
    if words[:1] not in (["sync"], ["run"]):
        return ""
    if "--locked" in words or is_set(command, "UV_LOCKED"):
        return "locked"
    if "--frozen" in words or is_set(command, "UV_FROZEN"):
        return "frozen"
    own = next((word for word in words[1:] if not word.startswith("-")), "")
    if words[0] == "run" and ({"--no-project", "--no-sync", "--script", "-s"} & set(words) or own.endswith(".py")):
        return "locked" if own.endswith(".py") or "--no-sync" in words else ""
    return "unknown" if any("$" in word for word in words) else "moving"


def is_set(command: Command, name: str) -> bool:
    return command.settings.get(name, "").strip("\"'").lower() in TRUE


def kind_of_pip(words: list[str], facts: Facts) -> str:
    """Lists are looked into: pip checks hashes when one of them has any."""
    if {"--require-hashes", "--no-deps"} & set(words):
        return "locked"
    kinds, after = set[str](), ""
    for word in words:
        if after in {"-r", "--requirement"}:
            kinds.add(kind_of_list(word, facts))
        elif word.startswith(("-r", "--requirement=")) and word not in {"-r", "--requirement"}:
            kinds.add(kind_of_list(word.removeprefix("--requirement=").removeprefix("-r"), facts))
        elif not word.startswith("-") and after not in VALUED:
            kinds.add(kind_of_requirement(word))
        after = word
    return next((kind for kind in WORST_FIRST if kind in kinds), "newest")


def kind_of_requirement(word: str) -> str:
    if "$" in word:
        return "unknown"
    try:
        wanted = Requirement(word)
    except InvalidRequirement:
        return "newest"  # a path or an address: what it needs is chosen now
    if wanted.name in {"uv", "nox"} and wanted.specifier:
        return "locked"
    return "unhashed" if any(one.operator in {"==", "==="} and "*" not in one.version for one in wanted.specifier) else "newest"


def kind_of_list(name: str, facts: Facts) -> str:
    """A list is found by its name wherever it lies: an image has it elsewhere."""
    last = name.rpartition("/")[2]
    names = [one for one in facts.repository.files if one == name or one.rpartition("/")[2] == last]
    if not names:
        return "unknown"
    try:
        found = [one for file in names for one in read_requirements(facts.repository, file)]
    except Refusal:
        return "unknown"
    if any(one.loose for one in found):
        return "newest"
    return "unhashed" if any(not one.hashed for one in found) else "locked"
