"""Gather everything that is wrong in files, tell it at once, mend what can be mended, and give CI the line."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.files.annotation import annotate, listening

__all__ = ["Fault", "Repair", "Several", "judge", "mend"]


@dataclass(frozen=True)
class Repair:
    """Put `text` where `span` is, in line `number` (from 1) of a file below the service's root; 0: after the end."""

    file: str
    number: int
    span: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, in the three parts of a Refusal; a `warning` is told and does not turn the verdict.

    `voices` are pairs of `file:line` and what is said there; those that end in an arrow (`<- differs`) are to blame.
    """

    facet: str
    wrong: str
    voices: tuple[tuple[str, str], ...]
    remedy: str
    warning: bool = False
    repairs: tuple[Repair, ...] = ()

    def __str__(self) -> str:
        why = f"Why: uv run noxfile.py -s explain -- {self.facet}"
        return str(Refusal(f"{'warning: ' * self.warning}{self.wrong}", self.where, f"{self.fix}\n{why}"))


class Several(Refusal):
    """Everything that is wrong, the errors first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = next(fault for fault in faults if not fault.warning)
        super().__init__(first.wrong, first.where, first.fix)
        self.faults = sorted(faults, key=lambda fault: fault.warning)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.faults))


def judge(gate: str, faults: Iterable[Fault]) -> list[str]:
    """Raise Several when one of them is no warning; return the warnings as text."""
    found = list(faults)
    if listening():
        for fault in found:
            show(gate, fault)
    if any(not fault.warning for fault in found):
        raise Several(found)
    return [f"\n{fault}" for fault in found]


def show(gate: str, fault: Fault) -> None:
    """GitHub shows a fault beside each line that is to blame."""
    blamed = [voice for voice in fault.where if "<-" in voice[1]] or fault.where
    for place, said in blamed:
        level = "warning" if fault.warning else "error"
        annotate(level, place, f"{gate}, {fault.facet}", f"{fault.wrong} {said.strip()} ({fault.fix})")


def mend(root: Path, faults: Iterable[Fault]) -> list[str]:
    """Make every repair, from the last place of a file to the first; return the places."""
    repairs = {repair for fault in faults for repair in fault.repairs}
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
