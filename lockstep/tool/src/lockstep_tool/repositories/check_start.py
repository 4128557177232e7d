"""Does production start one way, with workers that fit where it runs, and does a stop let requests end?"""

import re
from collections.abc import Iterator

from lockstep_tool.repositories.check_look import BROKEN, NONE, WARNING, Look
from lockstep_tool.repositories.check_moving import COMPOSE
from lockstep_tool.repositories.check_versions import IMAGES
from lockstep_tool.repositories.repository import Repository

__all__ = ["look"]

SERVER = (
    r"\b(gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|"
    r"fastapi (?:run|dev)|flask run|runserver\w*|lockstep serve)\b"
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

Voice = tuple[str, str]


def look(repository: Repository) -> Iterator[Look]:
    """What is wrong with the start commands that production uses."""
    voices = list(commands(repository))
    if not voices:
        yield Look("start", NONE, "No start command was found.")
    ways = {re.sub(r"\S*(?=python|gunicorn|uvicorn)", "", command) for _, command in voices}
    if len(ways) > 1:
        said = f"Production is started {len(ways)} ways."
        yield Look("start", BROKEN, said, tuple(voices[:5]), ONE_WAY)
    yield from each(voices)
    counted = [(one.place, one.line.strip()) for one in repository.statements(COUNTED, *SETTINGS)]
    counted += [one for one in voices if re.search(COUNTED, one[1])]
    if counted:
        said = "Workers are counted from the host's processors, not from what the container may use."
        yield Look("start", BROKEN, said, tuple(counted[:4]), "State a number, or count what the cgroup allows.")


def commands(repository: Repository) -> Iterator[Voice]:
    """Pairs of `file:line` and a server's command as words; files for a laptop are left out."""
    for expression, files in COMMANDS:
        for found in repository.statements(expression, *files):
            command = plain(found.match[1])
            if re.search(SERVER, command) and not FOR_A_LAPTOP.search(found.file):
                yield found.place, command


def plain(command: str) -> str:
    """The words of a command, written as a list or not."""
    return " ".join(re.sub(r"[\[\]\"',]", " ", command).split())


def each(voices: list[Voice]) -> Iterator[Look]:
    """What is wrong with a command, whatever the others say."""
    reloading = [one for one in voices if re.search(r"--reload\b|fastapi dev|flask run|runserver", one[1])]
    if reloading:
        said = "Production starts a server for development."
        yield Look("start", BROKEN, said, tuple(reloading[:4]), "Start gunicorn or uvicorn without `--reload`.")
    endless = [one for one in voices if re.search(r"\buvicorn (?!.*timeout-graceful)|fastapi run", one[1]) and not managed(one)]
    if endless:
        said = "A stop waits for requests without an end, until the orchestrator kills the server."
        yield Look("start", WARNING, said, tuple(endless[:4]), "Add `--timeout-graceful-shutdown 25`, below the grace period.")
    wrapped = [one for one in voices if re.match(r"(?:/bin/)?(?:ba)?sh -c (?!exec )", one[1])]
    if wrapped:
        said = "A shell stands before the server and keeps SIGTERM from it."
        yield Look("start", BROKEN, said, tuple(wrapped[:4]), "Write the command as a list, or begin it with `exec`.")
    retired = [one for one in voices if "uvicorn.workers" in one[1]]
    if retired:
        said = "`uvicorn.workers` is deprecated."
        yield Look("start", WARNING, said, tuple(retired[:4]), "Use `uvicorn_worker.UvicornWorker`, of uvicorn-worker.")


def managed(voice: Voice) -> bool:
    """Gunicorn ends its workers by a timeout of its own."""
    return "gunicorn" in voice[1]
