"""A directory served over HTTP on the loopback interface, for builds that share the host's network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["served"]


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """The URL of `directory`, without a slash at its end, for as long as the context lasts."""
    command = [sys.executable, "-I", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(directory), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            port = re.search(r"port (\d+)", line)
            if port is None:
                raise RuntimeError(f"`python -m http.server` did not say its port, but {line!r}.")
            yield f"http://127.0.0.1:{port[1]}"
        finally:
            server.terminate()
