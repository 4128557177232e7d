"""Find the commands that start a server in production: in images, containers, platforms' files and the scripts that they call.

What is for a laptop is kept apart: by its file's name, or because the container sees the source of the checkout.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from lockstep_tool.repositories.containers import Container
from lockstep_tool.repositories.dockerfile import Instruction, Stage, fill, words_of
from lockstep_tool.repositories.facts import Facts
from lockstep_tool.repositories.shell import read_script

__all__ = ["Start", "Starts", "find_starts"]

SERVER = re.compile(
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|"
    r"fastapi (?:run|dev)|flask run|runserver\w*|lockstep_serve serve)\b"
)
# Commands that name a server and start none.
SILENT = re.compile(
    r"(?:\S*/)?(?:\[+|(?:echo|printf|test|which|type|command|pip[\d.]*|uv pip|apt(?:-get)?|apk|"
    r"p?kill|grep|cat|cp|rm|chmod|chown)\b)"
)
LINES = ((r"^web\w*:\s*(.+)$", ("Procfile",)), (r"^ExecStart=[-@:+!]*(.+)$", ("*.service",)))
SCRIPTS = ("*.sh", "start", "entrypoint", "docker-entrypoint")
FOR_A_LAPTOP = re.compile(r"(?:^|[/._-])(?:dev|develop\w*|local|override|test\w*|debug)(?:[/._-]|$)")
SHELL = re.compile(r"^(?:/\S*/)?(?:ba|da)?sh -\w*c ")

Start = tuple[str, str]  # `file:line` and the command there, as words


@dataclass(frozen=True)
class Starts:
    """`known` start a server in production; `laptop` for development; `open` may start one, which their text does not say."""

    known: list[Start]
    laptop: list[Start]
    open: list[Start]


def find_starts(facts: Facts) -> Starts:
    """Scripts that nothing calls count where nothing else starts a server."""
    given = [*commands_of_images(facts), *commands_of_containers(facts), *commands_of_lines(facts)]
    laptop = [one for one in commands_on_laptops(facts) if server_of(one[1])]
    found, opened = list[Start](), list(images_without_commands(facts))
    for spot, command in given:
        if FOR_A_LAPTOP.search(spot.rpartition(":")[0]):
            laptop += [(spot, command)] * bool(server_of(command))
        elif server_of(command):
            found.append((spot, command))
        elif called := [list(servers_in(facts, name)) for name in scripts_called(facts, command)]:
            ways = dict.fromkeys(one for script in called for one in script)
            clear = len(ways) == 1 and not any(runs_what_it_is_given(facts, name) for name in scripts_called(facts, command))
            (found if clear else opened).extend(ways or [(spot, command)])
        else:
            opened.append((spot, command))
    if not found and not opened:
        scripts = [name for name in facts.repository.named(*SCRIPTS) if not FOR_A_LAPTOP.search(name)]
        found = [one for name in scripts for one in servers_in(facts, name)]
    return Starts(list(dict.fromkeys(found)), list(dict.fromkeys(laptop)), list(dict.fromkeys(opened)))


def server_of(command: str) -> str:
    """The part of a command that is the server; empty where there is none."""
    parts = (part.strip() for part in re.split(r"&&|\|\||[;|]", SHELL.sub("", command)))
    servers = [part for part in parts if SERVER.search(part) and not SILENT.match(part)]
    return servers[-1].removeprefix("exec ") if servers else ""


def scripts_called(facts: Facts, command: str) -> list[str]:
    """The files of the repository that a command runs; an image has them elsewhere."""
    words = [word for word in re.split(r"[\s;&|]+", command) if word]
    scripts = {word.rpartition("/")[2] for word in words if "/" in word or word.endswith(".sh") or word == words[0]}
    found = (one for one in facts.repository.files if one.rpartition("/")[2] in scripts)
    return [one for one in found if one.endswith(".sh") or "." not in one.rpartition("/")[2]]


def servers_in(facts: Facts, name: str) -> Iterator[Start]:
    for _, text in facts.read(lambda _, text: text, name):
        for command in read_script(name, 1, text, {}):
            words = " ".join(command.words)
            if server_of(words):
                yield command.spot, words


def runs_what_it_is_given(facts: Facts, name: str) -> bool:
    return any(re.search(r"(?:^|[);&])\s*(?:exec\s+)?\"?\$@", line) for _, line in facts.repository.lines(name))


def commands_of_images(facts: Facts) -> Iterator[Start]:
    """What the last stage of each Dockerfile runs: its entry point with its command, in the last stage that states them."""
    for one in facts.built:
        last = one.stages[-1]
        given = [found for found in (last.last("ENTRYPOINT"), last.last("CMD")) if found is not None]
        if given:
            yield f"{one.name}:{given[0].line}", " ".join(part for found in given for part in words_in(found, last))


def images_without_commands(facts: Facts) -> Iterator[Start]:
    """What they start is up to what they are built from, which may be an image that serves; a language's own serves nothing."""
    for one in facts.built:
        last = one.stages[-1]
        if not (last.last("ENTRYPOINT") or last.last("CMD")) and "/" in last.base.partition("@")[0]:
            yield f"{one.name}:{last.line}", f"no command, from {last.base}"


def words_in(found: Instruction, stage: Stage) -> Iterator[str]:
    """The words of a list; what a shell reads, as it stands."""
    yield from words_of(found.rest) or [" ".join(fill(found.rest, stage.values).split())]


def commands_of_containers(facts: Facts) -> Iterator[Start]:
    for name, containers in (*facts.composed, *facts.manifests):
        for one in containers:
            command = words_of_container(one)
            if server_of(command) and not sees_source(facts, name, one):
                yield f"{name}:{one.line}", command


def commands_on_laptops(facts: Facts) -> Iterator[Start]:
    for name, containers in facts.composed:
        yield from ((f"{name}:{one.line}", words_of_container(one)) for one in containers if sees_source(facts, name, one))


def sees_source(facts: Facts, name: str, one: Container) -> bool:
    """Whether a folder of the checkout that has Python files is mounted."""
    here = name.rpartition("/")[0]
    folders = [posixpath.normpath(posixpath.join(here, mount)) for mount in one.mounts if mount.startswith(".")]
    return any(
        file.endswith(".py") and (folder == "." or file.startswith(f"{folder}/"))
        for folder in folders
        for file in facts.repository.files
    )


def words_of_container(one: Container) -> str:
    """A text is split as a shell splits it, and not run by one."""
    if one.words is not None:
        return " ".join(one.words)
    try:
        return " ".join(shlex.split(one.text))
    except ValueError:
        return one.text


def commands_of_lines(facts: Facts) -> Iterator[Start]:
    """Of files with a command to a line, and of those of platforms."""
    for expression, files in LINES:
        for stated in facts.repository.statements(expression, *files):
            yield stated.spot, " ".join(stated.match[1].split())
    for name, found in facts.platforms:
        for one in found:
            if not one.builds and server_of(one.text):
                yield f"{name}:{one.line}", " ".join(one.text.split())
