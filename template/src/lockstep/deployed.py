# Lockstep's: what the deploy files repeat. Change it by `copier update`, not by hand.
"""Compare the numbers and paths that deploy files repeat with `server.toml`, the one server definition."""

from pathlib import Path

from lockstep import deployed_proxy
from lockstep.errors import Refusal
from lockstep.statements import Statement, statements
from lockstep.toml_file import read_toml

__all__ = ["check"]

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
PROXY_IMAGE = ("deploy/compose.yaml", r"\$\{PROXY_IMAGE:-([^}]+)\}")


def check(root: Path) -> list[str]:
    """Raise Refusal where a deploy file and the definition disagree; return what was compared."""
    [path] = root.glob("src/*/server.toml")
    definition, entries = path.relative_to(root).as_posix(), read_toml(path)
    compared: set[str] = set()
    for name, pattern, expression in REPEATED:
        for found in statements(root, pattern, expression) if name in entries else ():
            compared.add(found.file)
            wanted = entries[name]["default"]
            agree(name, (definition, f"{name} = {wanted}"), wanted, found)
    compared |= published(root, definition, entries["port"]["default"])
    compared |= deployed_proxy.check(root, definition, entries)
    agreed = [f"server.toml agrees with {', '.join(sorted(compared))}"] if compared else []
    return [*agreed, *by_tag(root)]


def agree(name: str, voice: tuple[str, str], wanted: int, found: Statement) -> None:
    """Raise Refusal unless what was found says the wanted number, too."""
    if int(found.match[1]) != wanted:
        raise Refusal(
            f"The {name} is stated two ways.",
            [voice, (found.place, f"{found.line.strip()}   <- differs")],
            f"Put {wanted} into {found.file}, or change both.",
        )


def published(root: Path, definition: str, port: int) -> set[str]:
    """What compose publishes is where the proxy listens, or the service where no proxy stands before it."""
    voice, wanted = (definition, f"port = {port}"), port
    for listener in deployed_proxy.listening(root)[:1]:
        voice, wanted = (listener.place, str(listener)), int(listener.words[0].rpartition(":")[2])
    found = list(statements(root, *PUBLISHED))
    for one in found:
        agree("port", voice, wanted, one)
    return {one.file for one in found}


def by_tag(root: Path) -> list[str]:
    """The proxy's image without a digest: named, since a tag can move."""
    images = [found.match[1] for found in statements(root, *PROXY_IMAGE) if "@sha256:" not in found.match[1]]
    return [f"allowed: the proxy's image is pinned by tag, not by digest: {image}" for image in images]
