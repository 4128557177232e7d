"""Every earlier version to today, and histories drawn at random: what conflicts, what is lost, what is wrong.

python -m histories [rules] [versions] [random] [--count 200] [--seed 1] [--processes N] [--only WORD] [--write]
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from nobody import become_nobody
from snapshot import UNUSED, snapshot
from written import UPDATE_FIGURES

from .cells import Cell, Verdict, list_cells, try_cell
from .drawn import Wrong, walk_histories
from .ledger import NOT_COMPARED
from .page import write_losses
from .rules import find_broken_rules
from .starts import make_starts
from .steps import History
from .tables import by_version
from .versions import TODAY, Past, clone_past

__all__ = ["main"]

PARTS = ("rules", "versions", "random")
PROVED = 40  # one history in so many ends with a server that is started


def main(words: Sequence[str]) -> int:
    """0 when nothing is lost or wrong; 1 with everything that is; 2 when an earlier version could not be looked at."""
    parser = argparse.ArgumentParser(prog="histories", description="Update services of every version, and of random histories.")
    parser.add_argument("parts", nargs="*", default=PARTS, help="rules, versions, random; all when none is named")
    parser.add_argument("--count", type=int, default=200, help="how many random histories")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, count and processes draw the same histories")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many work at once")
    parser.add_argument("--only", default="", help="of the versions' services, those whose line has this word")
    parser.add_argument("--write", action="store_true", help=f"keep what was seen of all parts in {UPDATE_FIGURES.name}")
    options = parser.parse_args(words)
    if options.write and (tuple(options.parts) != PARTS or options.only):
        parser.error("--write keeps what was seen of all parts: name none of them, and no --only")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose of {', '.join(PARTS)}")
    print(f"Python {platform.python_version()}, {options.processes} at once.", flush=True)
    wrong, table, began = 0, "", time.monotonic()
    missing: Sequence[str] = ()
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        become_nobody(Path(folder))
        if {"rules", "versions"} & set(options.parts):
            known = clone_past(Path(folder, "past"))
            missing = known.missing
            for what in missing:
                print(f"NOT LOOKED AT: {what}", flush=True)
        if "rules" in options.parts:
            wrong += all_rules(known, Path(folder, "rules"))
        if "versions" in options.parts:
            faults, table = all_versions(known, Path(folder), options.only, options.processes)
            wrong += faults
        if "random" in options.parts:
            wrong += all_drawn(Path(folder), options.count, options.seed, options.processes)
    if options.write and not wrong and not missing:
        drawn = (options.count, options.seed, options.processes)
        write_losses(table, drawn, PROVED, minutes=round((time.monotonic() - began) / 60))
    return 1 if wrong else 2 if missing else 0


def all_rules(known: Past, folder: Path) -> int:
    """Compare with the last release; the number of rules that are broken."""
    if not known.released:
        print("There is no release yet, so no question and no file has been promised to anybody.", flush=True)
        return 0
    last = known.released[-1]
    found = find_broken_rules(known.template, last, TODAY, known.answers[last], folder)
    print(f"{len(known.answers[last])} sets of answers of {last}: {len(found)} rules broken.", *found, sep="\n  ", flush=True)
    return len(found)


def all_versions(known: Past, folder: Path, only: str, processes: int) -> tuple[int, str]:
    """Update a service of every version with every set of its answers; the number of faults, and a table."""
    chosen = [cell for cell in list_cells(known) if only in str(cell)]
    if not chosen:
        print(f"NOT LOOKED AT: no service of an earlier version has {only!r} in its line")
        sys.exit(2)
    verdicts: dict[Cell, Verdict] = {}
    with ProcessPoolExecutor(processes) as pool:
        works = {pool.submit(one_cell, known, cell, folder / f"cell-{number}"): cell for number, cell in enumerate(chosen)}
        for work in as_completed(works):
            verdict = verdicts[works[work]] = work.result()
            say(len(verdicts), len(chosen), works[work], [*verdict.lost, *verdict.wrong])
    table = by_version(verdicts)
    print(f"\n{table}\n")
    for version, files in known.known.items():
        for path, why in files.items():
            if any(path in verdict.conflicts for cell, verdict in verdicts.items() if cell.version == version):
                print(f"Known of {version}: {path}, because {why}.")
    for path, why in NOT_COMPARED.items():
        print(f"Lines of {path} are not counted: {why}.")
    return sum(len(verdict.lost) + len(verdict.wrong) for verdict in verdicts.values()), table


def one_cell(known: Past, cell: Cell, folder: Path) -> Verdict:
    folder.mkdir()
    return try_cell(known, cell, folder)


def all_drawn(folder: Path, count: int, seed: int, processes: int) -> int:
    """Walk random histories, a part in each process; the number of faults, at most one a process."""
    shares = [count // processes + (number < count % processes) for number in range(processes)]
    began, failed = time.monotonic(), []
    template = snapshot(folder / "today", "v0.1.0", UNUSED)
    with ProcessPoolExecutor(processes) as pool:
        works = []
        for number, share in enumerate(shares):
            (folder / f"starts-{number}").mkdir()
            works.append(pool.submit(one_share, template.path, folder / f"starts-{number}", share, seed * 1000 + number))
        for work in as_completed(works):
            failed += [wrong] if (wrong := work.result()) else []
    for wrong in failed:
        print(f"\n{wrong}")
    print(f"\n{count} random histories from seed {seed} in {time.monotonic() - began:.0f} s: {len(failed)} wrong.")
    return len(failed)


def one_share(template: Path, folder: Path, count: int, seed: int) -> str:
    """Some of the histories; what went wrong, or nothing."""
    done = [0]

    def told(history: History, wrong: Sequence[str]) -> None:
        done[0] += 1
        say(done[0], count, f"{history.start}, {len(history.steps)} steps", wrong[:3])

    try:
        walk_histories(make_starts(template, folder), count=count, number=seed, told=told, proved=PROVED)
    except Wrong as wrong:
        return str(wrong)
    return ""


def say(number: int, count: int, what: object, wrong: Sequence[str]) -> None:
    """One line, and what is wrong below it; more than planned are tries for a shorter history."""
    print("\n".join([f"{number:>4}/{count}  {'✗' if wrong else '✓'} {what}", *(f"       {line}" for line in wrong)]), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
