"""`uv run noxfile.py -s adopt -- PATH`: say what an adoption would do; with `--write`, do it."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from adopting.applying import Plan, apply_plan, make_plan
from adopting.checkout import git, read_lines, refuse_changes
from adopting.existing import Existing, read_existing
from adopting.rendering import render_service
from lockstep_serve.errors import DIFFERENT, SAME, Refusal
from lockstep_tool.hermetic import environment

BACK = "git reset --hard"


def main(words: Sequence[str] | None = None) -> int:
    """0 when nothing is in the way, or when it was done; 1 when something is; 2 when it could not be looked at."""
    options = make_parser().parse_args(words)
    try:
        return adopt(options)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code


def make_parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s adopt --", description=__doc__)
    options.add_argument("path", type=Path, help="the service's repository")
    options.add_argument("--write", action="store_true", help="do it; nothing is committed, and one command takes it back")
    options.add_argument("--no-lock", action="store_true", help="leave uv.lock as it is rendered; by default uv moves it")
    options.add_argument("--name", default="", help="what the service is called; default: as pyproject.toml or the folder is")
    options.add_argument("--app", default="", metavar="MODULE:NAME", help="the application, where there is a choice")
    options.add_argument("--data", action="append", default=[], metavar="NAME=VALUE", help="an answer, such as server=uvicorn")
    return options


def adopt(options: argparse.Namespace) -> int:
    found = read_existing(options.path, name=options.name, app=options.app)
    if found.obstacles:
        raise Refusal(f"{found.name} cannot come under Lockstep yet.", found.obstacles, "Then ask again; nothing was written.")
    if options.write:
        refuse_changes(found.path)
    chosen = dict(pair.partition("=")[::2] for pair in options.data)
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as scratch:
        made = make_plan(found, render_service(found, Path(scratch) / "service", chosen))
    print(report(found, made))
    if not options.write:
        print("\nNothing was written. `--write` does it.")
        return SAME
    return write(found, made, lock=not options.no_lock)


def write(found: Existing, made: Plan, *, lock: bool) -> int:
    """Do it, see that no line is lost, stage it, and bring the lock along."""
    before = read_lines(found.path)
    apply_plan(found, made)
    git(found.path, "add", "--all", "--", ".")
    git(found.path, "add", "--force", "--", *made.add, *made.beside.values())
    after = set().union(*read_lines(found.path).values())
    lost = {name: text - after for name, text in before.items() if text - after}
    if lost:
        rows = [(name, f"{len(gone)} lines") for name, gone in lost.items()]
        raise Refusal("Lines would be lost.", rows, f"Take it back: `{BACK}`.")
    print(f"\nEvery line of {len(before)} files is there. In {found.path}, this takes everything back: {BACK}")
    if lock:
        relock(found)
    print("\nProve it there, then commit it: uv run noxfile.py -s lock pins prove")
    return SAME


def relock(found: Existing) -> None:
    """Lock what the team asks for besides; this asks the index, so it needs a network or what uv has kept of it."""
    command = ["uv", "lock", "--no-progress"]
    done = subprocess.run(command, cwd=found.path, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        rows = [("uv lock", line.strip()) for line in done.stderr.splitlines() if line.strip()][-6:]
        fix = f"Loosen what uv names in pyproject.toml, then run `uv lock`; or take it back: `{BACK}`."
        raise Refusal("The files are there, and their lock is not.", rows, fix, code=DIFFERENT)
    git(found.path, "add", "--", "uv.lock")
    print("uv.lock answers the merged pyproject.toml.")


def report(found: Existing, made: Plan) -> str:
    """What would be added, kept beside, moved and merged, and what to know."""
    own = [name for name in made.add if not name.startswith(".lockstep/")]
    tool = len(made.add) - len(own)
    rows = [("application", f"{found.app}, {found.framework}"), ("add", f".lockstep/, {tool} files: the tool")]
    rows += [("add", name) for name in own if name not in made.beside]
    rows += [("replace", f"{old}; yours is kept as {new}") for old, new in made.beside.items() if old in made.add]
    rows += [("retire", f"{old}; it is kept as {new}") for old, new in made.beside.items() if old not in made.add]
    rows += [("move", f"{old}/ to {new}/, so that a wheel can be made of it") for old, new in made.move.items()]
    rows += [("merge", f"{name}: yours below Lockstep's") for name in made.merge]
    rows += [("know", surprise) for surprise in [*made.know, *list_surprises(found, made)]]
    kept = len(found.files) - len(made.beside) - len(made.merge)
    rows += [("keep", f"{kept} files as they are, but for those that move")]
    return "\n".join([f"{found.name} comes under Lockstep:", "", *(f"  {act:<11}  {what}" for act, what in rows)])


def list_surprises(found: Existing, made: Plan) -> list[str]:
    """What is no obstacle and will surprise."""
    surprises = [f"no version is stated, the lock will pin it: {one}" for one in found.requirements.list_loose()]
    surprises += [f"not understood, add it by hand: {one}" for one in found.requirements.odd]
    python = made.add[".python-version"].decode().strip()
    try:
        if found.requirements.python and python not in SpecifierSet(found.requirements.python.replace("^", ">=")):
            surprises.append(f"you ask for Python {found.requirements.python}; {python} will run it")
    except InvalidSpecifier:
        surprises.append(f"you ask for Python {found.requirements.python}; {python} will run it")
    if made.move:
        surprises.append("paths that code computes from its own place change with a move: look for __file__ and BASE_DIR")
    others = [n for n in found.files if n.startswith((".github/workflows/", "compose", "docker-compose", "Procfile"))]
    surprises += [f"stays, and still says its own: {name}" for name in others if name not in made.beside]
    return surprises


if __name__ == "__main__":
    sys.exit(main())
