# Lockstep's: how the service is started in production. Change it by `copier update`, not by hand.
"""See that production starts `python -m lockstep serve` and nothing around it, and that the image overrules no value.

A shell in front keeps SIGTERM from the server, `--reload` is for a laptop, and a command line of gunicorn or uvicorn
is a second definition.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lockstep.errors import Refusal
from lockstep.statements import Statement, statements
from lockstep.toml_file import read_toml

__all__ = ["check"]

COMMANDS = (
    ("Dockerfile", r"^(?:CMD|ENTRYPOINT)\s+(.*)$"),
    ("deploy/systemd/*.service", r"^ExecStart=(.*)$"),
    ("deploy/compose.yaml", r"^\s+(?:command|entrypoint):(?!\s*\[nginx\])\s*(.*)$"),
    ("deploy/kubernetes/*.yaml", r"^\s+(?:command|args):\s*(.*)$"),
)
RIGHT = re.compile(r"\S*python\S* -m lockstep serve")


def check(root: Path) -> list[str]:
    """Raise Refusal where something else is started or a value is set in the image; return what was looked at."""
    looked: set[str] = set()
    for found in commands(root):
        looked.add(found.file)
        if not RIGHT.fullmatch(plain(found.match[1])):
            raise Refusal(
                "Production does not start the service the one way.",
                [("the one way", "python -m lockstep serve"), (found.place, f"{found.line.strip()}   <- differs")],
                f"Start it so in {found.file}: no shell in front, no option; numbers belong into server.toml.",
            )
    refuse_baked_values(root)
    return [f"one start command in {', '.join(sorted(looked))}"] if looked else []


def commands(root: Path) -> Iterator[Statement]:
    for pattern, expression in COMMANDS:
        yield from statements(root, pattern, expression)


def plain(command: str) -> str:
    """The words of a command, written as a list or not."""
    return " ".join(re.sub(r"[\[\]\"',]", " ", command).split())


def refuse_baked_values(root: Path) -> None:
    """A server variable in the image's environment would overrule server.toml wherever the image runs."""
    [path] = root.glob("src/*/server.toml")
    for name, entry in read_toml(path).items():
        for found in statements(root, "Dockerfile", rf"^(?:ENV)?\s+{entry['env']}=([^\s\\]+)"):
            if found.match[1].strip("\"'") != str(entry["default"]):
                raise Refusal(
                    f"The value {name} is stated two ways.",
                    [
                        (path.relative_to(root).as_posix(), f"{name} = {entry['default']}"),
                        (found.place, f"{found.line.strip()}   <- differs"),
                    ],
                    "State it in server.toml; set the variable where the image runs, if one place differs.",
                )
