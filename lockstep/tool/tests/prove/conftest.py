"""A tiny service of the model that a test names, which every process that the test starts can import."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lockstep_tool.prove import expecting
from tiny_service import INHERITED, TinyService, write_tiny_service

HURRY_SECONDS = 3.0  # for who waits for what never comes; a busy machine makes it come late, and late is never, too


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], TinyService]:
    """Write the service of a model."""
    for name in [name for name in os.environ if name.startswith(INHERITED)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "tiny" / "src"))
    monkeypatch.setattr(expecting, "interrupted", threading.Event())  # after a failure, nothing starts in that process
    return lambda model: write_tiny_service(tmp_path / "tiny", model)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have patience end soon: from then on, what a planted fault keeps from coming is not waited for."""

    def end_patience_soon() -> None:
        monkeypatch.setattr(expecting, "PATIENCE_SECONDS", HURRY_SECONDS)
        monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))

    return end_patience_soon
