# Lockstep's: two places against each other. Change it by `copier update`, not by hand.
"""Compare two places in what the repository does not promise: the interpreter's build, libraries, flags, the server in
force.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from lockstep.finding import Finding, Place

__all__ = ["compare"]

ELSEWHERE = {"host", "port", "workers"}  # values that each place may set by its environment
WITH_THE_INTERPRETER = {"openssl", "sqlite", "zlib", "expat"}


def compare(one: Place, other: Place, *, strict: bool | None = None) -> list[Finding]:
    """What differs between two places. `strict` allows no other build of the interpreter: the rule in CI."""
    strict = bool(os.environ.get("CI")) if strict is None else strict
    a, b = one.fingerprint, other.fingerprint
    same_platform = a["markers"] == b["markers"]
    found = [
        *interpreter(a, b, strict and same_platform),
        *libraries(a, b, strict and same_platform),
        *flags(a, b),
        *server(a, b),
    ]
    return [
        Finding(facet, f"{said} ({one.name}: {there})", other.name, "" if allowed else fix or other.rebuild, allowed)
        for facet, said, there, fix, allowed in found
    ]


Found = Iterator[tuple[str, str, str, str, bool]]


def interpreter(a: Mapping[str, Any], b: Mapping[str, Any], strict: bool) -> Found:
    if a["python"] != b["python"]:
        return
    names = [name for name in a["interpreter"] if a["interpreter"][name] != b["interpreter"][name]]
    if names:
        said, there = (str(place["interpreter"]["build"]) for place in (b, a))
        what = ", ".join(name.replace("_", " ") for name in names if name != "build")
        yield "interpreter", f"another build, in {what}: {said}", there, MANAGED, not strict


MANAGED = "UV_MANAGED_PYTHON=1 uv run noxfile.py   (uv's own build, as in the image)"


def libraries(a: Mapping[str, Any], b: Mapping[str, Any], strict: bool) -> Found:
    for name in sorted(a["libraries"]):
        here, there = a["libraries"][name], b["libraries"][name]
        if here != there:
            yield "libraries", f"{name} {there}", here, MANAGED, not (strict and name in WITH_THE_INTERPRETER)


def flags(a: Mapping[str, Any], b: Mapping[str, Any]) -> Found:
    for name in sorted(a["flags"]):
        here, there = a["flags"][name], b["flags"][name]
        if here != there:
            yield "flags", f"{name} = {there!r}", repr(here), "", name == "time_zone"


def server(a: Mapping[str, Any], b: Mapping[str, Any]) -> Found:
    here, there = a["server"] or {}, b["server"] or {}
    for name in sorted(set(here) & set(there)):
        if here[name] != there[name]:
            yield (
                "server",
                f"{name} = {there[name]}",
                str(here[name]),
                f"set {name} alike in both places",
                name in ELSEWHERE,
            )
