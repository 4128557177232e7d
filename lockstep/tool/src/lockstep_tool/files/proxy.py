"""Read nginx's files in `deploy/`, and what they must say for a service with these numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lockstep_tool.files.nginx_file import Directive, parse, seconds, size
from lockstep_tool.files.tree import Tree

__all__ = ["RULES", "Rule", "listening", "proxy_files", "stated"]

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


def proxy_files(tree: Tree) -> dict[str, list[Directive]]:
    """The directives of each of the proxy's files, by its name."""
    return {file: list(parse(file, tree.text(file))) for file in tree.named(*FILES)}


def listening(tree: Tree) -> list[Directive]:
    """Where the proxy of `deploy/compose.yaml` listens; empty when there is none."""
    return [one for one in proxy_files(tree).get(FILES[0], ()) if one.name == "listen"]


def stated(file: str, directives: list[Directive], rule: Rule) -> list[tuple[str, str, str]]:
    """Each statement of a rule's directive, or nginx's own value where none does: spot, text, and the word that counts."""
    found = [(one.spot, str(one), one.words[0]) for one in matching(directives, rule.directive) if one.words]
    name = rule.directive.rpartition("/")[2]
    return found or [(file, f"{name} {rule.unsaid}, which is nginx's own", rule.unsaid)] * bool(rule.unsaid)


def matching(directives: list[Directive], wanted: str) -> Iterator[Directive]:
    """Directives by name; `upstream/server` are those that stand in a block `upstream`."""
    block, _, name = wanted.rpartition("/")
    return (one for one in directives if one.name == name and (not block or one.block[-1:] == (block,)))
