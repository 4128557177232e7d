"""Read `[tool.lockstep.image]`: what the image may weigh, and what it may have beyond Lockstep's own."""

from dataclasses import dataclass, fields
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.service import Service

__all__ = ["Budget", "read_budget"]


@dataclass(frozen=True)
class Budget:
    """What is not stated in pyproject.toml has these values."""

    max_megabytes: float = 80
    """All layers, compressed."""
    max_layers: int = 8
    """Above the base's."""
    memory: str = "512m"
    """The limit under which it is started."""
    variables: tuple[str, ...] = ("SSL_CERT_FILE",)
    """Names that a base brings, beyond those of the Dockerfile."""
    labels: tuple[str, ...] = ()
    """Names of labels that a base brings, beyond those of the Dockerfile."""
    public: tuple[str, ...] = ()
    """Files that look like a secret and are known to be none, by the end of their paths."""
    writable: tuple[str, ...] = ("/tmp", "/var/tmp", "/run/lock", "/var/lock")
    """Directories that any user may write."""


def read_budget(service: Service) -> Budget:
    """Raises Refusal for a name that is not known, or a value that is not of its kind."""
    stated = service.settings.get("image", {})
    known = {field.name: getattr(Budget(), field.name) for field in fields(Budget)}
    for name, value in stated.items():
        if name not in known:
            raise unreadable(name, f"known are {', '.join(known)}")
        if not fits(value, known[name]):
            raise unreadable(name, f"{value!r} is not like {list_of(known[name])!r}")
    given: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in stated.items()}
    return Budget(**given)


def fits(value: object, example: object) -> bool:
    """Whether it is a positive number, a word or a list of words, as the example is."""
    if isinstance(example, tuple):
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    if isinstance(example, str):
        return isinstance(value, str)
    whole = isinstance(example, int) and not isinstance(example, bool) and example != Budget.max_megabytes
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool) and value > 0


def list_of(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def unreadable(name: str, said: str) -> Refusal:
    return Refusal(
        "What the image may weigh cannot be read.",
        [(f"pyproject.toml [tool.lockstep.image] {name}", said)],
        "Mend the line, or take it away: each has a value without it.",
    )
