"""Is there one lock, does it answer what is asked for, and does it pin every file?

`uv.lock` is judged whole, in a copy, without a network. Locks of other tools are judged as far as their text goes, and
what is left open is said.
"""

import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.lockfile import read_lock
from lockstep_tool.repositories.check_lock_files import suspicious
from lockstep_tool.repositories.check_look import BROKEN, UNSEEN, WARNING, Look
from lockstep_tool.repositories.repository import Repository

__all__ = ["look"]

OTHERS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
REQUIREMENTS = ("requirements.txt", "requirements/*.txt", "requirements-*.txt")
MOVE = "Move to uv.lock: `uvx migrate-to-uv`, then `uv lock`."
SECONDS = 60  # uv answers in a tenth of one


def look(repository: Repository, settings: Mapping[str, str]) -> Iterator[Look]:
    """What keeps the repository from being locked; `settings` is the environment that uv is given."""
    others = [name for name in OTHERS if name in repository.files]
    if "uv.lock" not in repository.files:
        yield from (Look("lock", UNSEEN, *other(repository, name)) for name in others)
        if not others:
            yield from requirements(repository)
        return
    if others:
        said = tuple((name, "another lock") for name in ("uv.lock", *others))
        yield Look("lock", BROKEN, "Two tools lock the same packages.", said, f"Delete {', '.join(others)}.")
    try:
        lock = read_lock(repository.root / "uv.lock")
        yield from fresh(repository, settings)
        yield from suspicious(repository, lock)
    except Refusal as refusal:
        yield Look("lock", BROKEN, refusal.wrong, refusal.where, refusal.fix)


def fresh(repository: Repository, settings: Mapping[str, str]) -> Iterator[Look]:
    """uv's own check in a copy of what it reads: a copy has no code that a build could run, and uv writes nothing."""
    if shutil.which("uv") is None:
        yield Look("lock", UNSEEN, "Whether uv.lock is fresh was not looked at: there is no uv here.", (), "Install uv.")
        return
    with tempfile.TemporaryDirectory(prefix="lockstep-check-") as folder:
        for name in repository.named("pyproject.toml", "uv.lock", "uv.toml"):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(repository.text(name), encoding="utf-8")
        code, told = asked(folder, settings)
    if code == 0:
        return
    said = tuple(("uv lock --check", line) for line in told[-2:])
    if code == 1 and not any("Failed to build" in line or "interpreter" in line for line in told):
        fix = "Run `uv lock`, review what moves, commit it."
        yield Look("lock", BROKEN, "uv.lock does not answer pyproject.toml.", said, fix)
    else:
        fix = "Run `uv lock --check` there."
        yield Look("lock", UNSEEN, "Whether uv.lock is fresh cannot be told from its text.", said, fix)


def asked(folder: str, settings: Mapping[str, str]) -> tuple[int, list[str]]:
    """uv's exit code and what it said."""
    command = ["uv", "lock", "--check", "--offline", "--no-progress", "--project", folder]
    offline = {**settings, "UV_PYTHON_DOWNLOADS": "never"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=offline, cwd=folder, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return -1, [f"no answer within {SECONDS} s"]
    told = [line.strip().replace(folder, ".") for line in done.stderr.splitlines()]
    return done.returncode, [line for line in told if line and not line.startswith(("Using ", "Resolved ", "hint:"))]


def other(repository: Repository, name: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """What the text of another tool's lock says: how many packages, and how many hashes."""
    text = repository.text(name)
    if name != "Pipfile.lock":
        try:
            count = f"{len(tomllib.loads(text).get('package', tomllib.loads(text).get('packages', [])))} packages"
        except tomllib.TOMLDecodeError as error:
            return f"{name} cannot be read.", ((name, str(error)),), "Mend it, or restore it from git."
    else:
        count = "packages"
    hashes = len(re.findall(r"\bsha256[:\"' =]+[0-9a-f]{64}", text))
    said = f"{count}, {hashes} hashes; whether it answers pyproject.toml only its own tool can say"
    return f"Not looked at: {name}.", ((name, said),), MOVE


def requirements(repository: Repository) -> Iterator[Look]:
    """A list of requirements is a lock when each names one version and its hashes."""
    files = repository.named(*REQUIREMENTS)
    if not files:
        yield Look("lock", BROKEN, "There is no lock.", (("uv.lock", "missing"),), "Run `uv lock`, and commit uv.lock.")
    loose, bare = [], []
    for name in files:
        for number, line in repository.lines(name):
            wanted = line.split("#")[0].split(" ;")[0].strip()
            if not wanted or wanted.startswith("-"):
                continue
            if not re.match(r"[\w.\[\],-]+\s*===?\s*[\w.!+]+(?:\s|;|$)", wanted):
                loose.append((f"{name}:{number}", wanted))
            elif "--hash=" not in wanted:
                bare.append((f"{name}:{number}", wanted))
    fix = "Put the requirements into pyproject.toml (`uv init --bare`, `uv add -r requirements.txt`), and commit uv.lock."
    if loose:
        yield Look("lock", BROKEN, f"{len(loose)} requirements name no version.", tuple(loose[:3]), fix)
    if bare:
        yield Look("lock", BROKEN, f"{len(bare)} requirements have no hash.", tuple(bare[:3]), fix)
    if files and not loose and not bare:
        said = "Whether the requirements are complete cannot be told from their text."
        yield Look("lock", WARNING, said, tuple((name, "pinned by hash") for name in files), fix)
