"""Compare nginx's files in `deploy/` with `server.toml`: port, timeouts, body limit, and what a proxy must not do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.nginx_file import Directive, directives, seconds, size

__all__ = ["FILES", "disagreeing", "files", "listening"]

FILES = ("deploy/nginx.conf", "deploy/systemd/*.nginx.conf")


@dataclass(frozen=True)
class Rule:
    """What `directive` must be to `value` of server.toml; `unsaid` is nginx's own when a file does not state it."""

    directive: str
    unsaid: str
    parse: Callable[[str], float | None]
    holds: Callable[[float, float], bool]
    value: str
    must: str
    wrong: str


def port(word: str) -> float | None:
    """Of `host:port`, as in an upstream's `server`."""
    last = word.rpartition(":")[2]
    return int(last) if last.isdecimal() else None


RULES = (
    Rule("upstream/server", "", port, lambda a, b: a == b, "port", "be", "The port is stated two ways."),
    Rule(
        "proxy_read_timeout",
        "60s",
        seconds,
        lambda a, b: a > b,
        "request_timeout",
        "be above",
        "The proxy gives up before the service does.",
    ),
    Rule(
        "upstream/keepalive_timeout",
        "60s",
        seconds,
        lambda a, b: a < b,
        "keep_alive",
        "be below",
        "The service closes connections that its proxy is about to use.",
    ),
    Rule(
        "client_max_body_size",
        "1m",
        size,
        lambda a, b: a == b,
        "max_body_bytes",
        "be",
        "The largest body is stated two ways.",
    ),
)


def files(root: Path) -> set[str]:
    """The proxy's files that are there."""
    return {found.file for pattern in FILES for found in directives(root, pattern)}


def disagreeing(root: Path, definition: str, entries: Mapping[str, Any]) -> Iterator[Fault]:
    """Where a proxy's file and the definition (`entries` of the file `definition`) disagree, or where it gives away
    what it is there for.
    """
    by_file: dict[str, list[Directive]] = {}
    for pattern in FILES:
        for found in directives(root, pattern):
            by_file.setdefault(found.file, []).append(found)
    for file, found_here in by_file.items():
        for rule in RULES:
            if rule.value in entries:
                yield from compare(file, found_here, rule, definition, entries[rule.value]["default"])
        yield from weakened(found_here)


def compare(file: str, found: list[Directive], rule: Rule, definition: str, wanted: float) -> Iterator[Fault]:
    """One rule, for every place that states it, or for nginx's own value where none does."""
    stated = [(one.place, str(one), one.words[0]) for one in matching(found, rule.directive) if one.words]
    name = rule.directive.rpartition("/")[2]
    if not stated and rule.unsaid:
        stated = [(file, f"{name} {rule.unsaid}, which is nginx's own", rule.unsaid)]
    for place, said, word in stated:
        value = rule.parse(word)
        if value is None or not rule.holds(value, wanted):
            yield Fault(
                "deploy files",
                rule.wrong,
                ((definition, f"{rule.value} = {wanted}"), (place, f"{said}   <- must {rule.must} {wanted}")),
                f"Change `{name}` in {file}, or both.",
            )


def matching(found: list[Directive], wanted: str) -> Iterator[Directive]:
    """Directives by name; `upstream/server` are those that stand in a block `upstream`."""
    block, _, name = wanted.rpartition("/")
    return (one for one in found if one.name == name and (not block or one.block[-1:] == (block,)))


def weakened(found: list[Directive]) -> Iterator[Fault]:
    """What no number shows: a proxy that does not buffer protects nobody, and one that repeats a POST does harm."""
    for one in found:
        if one.name == "proxy_request_buffering" and one.words == ("off",):
            yield Fault(
                "deploy files",
                "The proxy does not buffer.",
                ((one.place, f"{one}   <- slow clients reach the service"),),
                "Take it out, or write `proxy_request_buffering on;`.",
            )
        if one.name == "proxy_next_upstream" and "non_idempotent" in one.words:
            yield Fault(
                "deploy files",
                "The proxy may send a POST twice.",
                ((one.place, f"{one}   <- non_idempotent"),),
                "Leave out `non_idempotent`.",
            )


def listening(root: Path) -> list[Directive]:
    """Where the proxy of `deploy/compose.yaml` listens; empty when there is none."""
    return [one for one in directives(root, FILES[0]) if one.name == "listen"]
