"""Remember what was seen of exactly these bytes on this machine; CI remembers nothing."""

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lockstep_tool.prove.subject import Subject

__all__ = ["ANSWERS", "PROOFS", "explain_change", "recall", "remember"]

# Not in .nox/report, which CI keeps: answers are the service's own affair.
PROOFS, ANSWERS = Path(".nox", "proofs.json"), Path(".nox", "answers.json")
MOST = 8  # subjects that a file remembers, such as branches that somebody goes to and fro between

Memory = Mapping[str, Any]

_writing = threading.Lock()


def recall(root: Path, file: Path, subject: Subject) -> Memory | None:
    """What was remembered of this subject, with `at`, the minute; None for nothing, and in CI.

    Byte code that was not there then may be anybody's. Byte code that is gone will be compiled anew.
    """
    found = None if os.environ.get("CI") else read(root / file).get(subject.key)
    return found if found and subject.byte_code <= set(found["byte_code"]) else None


def remember(root: Path, file: Path, subject: Subject, memory: Memory) -> None:
    """Write it down with the time; the oldest go. `subject` is as it was afterwards, with the byte code that came."""
    if os.environ.get("CI"):
        return
    at = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    entry = {**memory, "at": at, "parts": subject.parts, "byte_code": sorted(subject.byte_code)}
    with _writing:
        entries = {**{key: one for key, one in read(root / file).items() if key != subject.key}, subject.key: entry}
        new = (root / file).with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(dict(list(entries.items())[-MOST:])), encoding="utf-8")
        new.replace(root / file)  # whole at any time: other sessions read it


def explain_change(root: Path, file: Path, subject: Subject) -> str:
    """What is another than when something was last remembered, in words; empty where nothing is known."""
    *_, last = [{}, *read(root / file).values()]
    then = last.get("parts", {})
    changed = [name for name, value in subject.parts.items() if then and then.get(name) != value]
    if then and not changed:
        changed = ["byte code"]
    return f"{', '.join(changed)} changed since {last['at']}" if changed else ""


def read(file: Path) -> dict[str, Any]:
    """What a file remembers; nothing where it is not there, or is not one of ours."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        whole = all({"at", "parts", "byte_code"} <= set(entry) for entry in entries.values())
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    return entries if whole else {}
