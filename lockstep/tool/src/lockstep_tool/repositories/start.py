"""The column `start`: does production start one way, with workers that fit where it runs, and does a stop let requests end?"""

import re
from collections.abc import Iterator, Sequence

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import COMPOSE, IMAGES, MANIFESTS, Facts
from lockstep_tool.repositories.platforms import PLATFORMS
from lockstep_tool.repositories.start_commands import Start, find_starts, server_of

__all__ = ["has_start_commands", "start"]

FILES = (*IMAGES, *COMPOSE, *MANIFESTS, *PLATFORMS)
SETTINGS = ("gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "*gunicorn.py")
ONE_WAY = "Start `python -m lockstep_serve serve` everywhere, or one script that everything calls; numbers belong into one file."
STATE = "State the server where it starts, or in a script that starts one server."
JUDGED = re.compile(r"\b(?:gunicorn|uvicorn|fastapi (?:run|dev)|flask run|runserver\w*|lockstep_serve)\b")
COUNTED = r"cpu_count\(\)|\$\(?nproc|\$\{?NPROC"
APPLICATION = re.compile(r"\b[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(\))?(?=\s|$)")


def start(facts: Facts) -> Iterator[Finding]:
    """What is wrong with the start commands that production uses."""
    starts = find_starts(facts)
    found = starts.known
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
    other = [one for one in found if not JUDGED.search(server_of(one[1]))]
    if other:
        said = "How this server ends its requests when it is stopped was not looked at."
        yield Finding("start", said, tuple(other[:4]), "Look at its documentation.", Severity.UNKNOWN)
    if not found and (rows := (*starts.open, *starts.laptop)):
        said = "How production starts cannot be known from the text."
        if not starts.open:
            said = "Only how it starts for development is stated."
        yield Finding("start", said, rows[:4], STATE, Severity.UNKNOWN)
    yield from facts.describe_unread("start", *FILES)


def has_start_commands(facts: Facts) -> bool:
    starts = find_starts(facts)
    return bool(starts.known or starts.open or starts.laptop) or facts.has_unread(*FILES)


def different_ways(found: Sequence[Start]) -> dict[str, dict[str, list[Start]]]:
    """The servers by the application that they start, and by how; a repository may have several applications."""
    ways: dict[str, dict[str, list[Start]]] = {}
    for spot, command in found:
        application = APPLICATION.search(command)
        way = re.sub(r"\S*/(?=\S)", "", server_of(command))
        ways.setdefault(application[0] if application else "", {}).setdefault(way, []).append((spot, command))
    return ways


def bad_commands(found: list[Start]) -> Iterator[Finding]:
    """What is wrong with a command, whatever the others say."""
    reloading = [one for one in found if re.search(r"--reload\b|fastapi dev|flask run|runserver", server_of(one[1]))]
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


def managed(command: Start) -> bool:
    """Gunicorn ends its workers by a timeout of its own."""
    return "gunicorn" in command[1]
