"""What is served is there while it is needed, and no server outlives the tests."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from .served import served

KILLED = """
import os, signal, sys
from pathlib import Path
from containers.served import served
with served(Path(sys.argv[1])) as url:
    print(url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_directory_is_served_for_as_long_as_the_context_lasts(tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("hello")
    with served(tmp_path) as url, urllib.request.urlopen(f"{url}/greeting") as answer:
        assert answer.read() == b"hello"

    assert not answers(url)


def test_a_server_ends_with_tests_that_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    url = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    deadline = time.monotonic() + 10
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not answers(url)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except OSError:  # refused, or cut while it ends
        return False
    return True
