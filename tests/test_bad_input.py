"""What a user meets whose tool is damaged, cannot be installed or is called by another nox: a reason, and nothing is lost."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from services import Service
from snapshot import git

TOOL = ".lockstep"
RESTORED = "Run `git checkout -- .lockstep"
SETTINGS = {"LOCKSTEP_ENGINE": "none", "CI": "", "GITHUB_ACTIONS": ""}


@pytest.fixture
def fresh(fastapi: Service, tmp_path: Path) -> Service:
    """A service in which nothing was run yet."""
    return Service(fastapi.copy(tmp_path / "service").path, SETTINGS)


@pytest.fixture(scope="module")
def used(fastapi: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service whose tool is installed; tests that change it bring it back."""
    service = Service(fastapi.copy(tmp_path_factory.mktemp("used") / "service").path, SETTINGS)
    done = service.nox("lock")
    assert done.returncode == 0, done.stdout
    return service


def wheel(service: Service, name: str) -> Path:
    [found] = (service.path / TOOL).glob(f"lockstep_{name}-*.whl")
    return found


def remove(name: str) -> Callable[[Service], object]:
    return lambda service: wheel(service, name).unlink()


def truncate(service: Service) -> None:
    path = wheel(service, "tool")
    path.write_bytes(path.read_bytes()[:1000])


def change(service: Service) -> None:
    path = wheel(service, "serve")
    path.write_bytes(path.read_bytes() + b"\n")


def rename(service: Service) -> None:
    path = wheel(service, "tool")
    path.rename(path.with_name("lockstep_tool-0.9.0-py3-none-any.whl"))


def poison_wheel(service: Service) -> None:
    """The lock says another hash of a wheel than the one that is there."""
    digest = hashlib.sha256(wheel(service, "tool").read_bytes()).hexdigest()
    service.edit(f"{TOOL}/uv.lock", digest, "0" * 64)


def stale(service: Service) -> None:
    service.edit(f"{TOOL}/pyproject.toml", '"lockstep-tool"]', '"lockstep-tool", "six"]')


def spoil(service: Service) -> None:
    (service.path / TOOL / "uv.lock").write_text("<<<<<<< ours\n")


def poison_host(service: Service) -> None:
    service.substitute(f"{TOOL}/uv.lock", r'(?s)(name = "rich".*?url = "https://)[^/]+', r"\g<1>files.example.org")


DAMAGED: dict[str, tuple[Callable[[Service], object], str, str]] = {
    "a missing wheel": (remove("tool"), "A wheel of the tool is not the one that is locked.", "missing   <- differs"),
    "a missing wheel of production": (remove("serve"), "A wheel of the tool is not the one that is locked.", "lockstep_serve-"),
    "a truncated wheel": (truncate, "A wheel of the tool is not the one that is locked.", "sha256:"),
    "a changed wheel": (change, "A wheel of the tool is not the one that is locked.", "lockstep_serve-"),
    "a wheel of another version": (rename, "A wheel of the tool is not the one that is locked.", "missing   <- differs"),
    "a hash that is not the wheel's": (poison_wheel, "A wheel of the tool is not the one that is locked.", "sha256:000"),
    "a lock that is stale": (stale, "The tool's environment cannot be made from .lockstep/uv.lock.", "needs to be updated"),
    "a lock that is missing": (
        lambda service: (service.path / TOOL / "uv.lock").unlink(),
        "Files of the tool are missing.",
        ".lockstep/uv.lock   missing",
    ),
    "a file from another host": (poison_host, "The tool's lock has what comes from elsewhere.", "files.example.org"),
    "a lock that is no lock": (spoil, "The tool's lock cannot be read.", ".lockstep/uv.lock"),
    "a lock of something else": (
        lambda service: (service.path / TOOL / "uv.lock").write_text("package = 3\n"),
        "The tool's lock cannot be read.",
        "is no lock of uv's",
    ),
    "no settings of ruff": (
        lambda service: (service.path / TOOL / "ruff.toml").unlink(),
        "Files of the tool are missing.",
        ".lockstep/ruff.toml   missing",
    ),
    "no .lockstep": (
        lambda service: shutil.rmtree(service.path / TOOL),
        "Files of the tool are missing.",
        ".lockstep/pyproject.toml   missing",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_tool_is_named_before_it_is_installed(damage: str, fresh: Service) -> None:
    plant, wrong, where = DAMAGED[damage]
    plant(fresh)

    refused(fresh, ["uv", "run", "--quiet", "noxfile.py", "-s", "lock"], wrong, where, RESTORED)
    assert not list(fresh.path.glob(".nox/*/bin/lockstep"))


BROKEN: dict[str, tuple[str, str, str]] = {
    "settings of uv that cannot be read": ("uv.toml", "x = [\n", "The settings of uv cannot be read."),
    "settings of uv that hold something else": ("uv.toml", "index = 3\n", "The settings of uv cannot be read."),
    "a project that cannot be read": ("pyproject.toml", "x = [\n", ""),
    "a project that is no text": ("pyproject.toml", "\udcff\n", ""),
    "hosts that are none": ("pyproject.toml", "[tool.lockstep]\nfile-hosts = 3\n", ""),
    "no project": ("pyproject.toml", "", ""),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_file_that_cannot_be_read_is_named(damage: str, used: Service) -> None:
    name, text, wrong = BROKEN[damage]
    command = [nox_of(used), "noxfile.py", "-s", "lock"]
    if text:
        (used.path / name).write_bytes(text.encode(errors="surrogateescape"))
    else:
        (used.path / name).unlink()
    try:
        refused(used, command, wrong, name, "")
    finally:
        git(used.path, "checkout", "--quiet", "--", ".")


def test_two_sessions_at_once_make_the_tools_environment_once(fresh: Service) -> None:
    """The second waits, and takes nothing away of what the first has made so far."""
    begun = fresh.path / ".nox" / "lockstep" / "begun"
    begun.parent.mkdir(parents=True)
    begun.touch()
    with (fresh.path / ".nox" / "making.lock").open("w") as making, ThreadPoolExecutor() as pool:
        fcntl.flock(making, fcntl.LOCK_EX)
        second = pool.submit(fresh.nox, "lock")
        while not waits_for(making) and not second.done():
            time.sleep(0.05)
        kept = begun.exists()
        fcntl.flock(making, fcntl.LOCK_UN)

    assert kept
    assert second.result().returncode == 0, second.result().stdout
    assert "waiting for another session" in second.result().stdout


def waits_for(held: IO[str]) -> bool:
    """Whether a process waits for this file's lock: Linux says so behind an arrow."""
    file = f":{os.fstat(held.fileno()).st_ino} "
    return any(" -> FLOCK" in line and file in line for line in Path("/proc/locks").read_text().splitlines())


def poison_hash(service: Service) -> None:
    """Another file for a version that is locked: uv looks at the hash when it installs, and it is installed already."""
    service.substitute(f"{TOOL}/uv.lock", r'(?s)(name = "rich".*?hash = "sha256:)[0-9a-f]{64}', r"\g<1>" + "0" * 64)


def keep_the_source(service: Service) -> None:
    (service.path / "src" / "lockstep").mkdir()
    (service.path / "src" / "lockstep" / "__main__.py").touch()


FOUND: dict[str, tuple[Callable[[Service], object], str, str, str]] = {
    "another hash in the tool's lock": (poison_hash, "lock", ".lockstep/uv.lock", "git checkout"),
    "the source of an earlier layout": (keep_the_source, "pins", "src/lockstep", "git rm -r src/lockstep"),
}


@pytest.mark.parametrize("fault", FOUND)
def test_what_only_the_tool_can_see_is_found_by_its_session(fault: str, used: Service) -> None:
    plant, session, where, fix = FOUND[fault]
    plant(used)
    try:
        refused(used, ["uv", "run", "--quiet", "noxfile.py", "-s", session], "", where, fix)
    finally:
        git(used.path, "checkout", "--quiet", "--", ".")
        git(used.path, "clean", "--quiet", "-fd")


@pytest.mark.usefixtures("offline")
def test_without_a_network_and_a_cache_the_first_session_says_what_is_missing(fresh: Service, tmp_path: Path) -> None:
    command = ["unshare", "--net", nox_of(fresh), "noxfile.py", "-s", "lock"]
    cache = {"UV_CACHE_DIR": str(tmp_path / "cache")}

    refused(
        fresh,
        command,
        "The tool's environment cannot be made from .lockstep/uv.lock.",
        "uv sync",
        "Connect and run this again",
        **cache,
    )
    # Where nox itself is missing, too, uv has the word.
    done = fresh.run("unshare", "--net", "uv", "run", "noxfile.py", "-s", "lock", **cache)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert git(fresh.path, "status", "--porcelain") == ""


def test_a_nox_that_is_too_old_is_told_which_one_to_take(fresh: Service, tmp_path: Path) -> None:
    """One from before it knew scripts; later ones fetch the nox that the menu asks for."""
    about = tmp_path / "old" / "nox-2024.10.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nox\nVersion: 2024.10.9\n")

    refused(
        fresh,
        [nox_of(fresh), "-m", "nox", "--script-mode", "none", "-s", "lock"],
        "This nox is too old.",
        "running      2024.10.9",
        "Run `uv run noxfile.py`, which takes the locked one.",
        PYTHONPATH=str(about.parent),
    )


def test_a_machine_without_uv_is_told_how_to_get_it(fresh: Service) -> None:
    command = [nox_of(fresh), "noxfile.py", "-s", "lock"]

    refused(fresh, command, "uv is not on the search path.", "PATH   has no uv", "Install it", PATH="/nowhere")


def test_a_lock_of_the_menu_that_a_variable_had_written_anew_is_refused(fresh: Service) -> None:
    nox = nox_of(fresh)
    fresh.edit("noxfile.py.lock", "[options]\n", '[options]\nresolution-mode = "lowest"\n')

    command = [nox, "noxfile.py", "-s", "lock"]
    refused(fresh, command, "The lock of this menu was not made for it.", "noxfile.py.lock", "Run `git checkout noxfile.py.lock`")


@pytest.mark.parametrize("variable", ["UV_EXCLUDE_NEWER=2026-01-01", "UV_RESOLUTION=lowest", "UV_FORK_STRATEGY=fewest"])
def test_the_documented_command_lets_no_variable_write_the_lock_of_the_menu(variable: str, fresh: Service) -> None:
    name, _, value = variable.partition("=")
    done = fresh.run("uv", "run", "--quiet", "--locked", "noxfile.py", "-l", **{name: value})

    assert done.returncode != 0
    assert git(fresh.path, "status", "--porcelain") == ""


def nox_of(service: Service) -> str:
    """The interpreter of the menu's own environment, which has the locked nox."""
    assert service.run("uv", "run", "--quiet", "noxfile.py", "-l").returncode == 0
    command = ["uv", "python", "find", "--script", "noxfile.py"]
    return subprocess.run(command, cwd=service.path, capture_output=True, text=True, check=True).stdout.strip()


def refused(service: Service, command: list[str], wrong: str, where: str, fix: str, **settings: str) -> None:
    """It ends with an error in three parts, without a traceback, and changes no file."""
    before = git(service.path, "status", "--porcelain", "--untracked-files=all")
    done = service.run(*command, **settings)
    text = re.sub(r"(?m)^nox > ", "", done.stdout)
    parts = text.split("\n\n")

    assert done.returncode != 0, done.stdout
    assert "Traceback" not in text
    assert wrong in text
    [place] = [number for number, part in enumerate(parts) if where in part and part.startswith("  ")][:1] or [0]
    assert place, done.stdout
    assert parts[place - 1].splitlines()[-1].endswith("."), done.stdout
    assert fix in parts[place + 1], done.stdout
    assert git(service.path, "status", "--porcelain", "--untracked-files=all") == before
