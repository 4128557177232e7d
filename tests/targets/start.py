"""Start the production server of the service in this folder, and print what that took: processor seconds, and bytes of memory.

Both are of all its processes once it is ready; of memory that processes share, each has its part (PSS).
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 240  # seconds


def list_processes(pid: str) -> Iterator[str]:
    """A process and all that it has started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from list_processes(child)


def wait_until_ready(port: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=PATIENCE):
                return
        except OSError:
            time.sleep(0.02)
    sys.exit("it did not become ready")


def read_seconds(pid: str) -> float:
    """User and system time of a process and its children that have ended; see proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def read_bytes(pid: str) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) * 1024


def main(port: str) -> None:
    settings = {**os.environ, "PORT": port, "WEB_CONCURRENCY": "1"}
    with subprocess.Popen(
        [".nox/production/bin/python", "-m", "lockstep_serve", "serve"], env=settings, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_until_ready(port)
            pids = list(list_processes(str(server.pid)))
            print(json.dumps([sum(map(read_seconds, pids)), sum(map(read_bytes, pids))]))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(sys.argv[1])
