# Lockstep's: a place against the promise. Change it by `copier update`, not by hand.
"""Judge one place against what the repository promises; a finding for each difference."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lockstep.finding import Finding, Place, shown
from lockstep.installed import installed
from lockstep.promise import Promise

__all__ = ["judge"]

Seen = Mapping[str, Any]


def judge(place: Place, promise: Promise) -> list[Finding]:
    """All findings, in the order of the facets."""
    rules = (inputs, python, packages, installed, strays, byte_code, source, server, ambient)
    found = (finding for rule in rules for finding in rule(place.fingerprint, promise))
    return [replace(finding, place=place.name, fix=finding.fix or place.rebuild) for finding in found]


def inputs(seen: Seen, promise: Promise) -> Iterator[Finding]:
    for name, value in seen["inputs"].items():
        if value != promise.inputs[name]:
            yield Finding("inputs", f"{name} is another one than in this checkout")


def python(seen: Seen, promise: Promise) -> Iterator[Finding]:
    if seen["python"] != promise.python:
        yield Finding("python", f"runs {seen['python']}, .python-version says {promise.python}")


def packages(seen: Seen, promise: Promise) -> Iterator[Finding]:
    wanted, there = promise.packages(seen["markers"]), seen["packages"]
    for name in sorted(set(wanted) | set(there)):
        version = str(wanted[name]["version"]) if name in wanted else None
        if version is None:
            yield Finding("packages", f"{name} {there[name]} is installed, and the production set has no {name}")
        elif name not in there:
            yield Finding("packages", f"{name} {version} is missing")
        elif there[name] != version:
            yield Finding("packages", f"{name} is {there[name]}, uv.lock says {version}")


def strays(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["strays"]:
        yield Finding("strays", f"nobody owns {shown(seen['strays'])}")


def byte_code(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["byte_code"]["stale"]:
        yield Finding("byte code", f"does not match its source: {shown(seen['byte_code']['stale'])}")


def source(seen: Seen, promise: Promise) -> Iterator[Finding]:
    there = seen["source"]
    other = sorted(f for f in set(there) | set(promise.own) if there.get(f) != promise.own.get(f))
    if other:
        yield Finding("source", f"other than in this checkout: {shown(other)}")


def server(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["server"] is None:
        yield Finding("server", "no server definition is installed")
    elif "error" in seen["server"]:
        said = str(seen["server"]["error"]).splitlines()[0]
        yield Finding("server", said, fix="uv run noxfile.py -s serve   (says what to mend)")


def ambient(seen: Seen, _: Promise) -> Iterator[Finding]:
    for name, value in seen["ambient"].items():
        yield Finding("ambient", f"{name}={value}", fix=f"unset {name}")
