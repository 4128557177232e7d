"""The column `start`: does production start one way, with workers that fit where it runs, and does a stop let requests end?"""

import re
import shlex
from collections.abc import Iterator, Sequence

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.containers import Container
from lockstep_tool.repositories.dockerfile import Instruction, Stage, fill, words_of
from lockstep_tool.repositories.facts import COMPOSE, IMAGES, MANIFESTS, Facts
from lockstep_tool.repositories.shell import read_script

__all__ = ["has_start_commands", "start", "start_commands"]

SERVER = re.compile(
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|"
    r"fastapi (?:run|dev)|flask run|runserver\w*|lockstep_serve serve)\b"
)
LINES = ((r"^web\w*:\s*(.+)$", ("Procfile",)), (r"^ExecStart=[-@:+!]*(.+)$", ("*.service",)))
SCRIPTS = ("*.sh", "start", "entrypoint")
SETTINGS = ("gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "*gunicorn.py")
FOR_A_LAPTOP = re.compile(r"(?:^|[/._-])(?:dev|develop\w*|local|override|test\w*|debug)(?:[/._-]|$)")
ONE_WAY = "Start `python -m lockstep_serve serve` everywhere, or one script that everything calls; numbers belong into one file."
COUNTED = r"cpu_count\(\)|\$\(?nproc|\$\{?NPROC"
APPLICATION = re.compile(r"\b[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(\))?(?=\s|$)")

Command = tuple[str, str]  # `file:line` and the command there, as words


def start(facts: Facts) -> Iterator[Finding]:
    """What is wrong with the start commands that production uses."""
    found = start_commands(facts)
    for ways in different_ways(found).values():
        if len(ways) > 1:
            rows = tuple(row for same in ways.values() for row in same)
            yield Finding("start", f"Production is started {len(ways)} ways.", rows[:5], ONE_WAY)
    yield from bad_commands(found)
    counted = [(one.spot, one.line.strip()) for one in facts.repository.statements(COUNTED, *SETTINGS)]
    counted += [one for one in found if re.search(COUNTED, one[1])]
    if counted:
        said = "Workers are counted from the host's processors, not from what the container may use."
        yield Finding("start", said, tuple(counted[:4]), "State a number, or count what the cgroup allows.")
    yield from facts.describe_unread("start", *IMAGES, *COMPOSE, *MANIFESTS)


def has_start_commands(facts: Facts) -> bool:
    return bool(start_commands(facts)) or facts.has_unread(*IMAGES, *COMPOSE, *MANIFESTS)


def different_ways(found: Sequence[Command]) -> dict[str, dict[str, list[Command]]]:
    """The commands by the application that they start, and by how; a repository may have several applications."""
    ways: dict[str, dict[str, list[Command]]] = {}
    for spot, command in found:
        application = APPLICATION.search(command)
        way = re.sub(r"\S*/(?=\S)", "", re.sub(r"^(?:/\S*/)?(?:ba|da)?sh -c ", "", command)).removeprefix("exec ")
        ways.setdefault(application[0] if application else "", {}).setdefault(way, []).append((spot, command))
    return ways


def start_commands(facts: Facts) -> list[Command]:
    """The commands that start a server; files for a laptop are left out."""
    found = [*commands_of_images(facts), *commands_of_containers(facts), *commands_of_lines(facts)]
    chosen = [one for one in found if not FOR_A_LAPTOP.search(one[0].rpartition(":")[0]) and SERVER.search(one[1])]
    return list(dict.fromkeys(chosen))


def commands_of_images(facts: Facts) -> Iterator[Command]:
    """What the last stage of each Dockerfile runs: its entry point with its command, in the last stage that states them."""
    for one in facts.built:
        last = one.stages[-1]
        given = [found for found in (last.last("ENTRYPOINT"), last.last("CMD")) if found is not None]
        if given:
            yield f"{one.name}:{given[0].line}", " ".join(part for found in given for part in words_in(found, last))


def words_in(found: Instruction, stage: Stage) -> Iterator[str]:
    """The words of a list; what a shell reads, as it stands."""
    yield from words_of(found.rest) or [" ".join(fill(found.rest, stage.values).split())]


def commands_of_containers(facts: Facts) -> Iterator[Command]:
    for name, containers in (*facts.composed, *facts.manifests):
        for one in containers:
            if command := words_of_container(one):
                yield f"{name}:{one.line}", command


def words_of_container(one: Container) -> str:
    """A text is split as a shell splits it, and not run by one."""
    if one.words is not None:
        return " ".join(one.words)
    try:
        return " ".join(shlex.split(one.text))
    except ValueError:
        return one.text


def commands_of_lines(facts: Facts) -> Iterator[Command]:
    for expression, files in LINES:
        for stated in facts.repository.statements(expression, *files):
            yield stated.spot, " ".join(stated.match[1].split())
    for name, text in facts.read(lambda _, text: text, *SCRIPTS):
        for command in read_script(name, 1, text, {}):
            yield command.spot, " ".join(command.words)


def bad_commands(found: list[Command]) -> Iterator[Finding]:
    """What is wrong with a command, whatever the others say."""
    reloading = [one for one in found if re.search(r"--reload\b|fastapi dev|flask run|runserver", one[1])]
    if reloading:
        said = "Production starts a server for development."
        yield Finding("start", said, tuple(reloading[:4]), "Start gunicorn or uvicorn without `--reload`.")
    endless = [one for one in found if re.search(r"\buvicorn (?!.*timeout-graceful)|fastapi run", one[1]) and not managed(one)]
    if endless:
        fix = "Add `--timeout-graceful-shutdown 25`, below the grace period."
        said = "A stop waits for requests without an end, until the orchestrator kills the server."
        yield Finding("start", said, tuple(endless[:4]), fix, Severity.WARNING)
    wrapped = [one for one in found if re.match(r"(?:\S*/)?(?:ba|da)?sh -c (?!exec )", one[1])]
    if wrapped:
        said = "A shell stands before the server, and many keep SIGTERM from it."
        fix = "Write the command as a list, or begin it with `exec`."
        yield Finding("start", said, tuple(wrapped[:4]), fix, Severity.WARNING)
    retired = [one for one in found if "uvicorn.workers" in one[1]]
    if retired:
        said = "`uvicorn.workers` is deprecated."
        fix = "Use `uvicorn_worker.UvicornWorker`, of uvicorn-worker."
        yield Finding("start", said, tuple(retired[:4]), fix, Severity.WARNING)


def managed(command: Command) -> bool:
    """Gunicorn ends its workers by a timeout of its own."""
    return "gunicorn" in command[1]
