"""The check `ci files`: whether Lockstep's workflows and pipelines are what the template gives."""

from collections.abc import Iterator, Sequence

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.given import Given, compare_given, parse_file
from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced, Unreadable, matching, show
from lockstep_tool.files.yaml_file import parse_yaml
from lockstep_tool.service import Service

__all__ = ["CHECK", "PLACES", "REACHING"]

# Variables that say how things are reached, and nothing of what is installed.
REACHING = (
    r"(?:https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|SSL_CERT_(?:FILE|DIR)|UV_INDEX_\w+_(?:USERNAME|PASSWORD)"
    r"|UV_(?:SYSTEM_CERTS|NATIVE_TLS|HTTP_\w+|CONCURRENT_\w+|KEYRING_PROVIDER)|LOCKSTEP_(?:BUILD_\w+|ENGINE|ASK_NETWORK))"
)
DIGEST = r"(?:@sha256:[0-9a-f]{64})?"
INSTALLED = r"pipx install uv==\d+\.\d+\.\d+"
GITLAB = ".gitlab-ci.yml"
# What an included file would change in Lockstep's jobs, besides them.
GLOBAL = ("default", "workflow", "image", "services", "before_script", "after_script", "cache", "variables", "spec")


def places(own: str) -> Sequence[Place]:
    """`own` is how the service's own variables begin."""
    variables = rf"{REACHING}|{own}_\w+"
    return (
        Place("jobs/*/steps/[]/uses", "another commit of the same action", r"(?P<same>[\w.-]+/[\w./-]+)@[\w./-]+"),
        Place("jobs/*/steps/[]/run", "another version of uv", INSTALLED),
        Place("jobs/*/runs-on", "another machine"),
        Place("jobs/*/timeout-minutes", "another limit", r"[1-9]\d{0,2}"),
        Place("jobs/lockstep/services", "services that your tests need"),
        Place("jobs/check/services", "services that your tests need"),
        Place("jobs/*/env/*", "variables of your service, and those by which things are reached", key=variables, more=True),
        Place("on/push/branches/[]", "the names of your branches", r"[\w./*-]+"),
        Place("on/push/branches/[]", "more branches", r"[\w./*-]+", more=True),
        Place("on/schedule/[]/cron", "another time", r"\S+( \S+){4}"),
        Place("*/image", "another version or mirror of uv's image", rf"\S+/uv:[\w.-]+{DIGEST}"),
        Place("*/services/[]", "another version or mirror of Docker's image", rf"(?:\S+/)?docker:[\w.-]+{DIGEST}"),
        Place("*/services/[]", "services that your tests need", more=True),
        Place("*/variables/*", "variables of your service, and those by which things are reached", key=variables, more=True),
        Place("*/tags", "another runner"),
        Place("*/timeout", "another limit"),
        Place("stages", "your stages"),
        Place("include/[]", "files of yours", more=True),
    )


PLACES = places("<PACKAGE>")


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give, and what included files do to Lockstep's jobs."""
    kind = Given(
        (".github/workflows/*.yml", GITLAB, ".gitlab/*.yml"),
        parse_yaml,
        places(service.package.name.upper()),
        (".github/workflows/audit.yml", ".github/workflows/release.yml", "*/lockstep-update.yml"),
    )
    yield from compare_given(service, CHECK, kind)
    if service.files.has(GITLAB) and not service.detached:
        yield from included(service)


def included(service: Service) -> Iterator[Finding]:
    """GitLab merges included files into the one that includes them, job by job."""
    try:
        pipeline = parse_file(service, GITLAB, parse_yaml)
    except Unreadable:
        return  # said already
    jobs = set(pipeline.entries) - {"include", "stages"} if isinstance(pipeline, Mapped) else set()
    for item in matching(pipeline, "include/[]"):
        local = item.entries.get("local") if isinstance(item, Mapped) else item
        more = set(item.entries) - {"local", "rules"} if isinstance(item, Mapped) else set()
        if not isinstance(local, Scalar) or "://" in local.text or more:
            yield CHECK.finding(
                "What an included file does to Lockstep's jobs cannot be seen here.",
                where=((f"{GITLAB}:{item.line}", f"{show(item)}   <- of another repository"),),
                fix="Include it from a pipeline of its own, or see that it changes none of these jobs.",
                severity=Severity.WARNING,
            )
            continue
        for name in service.files.named(local.text.lstrip("/")):
            if name != ".gitlab/lockstep-update.yml":
                yield from merged_in(name, read_quietly(service, name), jobs)


def read_quietly(service: Service, name: str) -> Node:
    """A file of the team's; one that GitLab cannot read either changes nothing."""
    try:
        return parse_file(service, name, parse_yaml)
    except Unreadable:
        return Sequenced(1)


def merged_in(name: str, file: Node, jobs: set[str]) -> Iterator[Finding]:
    """What one included file says of Lockstep's jobs, or of all."""
    if isinstance(file, Mapped) and (ours := [key for key in file.entries if key in {*jobs, *GLOBAL}]):
        yield CHECK.finding(
            f"{name} changes Lockstep's jobs.",
            where=tuple((f"{name}:{file.lines[key]}", f"{key}   <- merged into them") for key in ours),
            fix=f"Give jobs in {name} names of their own, and state there what is for all of them.",
        )


CHECK = Check(
    name="ci files",
    session="pins",
    asks="Lockstep's workflows on GitHub and its pipeline on GitLab, parsed and compared with what the template gives.",
    why="A step that may fail, a condition that never holds or a trigger that is gone leaves CI green for what it did not run.",
    allowed="Machines, limits, branches, times, versions (judged by `versions` and `actions`), services for tests, variables.",
    fix="Put back what differs; jobs of yours go into files beside it, checks of yours into nox_local.py.",
    find=find,
)
