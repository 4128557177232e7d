"""Compare files of a service with what the template gives, each by its kind, and say where they differ."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place, compare_nodes
from lockstep_tool.files.node import Mapped, Node, Path, Unreadable
from lockstep_tool.files.template_files import asked_for, rendered_files
from lockstep_tool.service import Service

__all__ = ["Given", "compare_given", "given_files", "parse_file"]

MOST = 12  # differences of one file are named


@dataclass(frozen=True)
class Given:
    """Files that one parser reads: `files` are patterns of their names, `may_miss` of those that a team may delete.

    `beside` are patterns of files of the team's that add to them, as an override does: they may say what the places allow,
    also below the paths of `into`.
    """

    files: Sequence[str]
    parse: Callable[[str], Node]
    places: Sequence[Place] = ()
    may_miss: Sequence[str] = ()
    beside: Sequence[str] = ()
    into: Sequence[Path] = ()


@lru_cache(1)
def given_files(service: Service) -> dict[str, tuple[str, bool]]:
    """Name → text that the template gives, and whether these answers have the file. Others are compared where they are."""
    found: dict[str, tuple[str, bool]] = {}
    lists = {question: asked_for(question) for question in ("deploy", "extras")}
    for ci in ("github", "gitlab"):
        every = rendered_files({**service.answers, "ci": ci, **lists})
        found |= {name: (text, False) for name, text in every.items()}
    return found | {name: (text, True) for name, text in rendered_files(service.answers).items()}


def compare_given(service: Service, check: Check, kind: Given) -> Iterator[Finding]:
    """One finding for each file that is missing, cannot be read, or says what is neither given nor allowed."""
    if service.detached:
        return
    for name, (text, asked) in given_files(service).items():
        if not any(fnmatch(name, pattern) for pattern in kind.files):
            continue
        if service.files.has(name):
            yield from differences(service, check, kind, name, kind.parse(text))
        elif asked and not any(fnmatch(name, pattern) for pattern in kind.may_miss):
            yield check.finding(f"{name} is missing.", where=((name, "missing   <- differs"),), fix=f"Run `git checkout {name}`.")
    for name in service.files.named(*kind.beside):
        yield from differences(service, check, kind, name, None)


def differences(service: Service, check: Check, kind: Given, name: str, given: Node | None) -> Iterator[Finding]:
    """One finding for one file; for one of the team's nothing is `given`."""
    try:
        node = parse_file(service, name, kind.parse)
        found = list(compare_nodes(nothing_at(node, kind.into) if given is None else given, node, kind.places))
    except Unreadable as error:
        yield check.finding(
            f"{name} cannot be read.",
            where=((f"{name}:{error.line}", f"{error}   <- differs"),),
            fix=f"Mend that line, or restore the file: `git checkout {name}`.",
        )
        return
    if found:
        more = f" ({len(found)} spots, {MOST} are named)" if len(found) > MOST else ""
        yield check.finding(
            f"{name} adds what a team's file may not{more}." if given is None else f"{name} is not what Lockstep gives{more}.",
            where=tuple((f"{name}:{one.line}", one.said) for one in found[:MOST]),
        )


def nothing_at(node: Node, paths: Sequence[Path]) -> Node:
    """Empty mappings at those of the paths that the node has, and nothing else."""
    below = node.entries if isinstance(node, Mapped) else {}
    keys = dict.fromkeys(path[0] for path in paths if path and path[0] in below)
    return Mapped(1, {key: nothing_at(below[key], [path[1:] for path in paths if path[:1] == (key,)]) for key in keys})


@lru_cache(64)
def parse_file(service: Service, name: str, parse: Callable[[str], Node]) -> Node:
    """A file of the service as nodes; raises Unreadable."""
    try:
        text = (service.root / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(1, f"is no text: byte {error.start} is not UTF-8") from error
    if "\n<<<<<<< " in f"\n{text}":
        raise Unreadable(f"\n{text}".count("\n", 0, f"\n{text}".index("\n<<<<<<< ")) + 1, "has conflict markers")
    return parse(text)
