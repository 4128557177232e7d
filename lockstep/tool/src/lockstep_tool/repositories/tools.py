"""The column `tools`: are uv and nox stated, and does every file say the same?"""

import re
import tomllib
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import CI, IMAGES, Facts
from lockstep_tool.repositories.shell import Command
from lockstep_tool.repositories.stated import Version
from lockstep_tool.repositories.versions import EXACT, differing

__all__ = ["mentions_tools", "tools"]

INSTALLERS = frozenset({"pip", "pip3", "pipx", "uvx"})


def tools(facts: Facts) -> Iterator[Finding]:
    """uv's version where uv is used, and nox's."""
    yield from find_uv(facts)
    yield from find_nox(facts)
    yield from facts.describe_unread("tools", *CI, *IMAGES)


def mentions_tools(facts: Facts) -> bool:
    """Whether uv or nox is used at all."""
    if {"uv.lock", "uv.toml", "noxfile.py"} & set(facts.repository.files) or required_uv(facts) is not None:
        return True
    words = (word for command in facts.commands if gets(command) for word in command.words)
    named = any(re.fullmatch(r"nox(?:(?:==|@).*)?", word) for word in words)
    return named or bool([*uv_statements(facts), *loose_uv(facts)]) or facts.has_unread(*CI, *IMAGES)


def find_uv(facts: Facts) -> Iterator[Finding]:
    required, statements = required_uv(facts), list(uv_statements(facts))
    stated = [one for one in statements if one.text]
    rows = tuple(one.row for one in ([required] if required else []) + stated)
    versions = {one.text for one in stated}
    if loose := list(loose_uv(facts, followed=required is not None)):
        yield Finding("tools", "uv is taken in whatever version there is.", tuple(loose[:4]), "Write `uv==X.Y.Z`.")
    elif not statements and required is None:
        if "uv.lock" in facts.repository.files:
            fix = 'Write `required-version = "==X.Y.Z"` into uv.toml, and take that version in CI and the image.'
            yield Finding("tools", "uv is not stated.", (("uv.toml", "no required-version"),), fix)
    elif len(versions) > 1 or (required and any(not admits(required.text, version) for version in versions)):
        yield differing("tools", "uv", rows, {text for _, text in rows})
    elif inexact := tuple(one.row for one in stated if not EXACT.fullmatch(one.text)):
        yield Finding("tools", "uv is not stated to the patch.", inexact[:4], "Write `uv==X.Y.Z`.")
    elif not stated and required and not EXACT.fullmatch(required.text.removeprefix("==")):
        yield Finding("tools", "uv is stated as a range.", rows, 'Write `required-version = "==X.Y.Z"`.', Severity.WARNING)
    if unknown := tuple(one.row for one in statements if not one.text):
        yield Finding("tools", "Which uv it is cannot be known from the text.", unknown, "State it as X.Y.Z.", Severity.UNKNOWN)


def admits(specifier: str, version: str) -> bool:
    """Whether a range such as `>=0.5,<0.6` has the version in it."""
    try:
        text = specifier if re.match(r"[<>=~!]", specifier) else f"=={specifier}"
        return SpecifierSet(text).contains(version, prereleases=True)
    except (InvalidSpecifier, ValueError):
        return False


def required_uv(facts: Facts) -> Version | None:
    """What the project asks of uv; the first file counts for uv, too."""
    for name in ("uv.toml", "pyproject.toml"):
        if name in facts.repository.files:
            try:
                data = tomllib.loads(facts.repository.text(name))
            except (Refusal, tomllib.TOMLDecodeError):
                continue  # the column `lock` says so
            table = data if name == "uv.toml" else data.get("tool", {}).get("uv", {})
            if isinstance(given := table.get("required-version"), str):
                line = next((number for number, text in facts.repository.lines(name) if "required-version" in text), 1)
                return Version(f"{name}:{line}", given)
    return None


def uv_statements(facts: Facts) -> Iterator[Version]:
    """The versions of uv in commands, images and inputs of its action."""
    for command in facts.commands:
        for word in command.words[1:] if command.words[0] != "uv" or "tool" in command.words[:2] else ():
            if found := re.fullmatch(r"uv(?:==|@)(\S+)", word):
                yield Version(command.spot, "" if "$" in found[1] else found[1], found[0])
        if found := re.search(r"astral\.sh/uv/(\d[\d.]*\d)/install", command.text):
            yield Version(command.spot, found[1])
    for image in facts.images:
        if image.short == "uv":
            found = re.match(r"\d[\d.]*\d", image.tag)
            if found or image.unknown:
                yield Version(image.spot, found[0] if found else "", image.name)
    for step in facts.steps:
        if step.action == "astral-sh/setup-uv" and "version" in step.inputs:
            spot, given = step.inputs["version"]
            if given != "latest":
                yield Version(spot, "" if "$" in given else given, given)


def loose_uv(facts: Facts, *, followed: bool = False) -> Iterator[tuple[str, str]]:
    """What takes the newest uv; `followed` says that the project asks for one, which uv's action then takes."""
    for command in facts.commands:
        if (gets(command) and "uv" in command.words) or re.search(r"astral\.sh/uv/install\.", command.text):
            yield command.spot, command.text
    for image in facts.images:
        if image.short == "uv" and not image.unknown and not image.tag[:1].isdigit() and "@" not in image.name:
            yield image.spot, image.name
    for step in facts.steps:
        if step.action != "astral-sh/setup-uv":
            continue
        given = step.inputs.get("version", ("", ""))[1]
        if given == "latest" or not (given or followed or "version-file" in step.inputs):
            yield step.spot, f"{step.action} without a version"


def gets(command: Command) -> bool:
    """Whether a command installs what it names, or runs it from where it is published."""
    if command.words[:2] == ("uv", "tool"):
        return True
    words = [word.rpartition("/")[2] for word in command.words]
    words = words[2:] if words[:2] == ["python", "-m"] or words[:2] == ["python3", "-m"] else words
    return words[:1] != [] and words[0] in INSTALLERS and (words[0] == "uvx" or {"install", "run"} & set(words[1:]) != set())


def find_nox(facts: Facts) -> Iterator[Finding]:
    if loose := list(loose_nox(facts)):
        fix = "Give noxfile.py a script header, lock it with `uv lock --script noxfile.py`, run `uv run noxfile.py`."
        yield Finding("tools", "nox is taken in whatever version there is.", tuple(loose[:4]), fix)
    elif "noxfile.py" in facts.repository.files and "noxfile.py.lock" not in facts.repository.files:
        fix = "Give noxfile.py a script header, and lock it with `uv lock --script noxfile.py`."
        yield Finding("tools", "nox is not locked.", (("noxfile.py.lock", "missing"),), fix, Severity.WARNING)


def loose_nox(facts: Facts) -> Iterator[tuple[str, str]]:
    for command in facts.commands:
        stated = any(re.match(r"nox(?:==|@)", word) for word in command.words)
        if "nox" in command.words and not stated and gets(command):
            yield command.spot, command.text
