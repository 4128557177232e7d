"""What is served is there while it is needed, and no server outlives the tests."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .served import served

KILLED = """
import os, signal, sys
from pathlib import Path
from places.served import served
with served(Path(sys.argv[1])) as url:
    print(url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_directory_is_served_for_as_long_as_the_context_lasts(tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("hello")
    with served(tmp_path) as url, urllib.request.urlopen(f"{url}/greeting") as answer:
        assert answer.read() == b"hello"

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/greeting")


def test_a_server_ends_with_tests_that_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    # The server holds this run's error stream open for as long as it lives, so the end of the output is its end.
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=20, check=False)

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(ran.stdout.strip(), timeout=5)
