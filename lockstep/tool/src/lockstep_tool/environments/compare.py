"""Compare two places in what the repository does not promise: the interpreter's build, libraries, flags, the server in
force.

Between platforms (a laptop with macOS or Windows, an image with Linux) libraries and interpreter differ by right; the
markers of the fingerprints tell.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.environments.finding import Finding, Place, shown

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
        *clock(a, b),
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
    here, there = a["interpreter"], b["interpreter"]
    if here["build"] == there["build"] and here["executable"] == there["executable"]:
        edited = sorted(f for f in {*here["files"], *there["files"]} if here["files"].get(f) != there["files"].get(f))
        if edited:
            said = f"the same build with other files in its standard library: {shown(edited)}"
            yield "interpreter", said, "as it was built, or the edited one", REINSTALL, False
            return
    names = [name for name in here if name not in {"build", "files"} and here[name] != there[name]]
    if names:
        what = ", ".join(name.replace("_", " ") for name in names)
        yield "interpreter", f"another build, in {what}: {there['build']}", str(here["build"]), MANAGED, not strict


MANAGED = "UV_MANAGED_PYTHON=1 uv run noxfile.py   (uv's own build, as in the image)"
REINSTALL = "uv python install --reinstall, where uv installed it, and build the place again"


def libraries(a: Mapping[str, Any], b: Mapping[str, Any], strict: bool) -> Found:
    for name in sorted(a["libraries"]):
        here, there = a["libraries"][name], b["libraries"][name]
        if here != there:
            yield "libraries", f"{name} {there}", here, MANAGED, not (strict and name in WITH_THE_INTERPRETER)


def flags(a: Mapping[str, Any], b: Mapping[str, Any]) -> Found:
    for name in sorted(a["flags"]):
        here, there = a["flags"][name], b["flags"][name]
        if here != there:
            text = {a["flags"]["text_encoding"], b["flags"]["text_encoding"]}
            yield "flags", f"{name} = {there!r}", repr(here), "", name == "locale" and text == {"utf-8"}


def clock(a: Mapping[str, Any], b: Mapping[str, Any]) -> Found:
    here, there = a["time"]["data"], b["time"]["data"]
    if here != there:
        yield "time", f"zone data: {there}", here, "", True


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
