"""The check `settings`: the variables that the service reads, against those that files state."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Repair, Severity
from lockstep_tool.files.variables import Variable, variables
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import needed_names

__all__ = ["CHECK"]

# Given by the server, the framework or the machine, and not by whoever deploys the service.
GIVEN = frozenset({"DJANGO_SETTINGS_MODULE", "HOME", "HOSTNAME", "LANG", "PATH", "PROMETHEUS_MULTIPROC_DIR", "TMPDIR", "TZ"})
# OpenTelemetry's own, which it documents; the service's telemetry looks at three of them.
GIVEN |= {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SDK_DISABLED", "FASTAPI_OTEL_AUTO_CONFIGURE"}
EXAMPLE = ".env.example"
SECRETS = "pyproject.toml [tool.lockstep] secrets, stand-ins"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True)
class Deployed:
    """A deploy file: how a whole file of variables comes in, and how one is stated; the first group is its name."""

    pattern: str
    whole: str
    one: str


DEPLOYED = (
    Deployed("deploy/compose.yaml", r"^\s+env_file:", rf"^\s+(?:- [\"']?)?({NAME})(?:=|:(?=\s|$))"),
    Deployed("deploy/kubernetes/deployment.yaml", r"^\s+envFrom:", rf"^\s+- name:\s*[\"']?({NAME})[\"']?\s*$"),
    Deployed("deploy/systemd/*.service", r"^EnvironmentFile=", rf"(?:^Environment=|(?<=[\s\"]))({NAME})="),
)


def find(service: Service) -> Iterator[Finding]:
    """Variables that are read and stated nowhere, or stated and read by nothing."""
    server = {value.env for value in service.definition.values.values()}
    read = {name: one for name, one in variables(service).items() if name not in server | GIVEN}
    yield from in_example(service, read, server)
    yield from in_deploy_files(service, read, server)
    yield from among_secrets(service, read)


def in_example(service: Service, read: Mapping[str, Variable], server: set[str]) -> Iterator[Finding]:
    """`.env.example` names every variable, and shows the default of each that has one."""
    stated = {found.match[1]: found for found in service.files.statements(rf"^\s*#?\s*({NAME})=(.*)$", EXAMPLE)}
    for variable in read.values():
        line = f"{variable.name}={variable.default or ''}"
        if variable.name not in stated:
            yield CHECK.finding(
                f"The service reads {variable.name}, and {EXAMPLE} does not name it.",
                where=((variable.spot, variable.name), (EXAMPLE, "not there   <- differs")),
                fix=f"Add `{line}` to {EXAMPLE}, with a comment that says what it is for.",
                repairs=(Repair(EXAMPLE, 0, (0, 0), f"\n{line}"),) if service.files.has(EXAMPLE) else (),
            )
        elif variable.default is not None and (shown := stated[variable.name].match[2]) not in {"", variable.default}:
            yield CHECK.finding(
                f"The default of {variable.name} is stated two ways.",
                where=((variable.spot, variable.default), (stated[variable.name].spot, f"{shown}   <- differs")),
                fix=f"Write `{line}` into {EXAMPLE}: what stands there is the default.",
                severity=Severity.WARNING,
            )
    extra = [found for name, found in stated.items() if name not in {*read, *server} and found.line[:1] != "#"]
    if extra:
        yield CHECK.finding(
            f"{EXAMPLE} names what nothing reads.",
            where=tuple((found.spot, f"{found.match[1]}   <- not read") for found in extra),
            fix="Take it out, or read it in settings.py.",
            severity=Severity.WARNING,
        )


def in_deploy_files(service: Service, read: Mapping[str, Variable], server: set[str]) -> Iterator[Finding]:
    """Deploy files give what has no default, by name or by a file of variables, and misspell no name of ours."""
    ours = (f"{service.package.name.upper()}_", "SERVER_")
    for kind in DEPLOYED:
        for file in service.files.named(kind.pattern):
            lines = [(n, line) for n, line in enumerate(service.files.lines(file), 1) if not line.lstrip().startswith("#")]
            stated = [(match[1], number) for number, line in lines for match in re.finditer(kind.one, line)]
            whole = any(re.search(kind.whole, line) for _, line in lines)
            for variable in read.values():
                if variable.required and not whole and variable.name not in {name for name, _ in stated}:
                    yield CHECK.finding(
                        f"{variable.name} has no default, and {file} does not give it.",
                        where=((variable.spot, f"{variable.name}, no default"), (file, "not there   <- differs")),
                        fix=f"Add {variable.name} to the environment in {file}, or a file of variables that has it.",
                    )
            for name, number in stated:
                if name.startswith(ours) and name not in {*read, *server}:
                    yield CHECK.finding(
                        f"{name} is set, and nothing reads it.",
                        where=((f"{file}:{number}", f"{name}   <- not read"),),
                        fix="Take it out, or spell it as settings.py or server.toml does.",
                        severity=Severity.WARNING,
                    )


def among_secrets(service: Service, read: Mapping[str, Variable]) -> Iterator[Finding]:
    """`secrets` and `stand-ins` of `[tool.lockstep]` are the variables without a default, which sessions give."""
    given = needed_names(service)
    for variable in read.values():
        if variable.required and variable.name not in given:
            yield CHECK.finding(
                f"{variable.name} has no default, and sessions are not told to make one up.",
                where=((variable.spot, f"{variable.name}, no default"), (SECRETS, f"{given}   <- differs")),
                fix=f'Add "{variable.name}" to `secrets`; where its form matters, add `{variable.name} = "…"` to `stand-ins`.',
            )
    for name in given:
        if name not in read:
            yield CHECK.finding(
                f"Sessions give {name}, and nothing reads it.",
                where=((SECRETS, f"{name}   <- not read"),),
                fix="Take it out of `secrets` or `stand-ins`, or spell it as settings.py does.",
                severity=Severity.WARNING,
            )


CHECK = Check(
    name="settings",
    session="pins",
    asks="The variables that the service's source reads, against .env.example, deploy files and the list of secrets.",
    why="A variable that is missing in one environment is found out where that one starts.",
    allowed="Values; a variable with a default need not be given. One that nothing reads is a warning.",
    fix="uv run noxfile.py -s pins -- --fix, or the line that it prints",
    find=find,
)
