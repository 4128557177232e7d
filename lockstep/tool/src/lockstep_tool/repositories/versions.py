"""The column `python`: is Python stated to the patch, and does every file say the same?"""

import re
from collections.abc import Iterator, Sequence

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import CI, IMAGES, Facts
from lockstep_tool.repositories.stated import Version

__all__ = ["EXACT", "differing", "python"]

EXACT = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
DISTRIBUTIONS = frozenset({"ubuntu", "debian", "alpine", "fedora", "almalinux", "rockylinux", "amazonlinux", "archlinux"})
PACKAGED = re.compile(r"\b(?:apt(?:-get)?|apk|dnf|yum|microdnf|pacman)\b[^&;|]*\bpython3?(?:-[\w-]+)?(?=\s|$)")
FILES = (
    (r"^\s*(?:cpython[-@]|python-)?(\d[\w.]*)\s*$", (".python-version", "runtime.txt")),
    (r"^python\s*[= ]\s*['\"]?(\d[\w.]*)", (".tool-versions", "mise.toml", ".mise.toml")),
)


def python(facts: Facts) -> Iterator[Finding]:
    """Python's version: exact in one file at least, and no file against it."""
    found = [*pythons_of_files(facts), *pythons_of_images(facts), *(one for ci in facts.ci for one in ci.pythons)]
    found += pythons_of_distributions(facts)
    unknown = [one.row for one in found if not one.text]
    known = [one for one in found if one.text]
    exact = {one.text for one in known if EXACT.fullmatch(one.text)}
    rows = tuple(dict.fromkeys(one.row for one in known))
    if len(exact) > 1 or (exact and any(one.text not in exact for one in known)):
        yield differing("python", "Python", rows, {one.text for one in known})
    elif not exact and not unknown:
        fix = "Run `uv python pin X.Y.Z` with the patch that production runs."
        yield Finding("python", "Python is not stated to the patch.", rows[:4] or ((".python-version", "missing"),), fix)
    if unknown:
        what = "Which Python it is cannot be known from the text."
        yield Finding("python", what, tuple(unknown[:4]), "State it as X.Y.Z.", Severity.UNKNOWN)
    yield from facts.describe_unread("python", *CI, *IMAGES)


def pythons_of_files(facts: Facts) -> Iterator[Version]:
    """Of files that state one; a second line of `.python-version` is for other projects."""
    for expression, files in FILES:
        for name in facts.repository.named(*files):
            found = next(facts.repository.statements(expression, name), None)
            if found:
                yield Version(found.spot, found.match[1].rstrip("."))


def pythons_of_images(facts: Facts) -> Iterator[Version]:
    for image in facts.images:
        if image.short in {"python", "cpython"} or image.name.startswith("cimg/python:"):
            found = re.match(r"\d[\w.]*", image.tag)
            yield Version(image.spot, "" if image.unknown else found[0] if found else image.tag or "latest", image.name)
        elif found := re.search(r"(?:^|-)python(\d[\d.]*\d)", image.tag):
            yield Version(image.spot, found[1], image.name)
        elif image.unknown and "python" in image.name.lower():
            yield Version(image.spot, "", image.name)


def pythons_of_distributions(facts: Facts) -> Iterator[Version]:
    """An image of another distribution has the Python that its packages bring."""
    for one in facts.built:
        last = one.stages[-1]
        base = last.base.partition("@")[0].removeprefix("docker.io/").removeprefix("library/").partition(":")[0]
        if base in DISTRIBUTIONS and any(PACKAGED.search(f"{run.rest} {run.body}") for run in last.of("RUN")):
            yield Version(f"{one.name}:{last.line}", "", f"the Python of {last.base}")


def differing(column: str, tool: str, rows: Sequence[tuple[str, str]], versions: set[str]) -> Finding:
    """Every statement, when they do not agree."""
    count = max(len(versions), 2)
    return Finding(column, f"{tool} is stated {count} ways.", tuple(dict.fromkeys(rows)), "State one.")
