"""The check `menu`: whether noxfile.py is what the template gives, and every session in it is Lockstep's."""

import ast
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.line_file import parse_every_line
from lockstep_tool.files.python_file import parse_python
from lockstep_tool.service import Service

__all__ = ["CHECK"]

MENU, OWN = "noxfile.py", "nox_local.py"
CHOOSING = ("sessions", "keywords", "tags")


def find(service: Service) -> Iterator[Finding]:
    """Each line counts: its first ones say what is installed to run it. The team's sessions may take nothing away."""
    yield from compare_given(service, CHECK, Given((MENU,), parse_every_line))
    if service.detached or not service.files.has(OWN):
        return
    menu, own = (parse_python(service.files.text(name)) for name in (MENU, OWN))
    ours = {name for name, _ in sessions_of(menu)}
    if taken := [(name, line) for name, line in sessions_of(own) if name in ours]:
        yield CHECK.finding(
            "A session of Lockstep's is replaced by another one of its name.",
            where=tuple((f"{OWN}:{line}", f"{name}   <- takes its place") for name, line in taken),
            fix=f"Give it another name in {OWN}, and run both.",
        )
    if chosen := list(choices_in(own)):
        yield CHECK.finding(
            "Plain nox does not run the whole.",
            where=tuple((f"{OWN}:{line}", f"nox.options.{name}   <- chooses what runs") for name, line in chosen),
            fix=f"Take it out of {OWN}: CI refuses it. On your own machine choose by `-s`.",
            severity=Severity.WARNING,
        )


def choices_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and line of each option of nox that chooses sessions, wherever a file names it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CHOOSING and ast.unparse(node.value).split(".")[-1] == "options":
            yield node.attr, node.lineno


def sessions_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and line of each session that a file of nox has."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if ast.unparse(call.func if call else decorator).rpartition(".")[2] == "session":
                named = [
                    k.value.value
                    for k in (call.keywords if call else ())
                    if k.arg == "name" and isinstance(k.value, ast.Constant)
                ]
                yield str(named[0]) if named else function.name, function.lineno


CHECK = Check(
    name="menu",
    session="pins",
    asks="noxfile.py, line by line, compared with what the template gives, and what nox_local.py takes away from it.",
    why="A session that does nothing is green everywhere.",
    allowed="Sessions of yours in nox_local.py. Which run by default is a warning there, and CI refuses it.",
    fix="Run `git checkout noxfile.py`; sessions of yours go to nox_local.py.",
    find=find,
)
