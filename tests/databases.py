"""A real PostgreSQL for one test: Debian's, on loopback, in a folder that goes away."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services import free_port

__all__ = ["serve_database"]

SECONDS = 120


@contextmanager
def serve_database(scratch: Path) -> Iterator[str]:
    """The address of an empty database, until the end of the block. Without PostgreSQL the test is skipped, and says so."""
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        data, port, nobody = f"{folder}/data", free_port(), give_to_nobody(Path(folder))
        make = [f"{programs}/initdb", "--pgdata", data, "--username", "ada", "--auth", "trust", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, user=nobody)
        serve = [f"{programs}/postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"]
        with (scratch / "postgresql.log").open("wb") as log:
            server = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, user=nobody)
        try:
            wait_for(programs, port)
            yield f"postgresql://ada@127.0.0.1:{port}/postgres?connect_timeout=2"
        finally:
            server.terminate()
            server.wait(SECONDS)


def find_programs() -> Path:
    """The directory with the newest server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    beside = shutil.which("initdb")
    if not found and beside is None:
        print("\nNot tried: PostgreSQL is not here (apt-get install postgresql).", file=sys.__stderr__)
        pytest.skip("PostgreSQL is not here")
    return found[-1].parent if found else Path(str(beside)).parent


def give_to_nobody(folder: Path) -> int | None:
    """The id of the user who then has the folder, where this is root: the server refuses to be that."""
    if os.getuid():
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_uid


def wait_for(programs: Path, port: int) -> None:
    """Until it answers."""
    command = [f"{programs}/pg_isready", "--host", "127.0.0.1", "--port", str(port), "--timeout", str(SECONDS)]
    for _ in range(SECONDS * 10):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("PostgreSQL does not answer.")
