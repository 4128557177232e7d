"""What a server printed, line by line: parsed where it is JSON, judged, and shown as a person reads it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["PLANTED", "Record", "is_error", "read_holds", "telling_lines"]

PLANTED = "waiting.py"  # where prove holds the event loop itself
LONGEST = 400  # characters of a line that are shown

Record = Mapping[str, Any]  # a line of JSON


def parse(line: str) -> Record:
    """The line's members; none when it is no JSON object."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def is_error(line: str) -> bool:
    """An ERROR or worse in a JSON line; outside JSON, an error's or a traceback's usual words."""
    if record := parse(line):
        return str(record.get("level", "")).upper() in {"ERROR", "CRITICAL"}
    return "Traceback" in line or "[ERROR]" in line or "Error:" in line


def read_holds(lines: Iterable[str]) -> list[Record]:
    """What the watch over the event loop said: `held_ms` and `where`, among others."""
    return [r for r in map(parse, lines) if r.get("logger") == "lockstep.loop" and "held_ms" in r]


def telling_lines(lines: Iterable[str], count: int) -> list[str]:
    """The last that say more than that a request was answered, or what prove itself has planted, as a person reads
    them; of any kind when there are no such.
    """
    every = list(lines)
    telling = [line for line in every if not is_noise(parse(line))] or every
    return [readable(line)[:LONGEST] for line in telling[-count:]]


def is_noise(record: Record) -> bool:
    return record.get("logger") == "access" or PLANTED in str(record.get("where", ""))


def readable(line: str) -> str:
    """Level, logger and message of a JSON line, and how its exception ends."""
    record = parse(line)
    if "message" not in record:
        return line
    said = f"{record.get('level', '')} {record.get('logger', '')}: {record['message']}".strip()
    exception = str(record.get("exception") or "").strip().splitlines()
    return " ".join([said, *exception[-1:]])
