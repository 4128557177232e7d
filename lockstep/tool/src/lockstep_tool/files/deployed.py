"""Read what deploy files and the Dockerfile repeat of server.toml: numbers, and variables that overrule its values."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from posixpath import normpath

from lockstep_tool.files.dockerfile import parse_dockerfile
from lockstep_tool.files.given import parse_file
from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced, Unreadable, matching
from lockstep_tool.files.unit_file import parse_unit
from lockstep_tool.files.yaml_file import parse_yaml
from lockstep_tool.inside.variables import INTERPRETER, LINKER
from lockstep_tool.service import Service

__all__ = [
    "COMPOSE",
    "INTERPOLATED",
    "PUBLISHED",
    "VARIABLE",
    "Number",
    "Variable",
    "given_variables",
    "put_in",
    "read_variables",
    "repeated_numbers",
]

# What may be set where the service runs: not what changes the interpreter, or the server past its definition.
VARIABLE = rf"(?!(?:{INTERPRETER}|{LINKER})\b|LOCKSTEP_|GUNICORN_|UVICORN_|UV_)[A-Za-z_]\w*"
COMPOSE = ("deploy/compose.yaml", "deploy/*compose.override.y*ml")
# Read by Compose itself, for what the files leave open: `$NAME`, `${NAME}`, `${NAME:-otherwise}`.
INTERPOLATED = "deploy/.env"
OPEN = re.compile(r"(?<!\$)\$(?:\{(\w+)(?::?-([^${}]*))?\}|(\w+))")
KUBERNETES = ("deploy/kubernetes/*.yaml",)
UNITS = ("deploy/systemd/*.service", "deploy/systemd/*.socket", "deploy/systemd/*.d/*.conf")
PARSERS: tuple[tuple[tuple[str, ...], Callable[[str], Node]], ...] = (
    (("Dockerfile",), parse_dockerfile),
    (COMPOSE, parse_yaml),
    (KUBERNETES, parse_yaml),
    (UNITS, parse_unit),
)
# Before the container's port: an address and a port or a range of the host, which may be a variable.
PUBLISHED = r"(?:[\d.]+:)?(?:(?:\d+(?:-\d+)?|\$\{\w+:?-\d+(?:-\d+)?\}):)?"
CONTAINER = "spec/template/spec/containers/[]"
# The value that is repeated, where, and a pattern whose group is the number.
REPEATED = (
    ("grace", COMPOSE, "services/*/stop_grace_period", r"(\d+)s"),
    ("grace", KUBERNETES, "spec/template/spec/terminationGracePeriodSeconds", r"(\d+)"),
    ("grace", UNITS, "Service/TimeoutStopSec/[]", r"(\d+)"),
    ("port", KUBERNETES, f"{CONTAINER}/ports/[]/containerPort", r"(\d+)"),
    ("port", UNITS, "Socket/ListenStream/[]", r"(?:\S*:)?(\d+)"),
    ("port", ("Dockerfile",), "[]", r"(?i:EXPOSE)\s+(\d+)"),
    ("backlog", UNITS, "Socket/Backlog/[]", r"(\d+)"),
    ("published", COMPOSE, "services/*/ports/[]", rf"{PUBLISHED}(\d+)"),
)


@dataclass(frozen=True)
class Number:
    """`name` of server.toml, or `published`: the port that Compose publishes; `line` of `file` says `number` in `text`."""

    name: str
    file: str
    line: int
    number: int
    text: str


@dataclass(frozen=True)
class Variable:
    """A variable that `file` gives the service."""

    name: str
    value: str
    file: str
    line: int


def documents(service: Service, *patterns: str) -> Iterator[tuple[str, Node]]:
    """The deploy files that can be read; the others are findings of their own checks."""
    for names, parse in PARSERS:
        for file in service.files.named(*names):
            if not patterns or any(fnmatch(file, pattern) for pattern in patterns):
                try:
                    yield file, parse_file(service, file, parse)
                except Unreadable:
                    continue


def repeated_numbers(service: Service) -> Iterator[Number]:
    """Every number that is a value of server.toml, too."""
    for name, patterns, path, expression in REPEATED:
        for file, document in documents(service, *patterns):
            for node in matching(document, path):
                if isinstance(node, Scalar) and (found := re.fullmatch(expression, node.text)):
                    key = path.replace("/[]", "").rpartition("/")[2]
                    yield Number(name, file, node.line, int(found[1]), f"{key}: {node.text}".removeprefix("[]: "))


def given_variables(service: Service) -> Iterator[Variable]:
    """Every variable that a file gives the service; in Compose, the service's own container."""
    name = str(service.answers["project_name"])
    for file, document in documents(service):
        for node in matching(document, "[]"):
            yield from of_the_image(file, node)
        for node in matching(document, f"services/{name}/environment"):
            yield from of_compose(file, node)
        for node in matching(document, f"services/{name}/env_file/[]"):
            yield from of_file(service, node)
        for node in matching(document, f"{CONTAINER}/env/[]"):
            if isinstance(node, Mapped) and isinstance(stated := node.entries.get("name"), Scalar):
                value = node.entries.get("value", Scalar(0, ""))
                yield Variable(stated.text, value.text if isinstance(value, Scalar) else "", file, node.line)
        for node in matching(document, "Service/Environment/[]"):
            yield from assignments(file, node)


def of_the_image(file: str, node: Node) -> Iterator[Variable]:
    """Of an ENV of the Dockerfile."""
    if isinstance(node, Scalar) and (found := re.match(r"(?i:ENV)\s+(.*)", node.text, re.DOTALL)):
        yield from assignments(file, Scalar(node.line, found[1]))


def of_compose(file: str, node: Node) -> Iterator[Variable]:
    """A mapping, or a list of assignments."""
    if isinstance(node, Mapped):
        for key, value in node.entries.items():
            yield Variable(key, value.text if isinstance(value, Scalar) else "", file, node.lines[key])
    for item in node.items if isinstance(node, Sequenced) else ():
        if isinstance(item, Scalar):
            key, _, text = item.text.partition("=")
            yield Variable(key, text, file, item.line)


def of_file(service: Service, node: Node) -> Iterator[Variable]:
    """Of a file of variables that is beside Compose's; `.env` is a machine's own, and not looked at."""
    path = node.entries.get("path") if isinstance(node, Mapped) else node
    file = normpath(f"deploy/{path.text}") if isinstance(path, Scalar) else ""
    if file not in {"", ".env"} and not file.startswith(".."):
        yield from read_variables(service, file)


def read_variables(service: Service, file: str) -> Iterator[Variable]:
    """What a file of `NAME=value` lines says; nothing where it is not there."""
    if not service.files.has(file):
        return
    for number, line in enumerate(service.files.lines(file), 1):
        key, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not key.startswith("#"):
            yield Variable(key.strip(), value.strip().strip("\"'"), file, number)


def put_in(service: Service, value: str) -> str:
    """A value with what Compose puts into it from its own file, or else; what only the shell knows stays open."""
    known = {one.name: one.value for one in read_variables(service, INTERPOLATED)} if "$" in value else {}
    return OPEN.sub(lambda found: known.get(found[1] or found[3], found[2] if found[2] is not None else found[0]), value)


def assignments(file: str, node: Node) -> Iterator[Variable]:
    """`A=1 "B=two words"`."""
    if not isinstance(node, Scalar):
        return
    try:
        words = shlex.split(node.text)
    except ValueError:
        words = node.text.split()
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            yield Variable(key, value, file, node.line)
