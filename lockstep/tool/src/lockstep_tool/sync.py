"""Build an environment from `uv.lock`, exactly, and say in words a person can act on why it cannot be built.

An environment is made by one session at a time, while none uses it: from here on, this process does.
"""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lockstep_serve.environment import digest, sha256, source
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.fingerprint import DECLARED_FILES
from lockstep_tool.hermetic import environment
from lockstep_tool.service import Service
from lockstep_tool.session_lock import session_lock
from lockstep_tool.versions import lower_bound

__all__ = ["production", "remove_orphans", "sync"]

PYTHON_REMEDY = (
    "Connect once and run `uv python install`, or choose one of `uv python list --only-installed`: "
    "`uv run --locked --python X.Y.Z noxfile.py -s update -- --python X.Y.Z`."
)

# What uv says → what is wrong, and what to do. The first that fits counts.
REASONS = (
    ("needs to be updated", "uv.lock does not answer pyproject.toml.", "Run `uv lock`, then commit both files."),
    (
        "Failed to parse `uv.lock`",
        "uv.lock cannot be read.",
        "Run `uv run noxfile.py -s relock`, or restore it from git.",
    ),
    ("Required uv version", "This uv is not one that the service takes.", "Run `uvx uv@{uv} run noxfile.py`."),
    ("No interpreter found", "Python {python} is not on this machine, and it cannot be downloaded.", PYTHON_REMEDY),
    ("No download found", "Python {python} is not on this machine, and uv knows no build of it.", PYTHON_REMEDY),
    (
        "Failed to install cpython",
        "Python {python} is not on this machine, and its download failed.",
        PYTHON_REMEDY,
    ),
    (
        "Failed to download",
        "A locked file cannot be downloaded.",
        "Connect and run this again; what is cached is not fetched twice.",
    ),
    (
        "Hash mismatch",
        "A file is not the one that was locked.",
        "Do not go on: find out why the index serves another file.",
    ),
)


def production(root: Path) -> Path:
    """The interpreter of the production set, built from the lock: no groups, the service as a wheel."""
    return sync(root, "production", "--no-editable")


def sync(root: Path, name: str, *arguments: str) -> Path:
    """Make `.nox/<name>` equal to the lock and return its interpreter; raises Refusal.

    `arguments` choose the set: `--group tests`, `--only-group lint`, `--no-editable` … No other session changes an
    environment of this service until this process ends.
    """
    inputs = {file: sha256(root / file) for file in DECLARED_FILES if (root / file).is_file()}
    return make(root, name, arguments, digest(Service(root).source), digest(inputs))


@cache
def make(root: Path, name: str, arguments: tuple[str, ...], own: str, _: str) -> Path:
    """Once in a process for the same inputs."""
    lock, python = session_lock(root), root / ".nox" / name / "bin" / "python"
    if not lock.is_free():
        lock.share()
        if is_made(root, name, arguments, own):
            return python
    with lock.alone():
        build(root, name, arguments, own)
    return python


def is_made(root: Path, name: str, arguments: Sequence[str], own: str) -> bool:
    """Whether there is nothing to do."""
    return not run_uv(root, name, ["--check", *arguments]).returncode and not renew(root, name, arguments, own)


def build(root: Path, name: str, arguments: Sequence[str], own: str) -> None:
    """Have uv make it; raises Refusal."""
    if not (root / ".nox" / name).exists():
        print(f"building .nox/{name} from uv.lock …", flush=True)
    done = run_uv(root, name, [*arguments, *renew(root, name, arguments, own)])
    if not done.returncode and (again := renew(root, name, arguments, own)):
        # Where only the time of pyproject.toml is new, uv takes the wheel that it built last, of whatever source.
        done = run_uv(root, name, [*arguments, *again])
    if done.returncode:
        raise explain(root, name, done.stderr)
    remove_orphans(root / ".nox" / name)


def remove_orphans(environment: Path) -> None:
    """Take byte code away whose module is gone: uv leaves it behind of a module that was no directory."""
    for compiled in environment.glob("lib/python*/site-packages/__pycache__/*.pyc"):
        if not (compiled.parents[1] / f"{compiled.name.partition('.')[0]}.py").exists():
            compiled.unlink()


def run_uv(root: Path, name: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """`uv sync` into `.nox/<name>`, with what it says."""
    command = ["uv", "sync", "--locked", "--no-default-groups", "--no-progress", "--project", str(root), *arguments]
    settings = {**environment(), "UV_PROJECT_ENVIRONMENT": str(root / ".nox" / name)}
    settings.pop("VIRTUAL_ENV", None)  # the one nox runs in
    return subprocess.run(command, capture_output=True, text=True, env=settings, check=False)


def renew(root: Path, name: str, arguments: Sequence[str], own: str) -> list[str]:
    """Have the service built again when its files are not those of the checkout: uv looks at pyproject.toml only."""
    if "--no-editable" not in arguments:
        return []
    service = Service(root)
    sites = (root / ".nox" / name).glob("lib/python*/site-packages")
    if any(digest(source(*(site / module.name for module in service.modules))) == own for site in sites):
        return []
    return ["--reinstall-package", str(service.project["project"]["name"])]


def explain(root: Path, name: str, said: str) -> Refusal:
    """uv's complaint in three parts."""
    from lockstep_tool.checks.lock.wheels import compare_wheels  # only who fails needs it

    service = Service(root)
    last = [("uv sync", line.strip()) for line in said.splitlines() if line.strip()][-4:]
    for finding in compare_wheels(service, ["uv.lock"]):  # of which uv says one thing or another
        return Refusal(finding.what, finding.where, finding.fix)
    words = {"python": service.python, "uv": lower_bound(service.uv)}
    for sign, wrong, remedy in REASONS:
        if sign in said:
            return Refusal(
                wrong.format(**words),
                [(".python-version", service.python), *last],
                remedy.format(**words),
                code=COULD_NOT_LOOK if "Python" in wrong else 1,
            )
    return Refusal(
        f"The environment .nox/{name} cannot be built.",
        last,
        f"Mend what uv names. If the environment is damaged: `rm -rf .nox/{name}`.",
    )
