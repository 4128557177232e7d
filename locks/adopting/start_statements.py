"""Every statement that starts a server in an existing service, each read as what it stands in."""

import configparser
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from adopting.checkout import Checkout
from lockstep_tool.repositories.dockerfile import Instruction, read_instructions, words_of

__all__ = ["Statement", "find_statements", "read_uwsgi"]

SETTINGS_OF_UWSGI = re.compile(r"(^|/)\.?uwsgi[\w.-]*\.ini$")
SCRIPT = re.compile(r"[\w./-]+\.sh")


@dataclass(frozen=True)
class Statement:
    """`spot` is where it stands, `words` the command; `folder` is where it is run, with a slash at its end.

    `development` is whether it stands where nothing is deployed from.
    """

    spot: str
    words: tuple[str, ...]
    folder: str = ""
    development: bool = False


def find_statements(here: Checkout) -> list[Statement]:
    """All of them, what is deployed first."""
    found = [*in_units(here), *in_procfiles(here), *in_dockerfiles(here), *in_platform_files(here), *in_compose_files(here)]
    uwsgi = [Statement(name, ("uwsgi", "--ini", name)) for name in here.files if SETTINGS_OF_UWSGI.search(name)]
    return sorted([*found, *uwsgi, *in_scripts(here, found)], key=lambda one: one.development)


def split_words(command: object) -> tuple[str, ...]:
    """The words of a command; the last of several joined by `&&` or `;` is what goes on running."""
    if isinstance(command, list):
        words = tuple(map(str, command))
        shell = len(words) > 2 and words[0].rpartition("/")[2] in {"sh", "bash"} and words[1] in {"-c", "-lc", "-ec"}
        return split_words(words[2]) if shell else words
    text = str(command).replace("\\\n", " ")
    if script := re.match(r"""\s*(?:exec\s+)?(?:/\S*/)?(?:ba)?sh\s+-[lec]*c\s+(["'])(.*)\1\s*$""", text, re.DOTALL):
        text = script[2]
    text = re.split(r"&&|;|\|\|", text)[-1]
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def in_procfiles(here: Checkout) -> Iterator[Statement]:
    for file in (name for name in here.files if PurePosixPath(name).name == "Procfile"):
        for number, line in enumerate(here.read(file).splitlines(), 1):
            if found := re.match(r"web\s*:\s*(.+)", line):
                yield Statement(f"{file}:{number}", split_words(found[1]), folder_of(file))


def folder_of(file: str) -> str:
    folder = PurePosixPath(file).parent.as_posix()
    return "" if folder == "." else f"{folder}/"


def in_dockerfiles(here: Checkout) -> Iterator[Statement]:
    """The last CMD and ENTRYPOINT of each, with the folder that its last WORKDIR is a copy of, as far as that can be seen."""
    for file in here.files:
        name = PurePosixPath(file).name
        if not re.fullmatch(r"Dockerfile(\.[\w.-]+)?|[\w.-]+\.Dockerfile|Containerfile", name):
            continue
        last: dict[str, Instruction] = {}
        for one in read_instructions(here.read(file)):
            last = {} if one.name == "FROM" else {**last, one.name: one}
        given = [last[instruction] for instruction in ("ENTRYPOINT", "CMD") if instruction in last]
        forms = ((words_of(one.rest), one.rest) for one in given)  # a list as JSON writes it, or the text for a shell
        if words := tuple(word for words, text in forms for word in split_words(text if words is None else words)):
            development = bool(re.search(r"dev|local|test", name, re.IGNORECASE))
            yield Statement(f"{file}:{given[-1].line}", words, folder_of(file), development)


def load_yaml(text: str) -> dict[str, Any]:
    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def in_compose_files(here: Checkout) -> Iterator[Statement]:
    """The command of each service that is built here. A compose file is mostly for a laptop; one that says so is deployed."""
    for file in here.files:
        name = PurePosixPath(file).name
        if not re.fullmatch(r"(docker-)?compose[\w.-]*\.ya?ml", name):
            continue
        services = load_yaml(here.read(file)).get("services")
        for service in services.values() if isinstance(services, dict) else ():
            if isinstance(service, dict) and "build" in service and service.get("command"):
                build = service["build"]
                context = build.get("context", ".") if isinstance(build, dict) else build
                folder = (PurePosixPath(file).parent / str(context)).as_posix()
                development = "prod" not in name
                yield Statement(file, split_words(service["command"]), "" if folder == "." else f"{folder}/", development)


def in_platform_files(here: Checkout) -> Iterator[Statement]:
    """render.yaml and app.yaml name a command, too."""
    for file in here.files:
        name = PurePosixPath(file).name
        if name in {"render.yaml", "render.yml", "app.yaml", "app.yml"}:
            said = load_yaml(here.read(file))
            services = said.get("services")
            parts = [said, *(services if isinstance(services, list) else ())]
            keys = ("startCommand", "entrypoint", "run_command")
            commands = [part.get(key) for part in parts if isinstance(part, dict) for key in keys]
            words = [split_words(command) for command in commands if isinstance(command, (str, list))]
            yield from (Statement(file, one, folder_of(file)) for one in words)


def in_units(here: Checkout) -> Iterator[Statement]:
    """ExecStart of systemd units, and commands of supervisord."""
    for file in here.files:
        if not re.search(r"\.service$|supervisor[\w.-]*\.conf$", file):
            continue
        for number, line in enumerate(here.read(file).splitlines(), 1):
            if found := re.match(r"(?:ExecStart|command)\s*=\s*[-@:+!]*(.+)", line):
                yield Statement(f"{file}:{number}", split_words(found[1].replace("%%", "%")))


def in_scripts(here: Checkout, found: list[Statement]) -> Iterator[Statement]:
    """What a script starts that one of the commands runs."""
    for one in found:
        for word in one.words:
            if not SCRIPT.fullmatch(word):
                continue
            name = PurePosixPath(word).name
            for file in [file for file in here.files if PurePosixPath(file).name == name][:1]:
                lines = here.read(file).replace("\\\n", " ").splitlines()
                for number, line in enumerate(lines, 1):
                    if re.search(
                        r"\b(gunicorn|uvicorn|uwsgi|hypercorn|daphne|waitress-serve|granian)\b", line
                    ) and not line.lstrip().startswith("#"):
                        yield Statement(f"{file}:{number}", split_words(line), one.folder, one.development)


def read_uwsgi(text: str) -> dict[str, str]:
    """The settings of uwsgi.ini; of one that is stated twice, the last."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: value or "true" for name, value in parser.items("uwsgi")} if parser.has_section("uwsgi") else {}
