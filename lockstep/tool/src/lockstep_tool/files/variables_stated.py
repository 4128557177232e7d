"""Compare the variables that the service reads with `.env.example`, the deploy files and the list of its secrets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.declared import own_packages
from lockstep_tool.files.faults import Fault, Repair
from lockstep_tool.files.statements import lines_of, statements
from lockstep_tool.files.variables import Variable, variables
from lockstep_tool.toml_file import read_toml

__all__ = ["unstated"]

# Given by the server, the framework or the machine, and not by whoever deploys the service.
GIVEN = frozenset({"DJANGO_SETTINGS_MODULE", "HOME", "HOSTNAME", "LANG", "PATH", "PROMETHEUS_MULTIPROC_DIR", "TMPDIR", "TZ"})
EXAMPLE = ".env.example"
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


def unstated(root: Path) -> Iterator[Fault]:
    """Variables that are read and stated nowhere, or stated and read by nothing."""
    package = own_packages(root)[1]
    server = {str(entry["env"]) for entry in read_toml(package / "server.toml").values()}
    read = {name: one for name, one in variables(root, package).items() if name not in server | GIVEN}
    yield from in_example(root, read, server)
    yield from in_deploy(root, read, server, f"{package.name.upper()}_")
    yield from among_secrets(root, read)


def in_example(root: Path, read: Mapping[str, Variable], server: set[str]) -> Iterator[Fault]:
    """`.env.example` names every variable, and shows the default of each that has one."""
    stated = {found.match[1]: found for found in statements(root, EXAMPLE, rf"^\s*#?\s*({NAME})=(.*)$")}
    for variable in read.values():
        line = f"{variable.name}={variable.default or ''}"
        if variable.name not in stated:
            yield Fault(
                "settings",
                f"The service reads {variable.name}, and {EXAMPLE} does not name it.",
                ((variable.place, variable.name), (EXAMPLE, "not there   <- differs")),
                f"Add `{line}` to {EXAMPLE}, with a comment that says what it is for.",
                repairs=(Repair(EXAMPLE, 0, (0, 0), f"\n{line}"),) if (root / EXAMPLE).is_file() else (),
            )
        elif variable.default is not None and (shown := stated[variable.name].match[2]) not in {"", variable.default}:
            yield Fault(
                "settings",
                f"The default of {variable.name} is stated two ways.",
                (
                    (variable.place, variable.default),
                    (stated[variable.name].place, f"{shown}   <- differs"),
                ),
                f"Write `{line}` into {EXAMPLE}: what stands there is the default.",
                warning=True,
            )
    extra = [found for name, found in stated.items() if name not in {*read, *server} and found.line[:1] != "#"]
    if extra:
        yield Fault(
            "settings",
            f"{EXAMPLE} names what nothing reads.",
            tuple((found.place, f"{found.match[1]}   <- not read") for found in extra),
            "Take it out, or read it in settings.py.",
            warning=True,
        )


def in_deploy(root: Path, read: Mapping[str, Variable], server: set[str], prefix: str) -> Iterator[Fault]:
    """Deploy files give what has no default, by name or by a file of variables, and misspell no name of ours."""
    for kind in DEPLOYED:
        for file, lines in lines_of(root, kind.pattern):
            text = [(number, line) for number, line in enumerate(lines, 1) if not line.lstrip().startswith("#")]
            named = [(m[1], number) for number, line in text for m in re.finditer(kind.one, line)]
            whole = any(re.search(kind.whole, line) for _, line in text)
            for variable in read.values():
                if variable.required and not whole and variable.name not in {name for name, _ in named}:
                    yield Fault(
                        "settings",
                        f"{variable.name} has no default, and {file} does not give it.",
                        ((variable.place, f"{variable.name}, no default"), (file, "not there   <- differs")),
                        f"Add {variable.name} to the environment in {file}, or a file of variables that has it.",
                    )
            for name, number in named:
                ours = name.startswith((prefix, "SERVER_"))
                if ours and name not in {*read, *server}:
                    yield Fault(
                        "settings",
                        f"{name} is set, and nothing reads it.",
                        ((f"{file}:{number}", f"{name}   <- not read"),),
                        "Take it out, or spell it as settings.py or server.toml does.",
                        warning=True,
                    )


def among_secrets(root: Path, read: Mapping[str, Variable]) -> Iterator[Fault]:
    """`[tool.lockstep] secrets` are the variables without a default, which sessions make up."""
    said = read_toml(root / "pyproject.toml").get("tool", {}).get("lockstep", {}).get("secrets", [])
    for variable in read.values():
        if variable.required and variable.name not in said:
            yield Fault(
                "settings",
                f"{variable.name} has no default, and sessions are not told to make one up.",
                (
                    (variable.place, f"{variable.name}, no default"),
                    ("pyproject.toml [tool.lockstep] secrets", f"{said}   <- differs"),
                ),
                f'Add "{variable.name}" to `secrets`, or give it a default.',
            )
    for name in said:
        if name not in read:
            yield Fault(
                "settings",
                f"{name} is listed as a secret, and nothing reads it.",
                (("pyproject.toml [tool.lockstep] secrets", f"{name}   <- not read"),),
                "Take it out of `secrets`, or spell it as settings.py does.",
                warning=True,
            )
