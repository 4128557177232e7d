# Lockstep's: what the deploy files repeat. Change it by `copier update`, not by hand.
"""Compare the numbers and paths that deploy files repeat with `server.toml`, the one server definition."""

from pathlib import Path

from lockstep.errors import Refusal
from lockstep.statements import statements
from lockstep.toml_file import read_toml

__all__ = ["check"]

# The value that a file repeats, where, and a pattern whose group is what it says.
REPEATED = (
    ("grace", "deploy/compose.yaml", r"stop_grace_period:\s*(\d+)s"),
    ("grace", "deploy/kubernetes/*.yaml", r"terminationGracePeriodSeconds:\s*(\d+)"),
    ("grace", "deploy/systemd/*.service", r"TimeoutStopSec=(\d+)"),
    ("port", "deploy/compose.yaml", r"^\s+-\s*['\"]?(?:[\d.]+:)?(?:\d+:)?(\d+)['\"]?\s*$"),
    ("port", "deploy/kubernetes/*.yaml", r"containerPort:\s*(\d+)"),
    ("port", "Dockerfile", r"^EXPOSE\s+(\d+)"),
)


def check(root: Path) -> list[str]:
    """Raise Refusal where a deploy file and the definition disagree; return what was compared."""
    [path] = root.glob("src/*/server.toml")
    entries = read_toml(path)
    compared: set[str] = set()
    for name, pattern, expression in REPEATED:
        wanted = entries[name]["default"]
        for found in statements(root, pattern, expression):
            compared.add(found.file)
            if int(found.match[1]) != wanted:
                raise Refusal(
                    f"The {name} is stated two ways.",
                    [
                        (path.relative_to(root).as_posix(), f"{name} = {wanted}"),
                        (found.place, f"{found.line.strip()}   <- differs"),
                    ],
                    f"Put {wanted} into {found.file}, or change both.",
                )
    return [f"server.toml agrees with {', '.join(sorted(compared))}"] if compared else []
