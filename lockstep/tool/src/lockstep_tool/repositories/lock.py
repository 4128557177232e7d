"""The column `lock`: is there one lock, does it answer what is asked for, and does it pin every file?

`uv.lock` is judged whole, in a copy, without a network. Locks of other tools are judged as far as their text goes, and
what is left open is said.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.lockfile import Lock, read_lock
from lockstep_tool.locks.lock_wheels import locked_wheels
from lockstep_tool.repositories.facts import Facts
from lockstep_tool.repositories.lock_files import Hosts, suspicious
from lockstep_tool.repositories.other_locks import OTHERS, describe_other, has_requirements, judge_requirements
from lockstep_tool.repositories.repository import Repository, open_repository
from lockstep_tool.toml_file import read_toml

__all__ = ["lock"]

SECONDS = 60  # uv answers in a tenth of one


def lock(facts: Facts, settings: Mapping[str, str], hosts: Hosts) -> Iterator[Finding]:
    """What keeps the repository from being locked; `settings` is the environment that uv is given, `hosts` are known to
    serve the files of an index.
    """
    repository = facts.repository
    others = [name for name in OTHERS if name in repository.files]
    if "uv.lock" in repository.files:
        if others:
            rows = tuple((name, "another lock") for name in ("uv.lock", *others))
            yield Finding("lock", "Two tools lock the same packages.", rows, f"Delete {', '.join(others)}.")
        yield from judge_lock(repository, settings, hosts)
    elif workspace := find_workspace(repository.root):
        yield from judge_lock(open_repository(workspace), settings, hosts)
    else:
        yield from (describe_other(repository, name) for name in others)
        if others or (not has_requirements(repository) and (yield from judge_below(repository, settings, hosts))):
            return
        yield from judge_requirements(repository)


def judge_below(repository: Repository, settings: Mapping[str, str], hosts: Hosts) -> Generator[Finding, None, bool]:
    """The locks of services in folders of their own; whether there is one."""
    names = repository.named("uv.lock", *OTHERS)
    for name in names:
        folder, _, last = name.rpartition("/")
        if last != "uv.lock":
            yield describe_other(repository, name)
            continue
        for finding in judge_lock(open_repository(repository.root / folder), settings, hosts):
            yield replace(finding, where=tuple((f"{folder}/{spot}", said) for spot, said in finding.where))
    return bool(names)


def find_workspace(root: Path) -> Path | None:
    """The directory above that locks this one as a member of its workspace; not beyond the repository that it lies in."""
    here = root.resolve()
    while not (here / ".git").exists() and here != here.parent:
        here = here.parent
        try:
            table = read_toml(here / "pyproject.toml").get("tool", {}).get("uv", {}).get("workspace", {})
        except Refusal:
            continue
        below = root.resolve().relative_to(here).as_posix()
        is_member = any(fnmatch(below, str(one)) for one in table.get("members", ()))
        if is_member and not any(fnmatch(below, str(one)) for one in table.get("exclude", ())):
            return here if (here / "uv.lock").is_file() else None
    return None


def judge_lock(repository: Repository, settings: Mapping[str, str], hosts: Hosts) -> Iterator[Finding]:
    """uv.lock: uv itself says whether it is fresh; a file that only uv can read is left open."""
    try:
        read = read_lock(repository.root / "uv.lock")
        found = list(stale(repository, read, settings))
    except Refusal as refusal:
        yield Finding("lock", refusal.wrong, refusal.where, refusal.fix)
        return
    yield from found
    try:
        yield from suspicious(repository, read, hosts)
    except Refusal as refusal:
        if not found:  # uv reads it: it is of a later TOML than Python's
            fix = "Look at it with `uv lock --check` there."
            yield Finding("lock", "From where the files may come was not looked at.", refusal.where, fix, Severity.UNKNOWN)


def stale(repository: Repository, lock: Lock, settings: Mapping[str, str]) -> Iterator[Finding]:
    """uv's own check in a copy of what it reads: a copy has no code that a build could run, and uv writes nothing."""
    if shutil.which("uv") is None:
        what = "Whether uv.lock is fresh was not looked at: there is no uv here."
        yield Finding("lock", what, (), "Install uv.", Severity.UNKNOWN)
        return
    with tempfile.TemporaryDirectory(prefix="lockstep-check-") as directory:
        wheels = [wheel.path for wheel in locked_wheels("uv.lock", lock) if repository.holds(wheel.path)]
        for name in (*repository.named("pyproject.toml", "uv.lock", "uv.toml"), *wheels):
            target = Path(directory, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(repository.readable(name), target)
        code, lines = ask_uv(directory, settings)
    if code == 0:
        return
    rows = tuple(("uv lock --check", line) for line in lines[-2:])
    said = "\n".join(lines)
    if "Failed to parse" in said and "TOML parse error" in said:
        yield Finding("lock", "uv cannot read a file that the lock is made from.", rows, "Mend what uv names.")
    elif "needs to be updated" in said or "No solution found" in said:
        fix = "Run `uv lock`, review what moves, commit it."
        yield Finding("lock", "uv.lock does not answer pyproject.toml.", rows, fix)
    else:
        what = "Whether uv.lock is fresh cannot be known from its text."
        yield Finding("lock", what, rows, "Run `uv lock --check` there.", Severity.UNKNOWN)


def ask_uv(directory: str, settings: Mapping[str, str]) -> tuple[int, list[str]]:
    """uv's exit code and what it said."""
    command = ["uv", "lock", "--check", "--offline", "--no-progress", "--project", directory]
    offline = {**settings, "UV_PYTHON_DOWNLOADS": "never"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=offline, cwd=directory, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return -1, [f"no answer within {SECONDS} s"]
    lines = [line.strip().replace(directory, ".") for line in done.stderr.splitlines()]
    begun = [number for number, line in enumerate(lines) if re.match(r"error:|\W No solution", line)]
    lines = lines[begun[0] : begun[0] + 2] if begun else lines  # around it stand notes, of uv's and of launchers
    return done.returncode, [line for line in lines if line and not line.startswith(("Using ", "Resolved ", "hint:"))]
