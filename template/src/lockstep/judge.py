# Lockstep's: a place against the promise. Change it by `copier update`, not by hand.
"""Judge one place against what the repository promises; a finding for each difference."""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep.finding import Finding, Place
from lockstep.promise import Promise
from lockstep.wheels import Unknown, contents_of_all, wheel_for

__all__ = ["judge"]


def judge(place: Place, promise: Promise) -> list[Finding]:
    """All findings, in the order of the facets."""
    seen = place.fingerprint
    rules = (inputs, python, packages, contents, strays, byte_code, source, server, ambient)
    return [
        Finding(f, place.name, said, fix or place.rebuild) for rule in rules for f, said, fix in rule(seen, promise)
    ]


Found = Iterator[tuple[str, str, str]]


def inputs(seen: Mapping[str, Any], promise: Promise) -> Found:
    for name, value in seen["inputs"].items():
        if value != promise.inputs[name]:
            yield "inputs", f"{name} is another one than in this checkout", ""


def python(seen: Mapping[str, Any], promise: Promise) -> Found:
    if seen["python"] != promise.python:
        yield "python", f"runs {seen['python']}, .python-version says {promise.python}", ""


def packages(seen: Mapping[str, Any], promise: Promise) -> Found:
    wanted, there = promise.packages(seen["markers"]), seen["packages"]
    for name in sorted(set(wanted) | set(there)):
        version = str(wanted[name]["version"]) if name in wanted else None
        if version is None:
            yield "packages", f"{name} {there[name]} is installed, and the production set has no {name}", ""
        elif name not in there:
            yield "packages", f"{name} {version} is missing", ""
        elif there[name] != version:
            yield "packages", f"{name} is {there[name]}, uv.lock says {version}", ""


def contents(seen: Mapping[str, Any], promise: Promise) -> Found:
    """Files against RECORD, then against the locked wheel: a RECORD can be edited with its file, the wheel cannot."""
    wanted = promise.packages(seen["markers"])
    chosen, known = {}, seen["distributions"]
    for name, distribution in known.items():
        for fault in ("edited", "missing"):
            if distribution[fault]:
                yield "bytes", f"{name}: {fault} {shown(distribution[fault])}", ""
        if not distribution["record"]:
            yield "bytes", f"{name} has no RECORD", ""
        if name in wanted and seen["packages"].get(name) == wanted[name]["version"]:
            try:
                chosen[name] = wheel_for(wanted[name], distribution["tags"])
            except Unknown as reason:
                yield "wheels", f"{name}: {reason}", ""
    for name, files in contents_of_all(chosen).items():
        if isinstance(files, Unknown):
            yield (
                "bytes",
                f"{name} could not be held against its wheel: {files}",
                "connect once; contents are remembered",
            )
            continue
        there = known[name]["files"]
        other = sorted(file for file in set(files) | set(there) if files.get(file, "")[:16] != there.get(file, ""))
        if other and not known[name]["edited"] and not known[name]["missing"]:
            yield "bytes", f"{name}: not what the locked wheel installs: {shown(other)}", ""


def strays(seen: Mapping[str, Any], _: Promise) -> Found:
    if seen["strays"]:
        yield "strays", f"nobody owns {shown(seen['strays'])}", ""


def byte_code(seen: Mapping[str, Any], _: Promise) -> Found:
    if seen["byte_code"]["stale"]:
        yield "byte code", f"does not match its source: {shown(seen['byte_code']['stale'])}", ""


def source(seen: Mapping[str, Any], promise: Promise) -> Found:
    there = seen["source"]
    other = sorted(f for f in set(there) | set(promise.own) if there.get(f) != promise.own.get(f))
    if other:
        yield "source", f"other than in this checkout: {shown(other)}", ""


def server(seen: Mapping[str, Any], _: Promise) -> Found:
    if seen["server"] is None:
        yield "server", "no server definition is installed", ""
    elif "error" in seen["server"]:
        yield "server", str(seen["server"]["error"]).splitlines()[0], "uv run noxfile.py -s serve   (says what to mend)"


def ambient(seen: Mapping[str, Any], _: Promise) -> Found:
    for name, value in seen["ambient"].items():
        yield "ambient", f"{name}={value}", f"unset {name}"


def shown(names: list[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
