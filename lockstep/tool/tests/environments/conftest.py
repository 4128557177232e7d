"""A tiny environment for each test that plants a fault, and one for all that only look."""

from pathlib import Path

import pytest

from tiny_environment import TinyEnvironment, make_tiny_environment

REACH_IN = ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "GUNICORN_CMD_ARGS")


@pytest.fixture(scope="session")
def good_environment(tmp_path_factory: pytest.TempPathFactory) -> TinyEnvironment:
    """One in which no check finds anything; nobody changes it."""
    return make_tiny_environment(tmp_path_factory.mktemp("good-environment") / "service")


@pytest.fixture
def tiny(good_environment: TinyEnvironment, tmp_path: Path) -> TinyEnvironment:
    """A copy of the good one, to be changed."""
    return good_environment.copy(tmp_path / "service")


@pytest.fixture(scope="session")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the contents of wheels are remembered, for all tests that do not say otherwise."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch, remembered: Path, tmp_path: Path) -> None:
    """A laptop in UTC, whatever this machine is."""
    for name in REACH_IN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_CACHE_HOME", str(remembered))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("UV_NO_SYSTEM_CONFIG", "1")
