"""Compute from `exclude-newer` which releases were too young to be locked.

uv obeys the span when it chooses; it does not ask about it again, so a lock that was made without it passes its check.
The moment of locking is written nowhere. It was not after the commit, and not after now: what is too young even for
those was too young then.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lockstep_tool.lockfile import Lock, files_of
from lockstep_tool.locks.indexes import Index
from lockstep_tool.service import Service

__all__ = ["cutoff_of", "locked_before", "newest_upload", "span"]

ISO = re.compile(r"P((?:\d+[YMWD])*)(?:T((?:\d+[HMS])*))?")
NO_DATE = "0001-01-01"  # uv writes it beside a span; a lock that lost its span is stale, and says nothing of age
DAY, UNITS, CLOCK = 86400, {"Y": 365, "M": 30, "W": 7, "D": 1}, {"H": 3600, "M": 60, "S": 1}


def cutoff_of(lock: Lock, package: Mapping[str, Any], indexes: Mapping[str, Index], latest: datetime) -> datetime | None:
    """The moment after which nothing of this package was to be taken; None where any age is allowed."""
    options = lock.header.get("options", {})
    index = indexes.get(str(package.get("source", {}).get("registry", "")).rstrip("/"))
    stated: Any = options.get("exclude-newer-span") or options.get("exclude-newer")
    if index is not None and index.exclude_newer is not None:
        stated = index.exclude_newer
    stated = options.get("exclude-newer-package", {}).get(package["name"], stated)
    if isinstance(stated, Mapping):
        stated = stated.get("span") or stated.get("timestamp")
    if not isinstance(stated, str) or stated.startswith(NO_DATE):
        return None
    wait = span(stated)
    return latest - wait if wait is not None else moment(stated)


def span(text: str) -> timedelta | None:
    """`P7D`, `PT36H`, `7 days`, `1 week` → how long; None for a date."""
    words = re.fullmatch(r"(\d+)\s*([ymwdh])\w*", text.strip())  # as people write it; uv.lock has the other form
    form = "PT{}{}" if words and words[2] == "h" else "P{}{}"
    found = ISO.fullmatch(form.format(words[1], words[2].upper()) if words else text.strip())
    if found is None:
        return None
    seconds = sum(int(number) * DAY * UNITS[unit] for number, unit in re.findall(r"(\d+)([YMWD])", found[1]))
    seconds += sum(int(number) * CLOCK[unit] for number, unit in re.findall(r"(\d+)([HMS])", found[2] or ""))
    return timedelta(seconds=seconds)


def moment(text: str) -> datetime:
    """A date or a time of RFC 3339, in UTC where it names no zone."""
    read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def newest_upload(package: Mapping[str, Any]) -> datetime | None:
    """When the newest file of a locked package was uploaded; None where its index does not say."""
    uploads = [moment(str(file["upload-time"])) for file in files_of(package) if "upload-time" in file]
    return max(uploads, default=None)


def locked_before(service: Service) -> datetime:
    """The latest moment at which the lock can have been made: its commit, or now where it is not committed."""
    now = datetime.now(UTC)
    return min(now, service.history.committed("uv.lock") or now)
