"""Make the repairs that findings bring."""

import sys
from collections.abc import Iterable
from pathlib import Path

from lockstep_tool.checks.finding import Finding

__all__ = ["mend"]


def mend(root: Path, findings: Iterable[Finding]) -> list[str]:
    """Rewrite the files, from the last spot of each to the first; return the spots."""
    repairs = {repair for finding in findings for repair in finding.repairs}
    for repair in sorted(repairs, key=lambda one: (one.file, one.number or sys.maxsize, one.span), reverse=True):
        path = root / repair.file
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        if repair.number:
            line = lines[repair.number - 1]
            lines[repair.number - 1] = line[: repair.span[0]] + repair.text + line[repair.span[1] :]
        else:
            lines.append(f"{repair.text}\n" if not lines or lines[-1].endswith("\n") else f"\n{repair.text}\n")
        path.write_text("".join(lines), encoding="utf-8")
    return sorted(f"{repair.file}:{repair.number}" if repair.number else repair.file for repair in repairs)
