"""The check `uv.toml`: whether uv resolves and installs as the template has it."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced
from lockstep_tool.files.toml_nodes import parse_toml
from lockstep_tool.service import Service

__all__ = ["CHECK", "PLACES"]

# How uv reaches things, and nothing of what it chooses.
REACHING = (
    r"cache-dir|concurrent-\w+|http-proxy|https-proxy|no-proxy|keyring-provider|native-tls|system-certs|offline"
    r"|python-install-mirror|python-downloads-json-url"
)
PLACES = (
    Place("required-version", "another range of uv", r">=\d+\.\d+\.\d+,<\d+(?:\.\d+)*"),
    Place("exclude-newer", "another age", r"[1-9]\d* (?:days?|weeks?)"),
    Place("exclude-newer-package", "packages of another age"),
    Place("*", "how uv reaches things", key=REACHING, more=True),
)


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give, but for indexes that the team declares."""
    named = service.settings.get("indexes", [])
    declared = {str(url).rstrip("/") for url in named} if isinstance(named, list) else set()

    def parse(text: str) -> Node:
        return without_declared(parse_toml(text), declared)

    indexes = service.uv.get("index", [])
    instead = any(index.get("default") and str(index.get("url", "")).rstrip("/") in declared for index in indexes)
    places = (*PLACES, Place("index/[]", "your default index instead", less=True)) if instead else PLACES
    yield from compare_given(service, CHECK, Given(("uv.toml",), parse, places))


def without_declared(file: Node, declared: set[str]) -> Node:
    """The file without the indexes that `[tool.lockstep] indexes` names, and those that only named packages come from."""
    indexes = file.entries.get("index") if isinstance(file, Mapped) else None
    if not isinstance(file, Mapped) or not isinstance(indexes, Sequenced):
        return file
    left = tuple(one for one in indexes.items if not declares(one, declared))
    entries = {**file.entries, "index": Sequenced(indexes.line, left)}
    return Mapped(file.line, entries, file.lines)


def declares(index: Node, declared: set[str]) -> bool:
    """Whether the team stands for this index."""
    said = index.entries if isinstance(index, Mapped) else {}
    texts = {key: value.text for key, value in said.items() if isinstance(value, Scalar)}
    return texts.get("explicit") == "true" or texts.get("url", "").rstrip("/") in declared


CHECK = Check(
    name="uv.toml",
    session="pins",
    asks="The settings of uv, compared with what the template gives.",
    why="A second index may answer for any package, and what is built or linked cannot be compared with the lock.",
    allowed="Ages, the range of uv, how it reaches things, and indexes: `explicit` ones, and those in `[tool.lockstep] indexes`.",
    fix='Take it out. An index of yours: `[tool.lockstep] indexes = ["https://…"]` in pyproject.toml, or `explicit = true`.',
    find=find,
)
