"""What was tried and what came of it, as a table."""

from collections.abc import Mapping, Sequence

from .cells import Cell, Verdict

__all__ = ["by_version", "table"]


def by_version(verdicts: Mapping[Cell, Verdict]) -> str:
    """A row for each version, untouched and lived in."""
    rows: list[tuple[str, ...]] = [
        ("version", "services", "updates", "in conflict", "lines written", "lines lost", "wrong", "seconds")
    ]
    for version in sorted({cell.version for cell in verdicts}):
        for lived in (False, True):
            found = [verdict for cell, verdict in verdicts.items() if (cell.version, cell.lived) == (version, lived)]
            if found:
                sums = [len(found), sum(len(verdict.conflicts) for verdict in found), sum(verdict.written for verdict in found)]
                sums += [sum(len(verdict.lost) for verdict in found), sum(len(verdict.wrong) for verdict in found)]
                sums += [round(sum(verdict.seconds for verdict in found))]
                rows.append((version, "lived-in" if lived else "untouched", *map(str, sums)))
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(placed(word, width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def placed(word: str, width: int) -> str:
    return word.rjust(width) if word.isdigit() else word.ljust(width)
