"""Compare the numbers and paths that deploy files repeat with `server.toml`, the one server definition."""

from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files import deployed_proxy
from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import Statement, statements
from lockstep_tool.toml_file import read_toml

__all__ = ["compared", "disagreeing"]

# The value that a file repeats, where, and a pattern whose group is what it says.
REPEATED = (
    ("grace", "deploy/compose.yaml", r"stop_grace_period:\s*(\d+)s"),
    ("grace", "deploy/kubernetes/*.yaml", r"terminationGracePeriodSeconds:\s*(\d+)"),
    ("grace", "deploy/systemd/*.service", r"TimeoutStopSec=(\d+)"),
    ("port", "deploy/kubernetes/*.yaml", r"containerPort:\s*(\d+)"),
    ("port", "deploy/systemd/*.socket", r"^ListenStream=(?:\S*:)?(\d+)\s*$"),
    ("port", "Dockerfile", r"^EXPOSE\s+(\d+)"),
    ("backlog", "deploy/systemd/*.socket", r"^Backlog=(\d+)"),
)
PUBLISHED = ("deploy/compose.yaml", r"^\s+-\s*['\"]?(?:[\d.]+:)?(?:\d+:)?(\d+)['\"]?\s*$")


def compared(root: Path) -> list[str]:
    """The files that repeat something of server.toml, said in one line."""
    entries = read_toml(definition(root))
    files = {found.file for name, *where in REPEATED if name in entries for found in statements(root, *where)}
    files |= {found.file for found in statements(root, *PUBLISHED)} | deployed_proxy.files(root)
    return [f"server.toml agrees with {', '.join(sorted(files))}"] if files else []


def disagreeing(root: Path) -> Iterator[Fault]:
    """Where a deploy file and the definition disagree."""
    path = definition(root)
    name, entries = path.relative_to(root).as_posix(), read_toml(path)
    for value, pattern, expression in REPEATED:
        for found in statements(root, pattern, expression) if value in entries else ():
            wanted = entries[value]["default"]
            yield from otherwise(value, (name, f"{value} = {wanted}"), wanted, found)
    yield from published(root, name, entries["port"]["default"])
    yield from deployed_proxy.disagreeing(root, name, entries)


def definition(root: Path) -> Path:
    """The service's server.toml."""
    [path] = root.glob("src/*/server.toml")
    return path


def otherwise(name: str, voice: tuple[str, str], wanted: int, found: Statement) -> Iterator[Fault]:
    """A fault unless what was found says the wanted number, too."""
    if int(found.match[1]) != wanted:
        yield Fault(
            "deploy files",
            f"The {name} is stated two ways.",
            (voice, (found.place, f"{found.line.strip()}   <- differs")),
            f"Put {wanted} into {found.file}, or change both; `uv run noxfile.py -s pins -- --fix` does the first.",
            repairs=(found.repair(str(wanted)),),
        )


def published(root: Path, definition: str, port: int) -> Iterator[Fault]:
    """What compose publishes is where the proxy listens, or the service where no proxy stands before it."""
    voice, wanted = (definition, f"port = {port}"), port
    for listener in deployed_proxy.listening(root)[:1]:
        voice, wanted = (listener.place, str(listener)), int(listener.words[0].rpartition(":")[2])
    for found in statements(root, *PUBLISHED):
        yield from otherwise("port", voice, wanted, found)
