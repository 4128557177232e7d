"""Read `[tool.lockstep.audit]`: whom to ask, and what is ignored, each with a reason and the day on which that ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.files.statements import statements
from lockstep_tool.toml_file import read_toml

__all__ = ["Ignored", "Rules", "read_rules"]

SERVICE = "https://api.osv.dev"
EXAMPLE = '{ id = "GHSA-…", reason = "we do not parse what strangers send", until = 2030-01-31 }'


@dataclass(frozen=True)
class Ignored:
    """`until` is the last day on which it holds; `place` is `file:line`."""

    id: str
    reason: str
    until: date
    place: str


@dataclass(frozen=True)
class Rules:
    """`service` is the address of a service that speaks OSV's API, without its `/v1`."""

    service: str
    ignored: tuple[Ignored, ...]


def read_rules(root: Path) -> Rules:
    """The team's rules; raises Refusal for an entry without a reason or a date."""
    table = read_toml(root / "pyproject.toml").get("tool", {}).get("lockstep", {}).get("audit", {})
    entries = table.get("ignore", []) if isinstance(table, dict) else None
    service = table.get("service", SERVICE) if isinstance(table, dict) else None
    if not isinstance(entries, list) or not isinstance(service, str):
        raise Refusal(
            "What is ignored cannot be read.",
            [("pyproject.toml [tool.lockstep.audit]", repr(table))],
            f"Write `ignore = [{EXAMPLE}]` there, and `service` as an address.",
        )
    return Rules(service, tuple(read(root, entries)))


def read(root: Path, entries: list[Any]) -> Iterator[Ignored]:
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        found = [one.place for one in statements(root, "pyproject.toml", f"[\"']{name}[\"']")] if name else []
        place = found[0] if found else "pyproject.toml [tool.lockstep.audit]"
        match entry:
            case {"id": str(name), "reason": str(reason), "until": date() as until} if name and reason.strip():
                yield Ignored(name, reason, date(until.year, until.month, until.day), place)
            case _:
                raise Refusal(
                    "An ignored advisory does not say why, or until when.",
                    [(place, f"{entry}   <- id, reason and until, please")],
                    f"Write it as `{EXAMPLE}`.",
                )
