"""A process that serves stays as its interpreter began: where it looks for modules, its time zone, how many files it has open."""

import contextlib
import json
import os
import resource
import subprocess
from collections import Counter
from pathlib import Path

from lockstep_tool.environments.asking import LimitedConnection
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove.client import get
from lockstep_tool.prove.expecting import expect, patience, wait_until
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.slow import SlowClients
from lockstep_tool.prove.steps_loop import ask

__all__ = ["can_limit_files", "can_list_files", "keep_surroundings", "leave_no_file_open", "outlive_silent_clients"]

DESCRIBE = "from lockstep_serve.surroundings import describe; print(describe())"
UTC = ["UTC", "UTC"]
ROUNDS, REPEATS = 8, 5  # a file for each request, or for each tenth, grows in every round
FILES, SILENT = 64, 100  # files that the server may have open, and clients that send nothing


def keep_surroundings(server: Server) -> str:
    """A worker has what an interpreter of the same environment begins with. It may be in UTC, as every environment, and in
    the zone that pyproject.toml states.
    """
    command, where = [str(server.production.python), "-c", DESCRIBE], server.directory
    stated = {"TZ": str(zone)} if (zone := server.production.service.settings.get("time-zone")) else {}
    environment = {**server.environment, **stated}
    fresh = subprocess.run(command, env=environment, cwd=where, capture_output=True, text=True, check=False)
    expect(fresh.returncode == 0, f"an interpreter of this environment does not begin: {fresh.stderr.strip()[-300:]}")
    answer = get(server.port, server.path("surroundings", 0), timeout=patience())
    before, after = json.loads(fresh.stdout.splitlines()[-1]), json.loads(answer.body)
    expect_same_path(before["path"], after["path"], before["prefix"])
    expected, its = before["zone"], after["zone"]
    expect(its in (expected, UTC), f"the time zone is {its[0]}, and {expected[0]} before the service is imported")
    return f"{len(after['path'])} directories, {its[0]}"


def expect_same_path(before: list[str], after: list[str], prefix: str) -> None:
    """What comes behind may lie in the environment, whose files are judged: setuptools adds what it brings."""
    expect(after[: len(before)] == before, name_difference(before, after))
    others = [entry for entry in after[len(before) :] if not entry.startswith(f"{prefix}{os.sep}")]
    expect(not others, f"the service adds {', '.join(map(repr, others))} to sys.path")


def name_difference(before: list[str], after: list[str]) -> str:
    added, gone = [entry for entry in after if entry not in before], [entry for entry in before if entry not in after]
    said = [f"adds {', '.join(map(repr, added))} to sys.path"] * bool(added)
    said += [f"takes {', '.join(map(repr, gone))} from sys.path"] * bool(gone)
    return f"the service {' and '.join(said) or 'puts sys.path into another order'}"


def can_list_files() -> bool:
    return Path("/proc/self/fd").is_dir()


def leave_no_file_open(server: Server) -> str:
    """What is open after each of several rounds of requests: a file that is left open is one more each time."""
    paths = [*own_requests(server.production.service), "/health/live"]
    counts: list[Counter[str]] = []
    for _ in range(ROUNDS):
        ask_again(server, paths)
        counts.append(count_files(server))
        if len(counts) > 1 and counts[-1].total() <= counts[-2].total():
            return f"{counts[-1].total()} are open"
    grown = (counts[-1] - counts[0]).most_common(1)
    first, last, asked = counts[0].total(), counts[-1].total(), (ROUNDS - 1) * REPEATS * len(paths)
    expect(False, f"{last - first} more files are open after {asked} requests, such as {grown[0][0]}")
    return ""


def ask_again(server: Server, paths: list[str]) -> None:
    connection = LimitedConnection(server.port, patience())
    try:
        ask(connection, paths * REPEATS)
    finally:
        connection.close()


def count_files(server: Server) -> Counter[str]:
    """What every process of it has open; pipes and sockets by their kind."""
    found: Counter[str] = Counter()
    for pid in server.family():
        with contextlib.suppress(OSError):  # it ended meanwhile
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):  # it was closed meanwhile
                    found[os.readlink(link).partition(":[")[0]] += 1
    return found


def can_limit_files() -> bool:
    return hasattr(resource, "prlimit")


def outlive_silent_clients(server: Server) -> str:
    """More clients that send nothing than it may have files open: it closes them in its time, and serves again."""
    for pid in server.family():
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FILES, FILES))

    def is_served() -> bool:
        expect(server.running(), f"the server ended with exit code {server.code()}")
        try:
            return get(server.port, "/health/live", timeout=patience()).status == 200
        except OSError:
            return False

    with SlowClients(server.port, SILENT, silent=True):
        wait_until(is_served, lambda: f"nobody is served beside {SILENT} silent clients, with room for {FILES} files")
    return f"serves beside {SILENT}, with room for {FILES} files"
