"""Say what changed between a fingerprint that was kept and a place of another commit, facet by facet.

Nothing is blamed: both may be what their own commits promise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.environments.finding import Finding, Place, shown

__all__ = ["of_another_commit", "since"]

Seen = Mapping[str, Any]


def of_another_commit(kept: Place, inputs: Mapping[str, str]) -> bool:
    """Whether a kept fingerprint was taken with other promised files than these; unknown ones are held to today's."""
    return kept.kind == "saved" and kept.fingerprint.get("promise", inputs) != inputs


def since(kept: Place, other: Place) -> list[Finding]:
    """What is otherwise in `other` than it was when the fingerprint was kept."""
    then, now = kept.fingerprint, other.fingerprint
    commit = str(then.get("commit", "unknown"))
    fix = f"nothing to mend; `git diff {commit}` says why" if commit != "unknown" else "nothing to mend"
    return [Finding(facet, said, kept.name, fix) for facet, said in changes(then, now)]


def changes(then: Seen, now: Seen) -> Iterator[tuple[str, str]]:
    """Pairs of a facet and a change, in the order of the facets."""
    if then["python"] != now["python"]:
        yield "python", f"{then['python']} then, {now['python']} now"
    for name, before, after in differing(then["packages"], now["packages"]):
        yield "packages", f"{name} {before or 'was not there'} then, {after or 'is not there'} now"
    for name, before, after in differing(then["distributions"], now["distributions"]):
        if before and after and name in then["packages"] and then["packages"][name] == now["packages"].get(name):
            yield from other_bytes(name, before, after)
    own = [name for name, *_ in differing(then["source"], now["source"])]
    if own:
        yield "source", f"{len(own)} files changed: {shown(own)}"
    for name, before, after in differing(then["server"] or {}, now["server"] or {}):
        yield "server", f"{name} = {before} then, {after} now"
    for facet in ("flags", "time", "libraries"):
        for name, before, after in differing(then[facet], now[facet]):
            yield facet, f"{name} {before} then, {after} now"
    if then["python"] == now["python"] and then["interpreter"]["build"] != now["interpreter"]["build"]:
        yield "interpreter", f"{then['interpreter']['build']} then, {now['interpreter']['build']} now"


def other_bytes(name: str, before: Seen, after: Seen) -> Iterator[tuple[str, str]]:
    """The same version of a package with other content."""
    if before["digest"] != after["digest"]:
        files = [file for file, *_ in differing(before["files"], after["files"])]
        yield "bytes", f"{name}: other content of the same version: {shown(files)}"


def differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Names with what they were and are, where that is not the same; None for what is not there."""
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield name, then.get(name), now.get(name)
