"""The check `compose file`: whether deploy/compose.yaml is what the template gives, and what an override may add to it."""

import re
from collections.abc import Iterator, Sequence

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.deployed import COMPOSE, INTERPOLATED, PUBLISHED, VARIABLE, given_variables, read_variables
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.yaml_file import parse_yaml
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import hide_value

__all__ = ["CHECK", "PLACES"]

# Nothing that is mounted may lie over code, or be the engine's socket.
MOUNTED = r"(?!.*\.sock)[^:]+:/(?:data|srv|mnt|media|var/lib|etc/nginx/yours)(?:/[^:]*)?(?::[a-zA-Z,]+)?"
FREE = (
    "annotations",
    "cpus",
    "depends_on",
    "deploy",
    "dns",
    "extra_hosts",
    "labels",
    "logging",
    "mem_limit",
    "mem_reservation",
    "networks",
    "pids_limit",
    "ulimits",
)


def places(name: str) -> Sequence[Place]:
    """`name` is the service's."""
    others = rf"(?!{re.escape(name)}(?:-proxy)?$).+"
    return (
        Place("services/*/image", "another name or registry", r"\S+"),
        Place("services/*/ports/[]", "another published address", rf"{PUBLISHED}\d+"),
        Place("services/*/stop_grace_period", "the grace of server.toml", r"\d+s"),
        Place("services/*/restart", "another policy", r"always|unless-stopped|on-failure(?::\d+)?"),
        Place("services/*/tmpfs/[]", "another size", r"/tmp(?::\S+)?"),
        Place("services/*/environment/*", "variables of your service", key=VARIABLE, more=True),
        Place("services/*/environment/[]", "the same, as a list", rf"(?:{VARIABLE})(?:=.*)?", more=True),
        Place("services/*/env_file/[]", "files of variables", more=True),
        Place("services/*/volumes/[]", "mounts on /data, /srv, /mnt, /media, /var/lib, /etc/nginx/yours", MOUNTED, more=True),
        *(Place(f"services/*/{key}", "resources, networks, logging and the like", key=key, more=True) for key in FREE),
        Place("services/*/configs/[]", "files that do not say where they lie", r"[\w.-]+", more=True),
        Place("services/*/secrets/[]", "the same, of secrets", r"[\w.-]+", more=True),
        Place("services/*/networks/*", "your networks", more=True),
        Place("services/*/depends_on/[]", "services that it needs", more=True),
        Place("services/*", "services of your own", key=others, more=True),
        Place("networks/*", "your networks", more=True),
        *(Place(f"{key}/*", f"your {key}", more=True) for key in ("configs", "secrets", "volumes")),
        Place("*", "your own anchors", key=r"x-.+", more=True),
    )


PLACES = places("<name>")


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give, in the file and in those that Compose reads with it."""
    name = str(service.answers["project_name"])
    kind = Given(
        ("deploy/compose.yaml",),
        parse_yaml,
        places(name),
        ("deploy/compose.yaml",),
        ("deploy/compose.override.y*ml", "deploy/docker-compose.override.y*ml"),
        [("services", name), ("services", f"{name}-proxy")],
    )
    yield from compare_given(service, CHECK, kind)
    if not service.detached:
        yield from judge_variables(service)


def judge_variables(service: Service) -> Iterator[Finding]:
    """Files of variables: what may not be set where the service runs, and what Compose itself would read."""
    files = service.files.named(*COMPOSE)
    asked = {name for file in files for name in re.findall(r"\$\{?(\w+)", service.files.text(file))}
    if strange := [one for one in read_variables(service, INTERPOLATED) if one.name not in asked]:
        yield CHECK.finding(
            f"{INTERPOLATED} says what no compose file asks for.",
            where=tuple((f"{one.file}:{one.line}", f"{one.name}   <- for Compose itself, or for nobody") for one in strange),
            fix=f"Take it out of {INTERPOLATED}; variables of the service go to .env in the repository's root.",
        )
    parsed = {*files, *service.files.named("Dockerfile", "deploy/kubernetes/*", "deploy/systemd/**/*")}
    for one in given_variables(service):
        if one.file not in parsed and not re.fullmatch(VARIABLE, one.name):
            yield CHECK.finding(
                f"{one.file} changes the interpreter or the server by a variable.",
                where=(
                    (f"{one.file}:{one.line}", f"{one.name}={hide_value(service, one.name, one.value)}   <- not your service's"),
                ),
                fix=f"Take it out of {one.file}.",
            )


CHECK = Check(
    name="compose file",
    session="pins",
    asks="deploy/compose.yaml, parsed and compared with what the template gives; what an override and files of variables add.",
    why="Another user, another signal or a shorter grace lets the image run otherwise than it was proved.",
    allowed="Variables of yours, resources, networks, mounts outside the code, and services of your own.",
    fix="Put back what differs; services of yours go to compose.override.yaml.",
    find=find,
)
