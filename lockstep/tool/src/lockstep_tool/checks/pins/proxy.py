"""The check `proxy`: whether nginx's files fit server.toml, and do nothing that a proxy must not do."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.nginx_file import Directive
from lockstep_tool.files.proxy import RULES, Rule, proxy_files, stated
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """Where a proxy's file and the definition disagree, or where it gives away what it is there for."""
    for file, directives in proxy_files(service.files).items():
        for rule in RULES:
            if rule.value in service.definition.values:
                yield from compare(service, file, directives, rule)
        yield from weakened(directives)


def compare(service: Service, file: str, directives: list[Directive], rule: Rule) -> Iterator[Finding]:
    """One rule, for every line that states it, or for nginx's own value where none does."""
    wanted = service.definition.values[rule.value].value
    for spot, text, word in stated(file, directives, rule):
        value = rule.parse(word)
        if value is None or not rule.holds(value, wanted):
            yield CHECK.finding(
                rule.wrong,
                where=(
                    (service.stated_in(rule.value), f"{rule.value} = {wanted}"),
                    (spot, f"{text}   <- must {rule.must} {wanted}"),
                ),
                fix=f"Change `{rule.directive.rpartition('/')[2]}` in {file}, or both.",
            )


def weakened(directives: list[Directive]) -> Iterator[Finding]:
    """What no number shows: a proxy that does not buffer protects nobody, and one that repeats a POST does harm."""
    for one in directives:
        if one.name == "proxy_request_buffering" and one.words == ("off",):
            yield CHECK.finding(
                "The proxy does not buffer.",
                where=((one.spot, f"{one}   <- slow clients reach the service"),),
                fix="Take it out, or write `proxy_request_buffering on;`.",
            )
        if one.name == "proxy_next_upstream" and "non_idempotent" in one.words:
            yield CHECK.finding(
                "The proxy may send a POST twice.",
                where=((one.spot, f"{one}   <- non_idempotent"),),
                fix="Leave out `non_idempotent`.",
            )


CHECK = Check(
    name="proxy",
    session="pins",
    asks="Ports, timeouts and the body limit of nginx's files in deploy/, against server.toml, and what a proxy must not do.",
    why="A proxy that gives up first, or reuses what the service closes, fails requests that the service answers.",
    allowed="Never.",
    fix="the directive that `pins` prints, in the file and line that it names",
    find=find,
)
