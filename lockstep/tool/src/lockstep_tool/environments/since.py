"""Say what changed between a saved fingerprint and an environment of another commit, check by check.

Nothing is blamed: both may be what their own commits declare.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Environment

__all__ = ["find_changes", "is_of_another_commit"]

Seen = Mapping[str, Any]


def is_of_another_commit(saved: Environment, inputs: Mapping[str, str]) -> bool:
    """Whether a saved fingerprint was taken where other files than these were declared; one that does not say is
    compared with these.
    """
    return saved.kind == "saved" and saved.fingerprint.get("declared", inputs) != inputs


def find_changes(saved: Environment, other: Environment) -> Iterator[Finding]:
    """What is otherwise in `other` than it was when the fingerprint was saved."""
    then, now = saved.fingerprint, other.fingerprint
    commit = str(then.get("commit", "unknown"))
    fix = f"nothing to mend; `git diff {commit}` says why" if commit != "unknown" else "nothing to mend"
    for check, what in changes(then, now):
        yield Finding(check, what, fix=fix, environment=saved.name)


def changes(then: Seen, now: Seen) -> Iterator[tuple[str, str]]:
    """Pairs of a check and a change, in the order of the checks."""
    if then["python"] != now["python"]:
        yield "python", f"{then['python']} then, {now['python']} now"
    for name, before, after in differing(then["packages"], now["packages"]):
        yield "packages", f"{name} {before or 'was not there'} then, {after or 'is not there'} now"
    for name, before, after in differing(then["distributions"], now["distributions"]):
        if before and after and name in then["packages"] and then["packages"][name] == now["packages"].get(name):
            yield from other_bytes(name, before, after)
    own = [name for name, *_ in differing(then["source"], now["source"])]
    if own:
        yield "source", f"{len(own)} file{'s' * (len(own) != 1)} changed: {name_few(own)}"
    for name, before, after in differing(then["server"] or {}, now["server"] or {}):
        yield "server", f"{name} = {before} then, {after} now"
    for check in ("flags", "time", "libraries"):
        for name, before, after in differing(then[check], now[check]):
            yield check, f"{name} {before} then, {after} now"
    if then["python"] == now["python"] and then["interpreter"]["build"] != now["interpreter"]["build"]:
        yield "interpreter", f"{then['interpreter']['build']} then, {now['interpreter']['build']} now"


def other_bytes(name: str, before: Seen, after: Seen) -> Iterator[tuple[str, str]]:
    """The same version of a package with other content."""
    if before["digest"] != after["digest"]:
        files = [file for file, *_ in differing(before["files"], after["files"])]
        yield "bytes", f"{name}: other content of the same version: {name_few(files)}"


def differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Names with what they were and are, where that is not the same; None for what is not there."""
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield name, then.get(name), now.get(name)
