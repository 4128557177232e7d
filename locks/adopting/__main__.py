"""`uv run noxfile.py -s adopt -- PATH`: say what an adoption would do; with `--write`, do it."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from adopting.applying import Plan, apply_plan, list_taken, make_plan
from adopting.checkout import (
    COMMIT,
    Checkout,
    copy_files,
    list_changes,
    read_lines,
    refuse_changes,
    stage,
)
from adopting.existing import Choices, Existing, read_existing
from adopting.interrupts import INTERRUPTED, hold_interrupts, ignore_interrupts, take_interrupts
from adopting.judging import compare_answers, run_sessions
from adopting.locking import Locked
from adopting.proposing import Proposal, propose
from adopting.rendering import choose_answers, render_service
from adopting.report import report
from adopting.taking_back import MADE, try_taking_back
from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_tool.updating.checkout import find_hidden

MOVE = "Move it away: it could not be kept."


def main(words: Sequence[str] | None = None) -> int:
    """0 when `--write` would do it or did it; 1 when something is in the way; 2 when it could not be looked at."""
    options = make_parser().parse_args(words)
    if words is None:
        take_interrupts()
    try:
        return adopt(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code
    except Exception as error:  # an input that nobody has thought of: everything was taken back
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = [(f"{Path(frame.filename).name}:{frame.lineno}", f"{type(error).__name__}: {error}")]
        print(Refusal("This service cannot be adopted: what it holds is not understood.", where, "Report it."), file=sys.stderr)
        return COULD_NOT_LOOK
    finally:
        if words is None:
            ignore_interrupts()  # Python's own end would show a traceback


def make_parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s adopt --", description=__doc__)
    options.add_argument("path", type=Path, help="the service's repository, or its folder in a larger one")
    options.add_argument(
        "--write", action="store_true", help="do it; nothing is committed, and what does not end green is taken back"
    )
    options.add_argument("--keep", action="store_true", help="leave what was written also where a session is not green")
    options.add_argument("--without-proofs", action="store_true", help="write it, and run none of its sessions")
    options.add_argument("--no-lock", action="store_true", help="leave uv.lock as it is rendered, and run none of its sessions")
    options.add_argument("--no-build", action="store_true", help="build no wheel of a package that was published without")
    options.add_argument("--name", default="", help="what the service is called; default: as pyproject.toml or the folder is")
    options.add_argument("--app", default="", metavar="MODULE:NAME", help="the application, where there is a choice")
    options.add_argument("--python", default="", metavar="X.Y.Z", help="the Python that runs it; default: as its files say")
    options.add_argument(
        "--index", default="", metavar="ADDRESS", help="the index of all its packages; default: as its files say"
    )
    options.add_argument("--data", action="append", default=[], metavar="NAME=VALUE", help="an answer, such as server=uvicorn")
    return options


def adopt(options: argparse.Namespace) -> int:
    chosen = dict(pair.partition("=")[::2] for pair in options.data)
    python = options.python or chosen.pop("python", "")
    choices = Choices(options.name, options.app, options.index, python, build=not options.no_build)
    found = read_existing(options.path, choices)
    if options.write:
        refuse_changes(found.here)
    elif changed := list_changes(found.here.path):
        found.obstacles.append((f"not committed: {', '.join(changed)}", COMMIT))
    else:
        hidden, fix = find_hidden(found.here.path, ".")
        if hidden:
            found.obstacles.append((f"git was told not to look at: {', '.join(hidden[:5])}", fix))
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as scratch:
        folder = Path(scratch)
        unlocked = options.no_lock and found.framework
        made = propose_unlocked(found, folder, chosen) if unlocked else propose(found, folder, chosen)
        if made is not None:
            made.obstacles += [
                (f"{name} is there and {what}, where a file of that name has to be", MOVE)
                for name, what in list_taken(found.here, made.plan).items()
            ]
        print(report(found, made), flush=True)
        if made is None or found.obstacles or made.obstacles:
            print("\nNothing was written.", file=sys.stderr)
            return DIFFERENT
        if not options.write:
            print("\nNothing was written. `--write` does it.")
            return SAME
        copy_files(found.here, folder / "before")
        return write(found, made, folder / "before", options)


def propose_unlocked(found: Existing, folder: Path, chosen: dict[str, str]) -> Proposal:
    """What is written, with the lock of a new service."""
    return Proposal(make_plan(found, render_service(choose_answers(found, chosen), folder / "service")), Locked(), folder)


def write(found: Existing, made: Proposal, before: Path, options: argparse.Namespace) -> int:
    """Do it, see that no line is lost and that its sessions are green; else take everything back."""
    here, plan = found.here, made.plan
    lines, written = read_lines(here), list[str]()
    folders = [name for name in MADE if not (here.path / name).exists()]
    refuse_changes(here)  # again: minutes have passed
    refuse_taken(here, plan)
    print(f"\nIn {here.path}, this takes everything back: {here.back}", flush=True)
    try:
        with hold_interrupts():
            apply_plan(here.path, plan, written)
        stage(here, plan.names)
        refuse_losses(found, lines)
        print(f"Every line of {len(lines)} files is there.", flush=True)
        if not (options.no_lock or options.without_proofs):
            for one in compare_answers(found, before):
                print(f"  know         {one}", flush=True)
            run_sessions(found)
            stage(here, ["pyproject.toml"])
    except BaseException:  # an interrupt, too
        if not options.keep:
            try_taking_back(here, written, folders)
        raise
    done = (
        "Commit it."
        if not (options.no_lock or options.without_proofs)
        else "Prove it there, then commit it: uv run noxfile.py -s lock pins prove"
    )
    print(f"\n{done}")
    return SAME


def refuse_taken(here: Checkout, plan: Plan) -> None:
    """Raise Refusal where something is that could not be kept."""
    if taken := list_taken(here, plan):
        raise Refusal("Something is where a file has to be.", list(taken.items()), MOVE)


def refuse_losses(found: Existing, before: dict[str, set[bytes]]) -> None:
    """Raise Refusal where a line is nowhere any more."""
    after = set().union(*read_lines(found.here).values())
    lost = {name: text - after for name, text in before.items() if text - after}
    if lost:
        raise Refusal(
            "Lines would be lost.", [(name, f"{len(gone)} lines") for name, gone in lost.items()], "Nothing was changed."
        )


if __name__ == "__main__":
    sys.exit(main())
