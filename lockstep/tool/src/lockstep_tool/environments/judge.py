"""Judge one place against what the repository promises; a finding for each difference."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lockstep_tool.declared import Promise
from lockstep_tool.environments.finding import Finding, Place, shown
from lockstep_tool.environments.installed import installed
from lockstep_tool.environments.needs import needs
from lockstep_tool.environments.surroundings import surroundings
from lockstep_tool.lockfile import spot

__all__ = ["judge"]

Seen = Mapping[str, Any]


def judge(place: Place, promise: Promise) -> list[Finding]:
    """All findings, in the order of the facets."""
    by_promise = (inputs, python, packages, needs, installed, strays, search_path, byte_code, source, server, ambient)
    found = [finding for rule in by_promise for finding in rule(place.fingerprint, promise)]
    found += surroundings(place, promise)
    return [replace(f, place=place.name, fix=(f.fix or "{rebuild}").replace("{rebuild}", place.rebuild)) for f in found]


def inputs(seen: Seen, promise: Promise) -> Iterator[Finding]:
    for name, value in seen["inputs"].items():
        if value != promise.inputs[name]:
            yield Finding("inputs", f"{name} is another one than in this checkout")


def python(seen: Seen, promise: Promise) -> Iterator[Finding]:
    if seen["python"] != promise.python:
        said = f"runs {seen['python']}, .python-version says {promise.python}"
        yield Finding("python", said, at=".python-version:1")


def packages(seen: Seen, promise: Promise) -> Iterator[Finding]:
    wanted, there = promise.packages(seen["markers"]), seen["packages"]
    for name in sorted(set(wanted) | set(there)):
        version = str(wanted[name]["version"]) if name in wanted else None
        if version is None:
            said = f"{name} {there[name]} is installed, and the production set has no {name}"
            yield Finding("packages", said, at="uv.lock")
        elif name not in there:
            yield Finding("packages", f"{name} {version} is missing", at=spot("uv.lock", promise.lock, wanted[name]))
        elif there[name] != version:
            at = spot("uv.lock", promise.lock, wanted[name])
            yield Finding("packages", f"{name} is {there[name]}, uv.lock says {version}", at=at)


def strays(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["strays"]:
        yield Finding("strays", f"nobody owns {shown(seen['strays'])}")


def search_path(seen: Seen, _: Promise) -> Iterator[Finding]:
    said = [os.path.realpath(entry) for entry in seen["ambient"].get("PYTHONPATH", "").split(os.pathsep)]
    if other := [entry for entry in seen["search_path"] if entry not in said]:  # the variable is told of as `ambient`
        yield Finding("search path", f"imports from {shown(other)}, which no package owns")


def byte_code(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["byte_code"]["stale"]:
        yield Finding("byte code", f"does not match its source: {shown(seen['byte_code']['stale'])}")


def source(seen: Seen, promise: Promise) -> Iterator[Finding]:
    there = seen["source"]
    other = sorted(f for f in set(there) | set(promise.own) if there.get(f) != promise.own.get(f))
    if other:
        yield Finding("source", f"other than in this checkout: {shown(other)}", at=f"src/{other[0]}")


def server(seen: Seen, _: Promise) -> Iterator[Finding]:
    if seen["server"] is None:
        yield Finding("server", "no server definition is installed")
    elif "error" in seen["server"]:
        said = str(seen["server"]["error"]).splitlines()[0]
        yield Finding("server", said, fix="uv run noxfile.py -s serve   (says what to mend)")


def ambient(seen: Seen, _: Promise) -> Iterator[Finding]:
    for name, value in seen["ambient"].items():
        yield Finding("ambient", f"{name}={value}", fix=f"unset {name}")
