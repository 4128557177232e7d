"""Make the repairs that findings bring."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from lockstep_tool.checks.finding import Finding

__all__ = ["mend"]


def mend(root: Path, findings: Iterable[Finding]) -> list[str]:
    """Rewrite the files, from the last spot of each to the first; return the spots.

    Every other byte stays: the ends of lines, and bytes that are no UTF-8, which a check reads as one sign each.
    """
    repairs = {repair for finding in findings for repair in finding.repairs}
    for repair in sorted(repairs, key=lambda one: (one.file, one.number or sys.maxsize, one.span), reverse=True):
        path = root / repair.file
        lines = path.read_bytes().decode("utf-8", "surrogateescape").splitlines(keepends=True)
        if repair.number:
            line = lines[repair.number - 1]
            lines[repair.number - 1] = line[: repair.span[0]] + repair.text + line[repair.span[1] :]
        else:
            lines.append(format_addition(lines, repair.text))
        path.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    return sorted(f"{repair.file}:{repair.number}" if repair.number else repair.file for repair in repairs)


def format_addition(lines: Sequence[str], text: str) -> str:
    """What comes after these lines, which end as the first of them does."""
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    begun = bool(lines) and not lines[-1].endswith("\n")
    return end * begun + text.replace("\n", end) + end
