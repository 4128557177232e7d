"""Build an environment from `uv.lock`, exactly, and say in words a person can act on why it cannot be built."""

import subprocess
from functools import cache
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.declared import own_packages
from lockstep_tool.fingerprint import DECLARED_FILES, digest, sha256, source
from lockstep_tool.hermetic import environment
from lockstep_tool.toml_file import read_toml
from lockstep_tool.versions import lower_bound

__all__ = ["production", "sync"]

# What uv says → what is wrong, and what to do. The first that fits is told.
REASONS = (
    ("needs to be updated", "uv.lock does not answer pyproject.toml.", "Run `uv lock`, then commit both files."),
    (
        "Failed to parse `uv.lock`",
        "uv.lock cannot be read.",
        "Run `uv run noxfile.py -s relock`, or restore it from git.",
    ),
    ("Required uv version", "This uv is not one that the service takes.", "Run `uvx uv@{uv} run noxfile.py`."),
    ("No interpreter found", "Python {python} is not on this machine, and it cannot be downloaded.", "{python_remedy}"),
    ("No download found", "Python {python} is not on this machine, and uv knows no build of it.", "{python_remedy}"),
    (
        "Failed to install cpython",
        "Python {python} is not on this machine, and its download failed.",
        "{python_remedy}",
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
PYTHON_REMEDY = (
    "Connect once and run `uv python install`, "
    "or choose one of `uv python list --only-installed` with `copier update --data python=…`."
)


def production(root: Path) -> Path:
    """The interpreter of the production set, built from the lock: no groups, the service as a wheel."""
    return sync(root, "production", "--no-editable")


def sync(root: Path, name: str, *arguments: str) -> Path:
    """Make `.nox/<name>` equal to the lock and return its interpreter; raises Refusal.

    `arguments` choose the set: `--group tests`, `--only-group lint`, `--no-editable` …
    """
    inputs = {file: sha256(root / file) for file in DECLARED_FILES if (root / file).is_file()}
    return made(root, name, arguments, digest(source(own_packages(root))), digest(inputs))


@cache
def made(root: Path, name: str, arguments: tuple[str, ...], own: str, _: str) -> Path:
    """Once in a process for the same inputs: the sessions of one run share what one of them made."""
    directory = root / ".nox" / name
    if not directory.exists():
        print(f"building .nox/{name} from uv.lock …", flush=True)
    command = ["uv", "sync", "--locked", "--no-default-groups", "--no-progress", "--project", str(root), *arguments]
    if "--no-editable" in arguments:
        command += renewed(root, directory, own)
    settings = {**environment(), "UV_PROJECT_ENVIRONMENT": str(directory)}
    settings.pop("VIRTUAL_ENV", None)  # the one nox runs in
    done = subprocess.run(command, capture_output=True, text=True, env=settings, check=False)
    if not done.returncode and "--no-editable" in arguments and (again := renewed(root, directory, own)):
        # Where only the time of pyproject.toml is new, uv takes the wheel that it built last, of whatever source.
        done = subprocess.run([*command, *again], capture_output=True, text=True, env=settings, check=False)
    if done.returncode:
        raise explained(root, name, done.stderr)
    return directory / "bin" / "python"


def renewed(root: Path, directory: Path, own: str) -> list[str]:
    """Have the service built again when its files are not those of the checkout: uv looks at pyproject.toml only."""
    sites = directory.glob("lib/python*/site-packages")
    if digest(source(site / package.name for site in sites for package in own_packages(root))) == own:
        return []
    project = read_toml(root / "pyproject.toml")["project"]
    return ["--reinstall-package", str(project["name"])]


def explained(root: Path, name: str, said: str) -> Refusal:
    """uv's complaint in three parts."""
    python = (root / ".python-version").read_text(encoding="utf-8").strip()
    words = {"python": python, "python_remedy": PYTHON_REMEDY, "uv": lower_bound(root)}
    told = [line.strip() for line in said.splitlines() if line.strip()][-4:]
    for sign, wrong, remedy in REASONS:
        if sign in said:
            return Refusal(
                wrong.format(**words),
                [(".python-version", python), *(("uv sync", line) for line in told)],
                remedy.format(**words),
                code=COULD_NOT_LOOK if "Python" in wrong else 1,
            )
    return Refusal(
        f"The environment .nox/{name} cannot be built.",
        [("uv sync", line) for line in told],
        f"Mend what uv names. If the environment is damaged: `rm -rf .nox/{name}`.",
    )
