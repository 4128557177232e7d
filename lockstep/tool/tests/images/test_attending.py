"""A request that is in flight when a server is told to stop is let go when it knows of it, however long that takes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lockstep_tool.images import attending
from lockstep_tool.prove.process import Server
from tiny_service import INHERITED, write_tiny_service

MODELS = ("uvicorn", "gunicorn-sync", "gunicorn-gthread")


@pytest.fixture
def attend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Server], object]], dict[str, Any]]:
    """What came of the request that was in flight when a server of this model was ended so."""
    for name in [name for name in os.environ if name.startswith(INHERITED)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "tiny" / "src"))

    def see(model: str, end: Callable[[Server], object]) -> dict[str, Any]:
        with write_tiny_service(tmp_path / "tiny", model).serving(workers=2, drain_lead=0.5) as server:
            question = {"port": server.port, "health": [], "prefix": f"/.lockstep/{server.token}/", "patience": 10}
            command = [sys.executable, "-B", attending.__file__, json.dumps(question)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
                assert client.stdout is not None
                heard = (json.loads(line) for line in client.stdout)
                next(line for line in heard if "flying" in line)
                end(server)
                return dict(next(heard))

    return see


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seconds", [0, 2])
def test_it_is_answered(attend: Callable[..., dict[str, Any]], model: str, seconds: float) -> None:
    def stop(server: Server) -> None:
        time.sleep(seconds)  # as an engine may take before it stops a container
        server.process.send_signal(signal.SIGTERM)

    assert attend(model, stop) == {"status": 200, "body": "waited"}


@pytest.mark.parametrize("model", MODELS)
def test_it_is_lost_with_its_server(attend: Callable[..., dict[str, Any]], model: str) -> None:
    def kill(server: Server) -> None:
        time.sleep(2)
        os.killpg(server.process.pid, signal.SIGKILL)

    assert attend(model, kill)["status"] == 0
