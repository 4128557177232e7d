"""See that production starts `python -m lockstep_serve serve` and nothing around it, and that the image overrules no value.

A shell in front keeps SIGTERM from the server, `--reload` is for a laptop, and a command line of gunicorn or uvicorn
is a second definition.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import Statement, lines_of, statements
from lockstep_tool.toml_file import read_toml

__all__ = ["looked_at", "otherwise"]

COMMANDS = (
    ("Dockerfile", r"^(?:CMD|ENTRYPOINT)\s+(.*)$"),
    ("deploy/systemd/*.service", r"^ExecStart=(.*)$"),
    ("deploy/compose.yaml", r"^\s+(?:command|entrypoint):(?!\s*\[nginx\])\s*(.*)$"),
    ("deploy/kubernetes/*.yaml", r"^\s+(?:command|args):\s*(.*)$"),
)
RIGHT = re.compile(r"\S*python\S* -m lockstep_serve serve")


def looked_at(root: Path) -> list[str]:
    """The files that start the service, said in one line."""
    files = sorted({found.file for found, _ in commands(root)})
    return [f"one start command in {', '.join(files)}"] if files else []


def otherwise(root: Path) -> Iterator[Fault]:
    """Where something else is started, or a value is set in the image."""
    for found, command in commands(root):
        if not RIGHT.fullmatch(command):
            yield Fault(
                "commands",
                "Production does not start the service the one way.",
                (("the one way", "python -m lockstep_serve serve"), (found.place, f"{found.line.strip()}   <- differs")),
                f"Start it so in {found.file}: no shell in front, no option; numbers belong into server.toml.",
            )
    yield from baked_values(root)


def commands(root: Path) -> Iterator[tuple[Statement, str]]:
    """Each place that starts something, and what, as words with one space between."""
    for pattern, expression in COMMANDS:
        for found in statements(root, pattern, expression):
            command = found.match[1] or " ".join(items_below(root, found))
            yield found, " ".join(re.sub(r"[\[\]\"',]", " ", command).split())


def items_below(root: Path, found: Statement) -> Iterator[str]:
    """The items of a YAML list that stands below its name."""
    for _, lines in lines_of(root, found.file):
        for line in lines[found.number :]:
            item = re.match(r"\s*-\s+(.*)$", line)
            if item is None:
                return
            yield item[1]


def baked_values(root: Path) -> Iterator[Fault]:
    """A server variable in the image's environment would overrule server.toml wherever the image runs."""
    [path] = root.glob("src/*/server.toml")
    for name, entry in read_toml(path).items():
        for found in statements(root, "Dockerfile", rf"^(?:ENV)?\s+{entry['env']}=([^\s\\]+)"):
            if found.match[1].strip("\"'") != str(entry["default"]):
                yield Fault(
                    "deploy files",
                    f"The value {name} is stated two ways.",
                    (
                        (path.relative_to(root).as_posix(), f"{name} = {entry['default']}"),
                        (found.place, f"{found.line.strip()}   <- differs"),
                    ),
                    "State it in server.toml; set the variable where the image runs, if one place differs.",
                    repairs=(found.repair(str(entry["default"])),),
                )
