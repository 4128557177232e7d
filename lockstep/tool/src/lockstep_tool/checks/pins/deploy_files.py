"""The check `deploy files`: whether they repeat the numbers of server.toml, the one server definition, and keep to them."""

import re
from collections.abc import Iterator

from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from lockstep_serve.kinds import KINDS
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Repair
from lockstep_tool.files.deployed import Number, Variable, given_variables, put_in, repeated_numbers
from lockstep_tool.files.proxy import listening
from lockstep_tool.service import Service

__all__ = ["CHECK", "compared_files"]

# Values that other lines of deploy files go by: where they are, and when the service is killed.
REPEATED = ("backlog", "grace", "host", "port")
# What may stand behind a number: its unit, the end of a text or of a list, a comment.
LAST = r"(?=s?[\"']?[\s\]}]*(?:\s#.*)?$)"


def find(service: Service) -> Iterator[Finding]:
    """Where a deploy file and the definition disagree."""
    for number in repeated_numbers(service):
        yield from compare_number(service, number)
    yield from compare_variables(service)


def compare_number(service: Service, found: Number) -> Iterator[Finding]:
    """A finding unless the file says the wanted number, too.

    What Compose publishes is where the proxy listens, or the service where no proxy stands before it.
    """
    name = "port" if found.name == "published" else found.name
    if name not in service.definition.values:
        return
    wanted, stated = int(service.definition.values[name].value), service.stated_in(name)
    said = f"{name} = {wanted}"
    if found.name == "published":
        for listener in listening(service.files)[:1]:
            stated, said, wanted = listener.spot, str(listener), int(listener.words[0].rpartition(":")[2])
    if found.number != wanted:
        repairs = repair(service, found.file, found.line, rf"\b{found.number}{LAST}", str(wanted))
        yield CHECK.finding(
            f"The {name} is stated two ways.",
            where=((stated, said), (f"{found.file}:{found.line}", f"{found.text}   <- differs")),
            fix=put(str(wanted), found.file, repairs),
            repairs=repairs,
        )


def compare_variables(service: Service) -> Iterator[Finding]:
    """A variable overrules server.toml wherever the file's environment is: the image's everywhere, another one's there."""
    values = {value.env: name for name, value in service.definition.values.items()}
    given = [one for one in given_variables(service) if one.name in values]
    for one in given:
        name = values[one.name]
        fixed = one.file == "Dockerfile" or name in REPEATED
        if fixed and not means(name, one.value, service.definition.values[name].value):
            wanted = service.definition.values[name].value
            text = f"{wanted:g}" if isinstance(wanted, float) else str(wanted)
            repairs = repair_variable(service, one, text)
            there = f"{one.file}:{repairs[0].number if repairs else one.line}"
            yield CHECK.finding(
                f"The value {name} is stated two ways.",
                where=((service.stated_in(name), f"{name} = {text}"), (there, f"{one.name}={one.value}   <- differs")),
                fix=advise(name, one.file, text, repairs),
                repairs=repairs,
            )
    for file in sorted({one.file for one in given} - {"Dockerfile"}):
        yield from refused(service, file, [one for one in given if one.file == file and values[one.name] not in REPEATED])


def put(text: str, file: str, repairs: tuple[Repair, ...]) -> str:
    """What to do with another number; the command is named where it does it."""
    by_command = "; `uv run noxfile.py -s pins -- --fix` does the first" if repairs else ""
    return f"Put {text} into {file}, or change both{by_command}."


def advise(name: str, file: str, text: str, repairs: tuple[Repair, ...]) -> str:
    """What to do with a variable of another value."""
    if name not in REPEATED:
        return "State it in server.toml; set the variable where the image runs, if one environment differs."
    if file == "Dockerfile":
        return put(text, file, repairs)
    return "State it in server.toml, and nowhere else."


def refused(service: Service, file: str, given: list[Variable]) -> Iterator[Finding]:
    """What the server itself would say of these variables; what the shell puts in later cannot be judged here."""
    known = {one.name: value for one in given if "$" not in (value := put_in(service, one.value))}
    try:
        read_definition(service.definition.path, known)
    except Refusal as refusal:
        yield CHECK.finding(
            f"{refusal.wrong.removesuffix('.')}, with the variables in {file}.",
            where=(*((spot(one), f"{one.name}={one.value}   <- differs") for one in given), *refusal.where),
            fix=refusal.fix,
        )


def spot(one: Variable) -> str:
    return f"{one.file}:{one.line}"


def repair_variable(service: Service, one: Variable, text: str) -> tuple[Repair, ...]:
    """In a Dockerfile, where one instruction goes over several lines."""
    lines = service.files.lines(one.file)
    assigned = rf"(?<={re.escape(one.name)}=)[\"']?{re.escape(one.value)}[\"']?"
    numbers = (number for number in range(one.line, len(lines) + 1) if re.search(rf"\b{assigned}", lines[number - 1]))
    return repair(service, one.file, next(numbers, one.line), assigned, text)


def repair(service: Service, file: str, line: int, expression: str, text: str) -> tuple[Repair, ...]:
    """Put `text` where the expression matches on a line; nothing where it does not."""
    match = re.search(expression, service.files.lines(file)[line - 1])
    return (Repair(file, line, match.span(), text),) if match else ()


def means(name: str, text: str, wanted: object) -> bool:
    """Whether a variable's text is this value of the server definition."""
    try:
        return bool(KINDS[name].parse(text) == wanted)
    except ValueError:
        return False


def compared_files(service: Service) -> set[str]:
    """The files that repeat something of server.toml."""
    return {found.file for found in repeated_numbers(service)}


CHECK = Check(
    name="deploy files",
    session="pins",
    asks="Ports, grace periods and queues in deploy files and the Dockerfile, against server.toml, and what overrules it.",
    why="A grace shorter than the drain kills requests in flight.",
    allowed="A variable of another value, where nothing else in the file goes by it and the server starts with it.",
    fix="uv run noxfile.py -s pins -- --fix, or the number that it prints",
    find=find,
)
