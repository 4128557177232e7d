"""What a server printed, line by line: parsed where it is JSON, judged, and shown as a person reads it.

It prints to a file: a pipe that nobody gets to read in time stops who writes to it, and tears long lines of several
processes apart.
"""

import fcntl
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

__all__ = ["PLANTED", "Record", "ServerLog", "is_error", "is_record", "read_access", "read_holds", "readable", "telling_lines"]

PLANTED = "waiting.py"  # where prove holds the event loop itself
QUIET = {"DEBUG", "INFO"}
LONGEST = 400  # characters of a line that are shown

Record = Mapping[str, Any]  # a line of JSON


class ServerLog:
    """A file without a name, to whose end everybody writes that has its `descriptor`; a context manager."""

    def __enter__(self) -> Self:
        self.descriptor, path = tempfile.mkstemp()
        os.unlink(path)
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, os.O_APPEND)
        self.whole: list[str] = []
        self.end = 0  # bytes of the lines that are whole
        self.reading = threading.Lock()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.descriptor)

    def read_lines(self) -> list[str]:
        """All by now; the last may be in the making."""
        with self.reading:
            size = os.fstat(self.descriptor).st_size
            *lines, rest = os.pread(self.descriptor, size - self.end, self.end).split(b"\n")
            self.end += sum(len(line) + 1 for line in lines)
            self.whole += [line.decode(errors="replace") for line in lines]
            return [*self.whole, *([rest.decode(errors="replace")] if rest else [])]


def parse(line: str) -> Record:
    """The line's members; none when it is no JSON object."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def is_record(line: str) -> bool:
    """Whether it is a JSON object, as the lines of a log are."""
    return bool(parse(line))


def is_error(line: str) -> bool:
    """An ERROR or worse in a JSON line; outside JSON, an error's or a traceback's usual words."""
    if record := parse(line):
        return str(record.get("level", "")).upper() in {"ERROR", "CRITICAL"}
    return "Traceback" in line or "[ERROR]" in line or "Error:" in line


def read_access(lines: Iterable[str]) -> list[Record]:
    """The lines of requests: `request_id`, `status` and `ended_by`, among others."""
    return [r for r in map(parse, lines) if r.get("logger") == "access"]


def read_holds(lines: Iterable[str]) -> list[Record]:
    """What the watch over the event loop said: `held_ms` and `where`, among others."""
    return [r for r in map(parse, lines) if r.get("logger") == "lockstep.loop" and "held_ms" in r]


def telling_lines(lines: Sequence[str], since: int, count: int) -> list[str]:
    """The last few of those from `since` on, and of the warnings and the text before, as a person reads them.

    That a request was answered is left out, and so is what prove itself has planted.
    """
    chosen = [line for number, line in enumerate(lines) if number >= since or parse(line).get("level") not in QUIET]
    return [readable(line)[:LONGEST] for line in chosen if not is_noise(parse(line))][-count:]


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
