"""The column `start`: does production start one way, with workers that fit where it runs, and does a stop let requests end?"""

import re
from collections.abc import Iterator

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.moving import COMPOSE
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.repositories.versions import IMAGES

__all__ = ["start", "start_commands"]

SERVER = (
    r"\b(gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|"
    r"fastapi (?:run|dev)|flask run|runserver\w*|lockstep_serve serve)\b"
)
# Where a command stands, and the pattern whose group is the command.
COMMANDS = (
    (r"(?i)^\s*(?:CMD|ENTRYPOINT)\s+(.+)$", IMAGES),
    (
        r"^\s*-?\s*(?:command|entrypoint|args):\s*(.+)$",
        (*COMPOSE, "deployment*.y*ml", "*kubernetes/*.y*ml", "*k8s/*.y*ml"),
    ),
    (r"^web\w*:\s*(.+)$", ("Procfile",)),
    (r"^ExecStart=(.+)$", ("*.service",)),
    (
        r"^\s*((?:exec\s+)?\S*(?:gunicorn|uvicorn|hypercorn|daphne|granian|python3? -m)\s.+)$",
        ("*.sh", "start", "entrypoint"),
    ),
)
SETTINGS = ("gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "*gunicorn.py")
FOR_A_LAPTOP = re.compile(r"(?:^|[/._-])(?:dev|develop\w*|local|override|test\w*|debug)(?:[/._-]|$)")
ONE_WAY = "Start `python -m lockstep_serve serve` everywhere, or one script that everything calls; numbers belong into one file."
COUNTED = r"cpu_count\(\)|\$\(?nproc|\$\{?NPROC"

Command = tuple[str, str]  # `file:line` and the command there, as words


def start(repository: Repository) -> Iterator[Finding]:
    """What is wrong with the start commands that production uses."""
    found = start_commands(repository)
    ways = {re.sub(r"\S*(?=python|gunicorn|uvicorn)", "", command) for _, command in found}
    if len(ways) > 1:
        said = f"Production is started {len(ways)} ways."
        yield Finding("start", said, tuple(found[:5]), ONE_WAY)
    yield from bad_commands(found)
    counted = [(one.spot, one.line.strip()) for one in repository.statements(COUNTED, *SETTINGS)]
    counted += [one for one in found if re.search(COUNTED, one[1])]
    if counted:
        said = "Workers are counted from the host's processors, not from what the container may use."
        yield Finding("start", said, tuple(counted[:4]), "State a number, or count what the cgroup allows.")


def start_commands(repository: Repository) -> list[Command]:
    """The commands that start a server; files for a laptop are left out."""
    stated = [found for expression, files in COMMANDS for found in repository.statements(expression, *files)]
    commands = [(found.spot, plain(found.match[1])) for found in stated if not FOR_A_LAPTOP.search(found.file)]
    return [one for one in commands if re.search(SERVER, one[1])]


def plain(command: str) -> str:
    """The words of a command, written as a list or not."""
    return " ".join(re.sub(r"[\[\]\"',]", " ", command).split())


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
    wrapped = [one for one in found if re.match(r"(?:/bin/)?(?:ba)?sh -c (?!exec )", one[1])]
    if wrapped:
        said = "A shell stands before the server and keeps SIGTERM from it."
        yield Finding("start", said, tuple(wrapped[:4]), "Write the command as a list, or begin it with `exec`.")
    retired = [one for one in found if "uvicorn.workers" in one[1]]
    if retired:
        said = "`uvicorn.workers` is deprecated."
        fix = "Use `uvicorn_worker.UvicornWorker`, of uvicorn-worker."
        yield Finding("start", said, tuple(retired[:4]), fix, Severity.WARNING)


def managed(command: Command) -> bool:
    """Gunicorn ends its workers by a timeout of its own."""
    return "gunicorn" in command[1]
