"""Read `[tool.lockstep.audit]`: whom to ask, and what is ignored, each with a reason and the day on which that ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.service import Service

__all__ = ["Ignored", "Rules", "read_rules"]

SERVICE = "https://api.osv.dev"
EXAMPLE = '{ id = "GHSA-…", reason = "we do not parse what strangers send", until = 2030-01-31 }'


@dataclass(frozen=True)
class Ignored:
    """`until` is the last day on which it holds; `spot` is `file:line`."""

    id: str
    reason: str
    until: date
    spot: str


@dataclass(frozen=True)
class Rules:
    """`service` is the address of a service that speaks OSV's API, without its `/v1`."""

    service: str
    ignored: tuple[Ignored, ...]


def read_rules(service: Service) -> Rules:
    """The team's rules; raises Refusal for an entry without a reason or a date."""
    table = service.settings.get("audit", {})
    entries = table.get("ignore", []) if isinstance(table, dict) else None
    address = table.get("service", SERVICE) if isinstance(table, dict) else None
    if not isinstance(entries, list) or not isinstance(address, str):
        raise Refusal(
            "What is ignored cannot be read.",
            [("pyproject.toml [tool.lockstep.audit]", repr(table))],
            f"Write `ignore = [{EXAMPLE}]` there, and `service` as an address.",
        )
    return Rules(address, tuple(parse_entries(service, entries)))


def parse_entries(service: Service, entries: list[Any]) -> Iterator[Ignored]:
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        found = [one.spot for one in service.files.statements(f"[\"']{re.escape(name)}[\"']", "pyproject.toml")] if name else []
        spot = found[0] if found else "pyproject.toml [tool.lockstep.audit]"
        match entry:
            case {"id": str(name), "reason": str(reason), "until": date() as until} if name and reason.strip():
                yield Ignored(name, reason, date(until.year, until.month, until.day), spot)
            case _:
                raise Refusal(
                    "An ignored advisory does not say why, or until when.",
                    [(spot, f"{entry}   <- id, reason and until, please")],
                    f"Write it as `{EXAMPLE}`.",
                )
