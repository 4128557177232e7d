"""A small service for each test that plants a fault, and one for all that only look."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirrored import Mirrored, mirror
from small_service import SmallService, write_service


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> SmallService:
    """A service in which no check finds anything; nobody changes it."""
    return write_service(tmp_path_factory.mktemp("good") / "service")


@pytest.fixture
def service(good: SmallService, tmp_path: Path) -> SmallService:
    """A copy of the good one, to be changed."""
    return SmallService(shutil.copytree(good.root, tmp_path / "service"))


@pytest.fixture
def mirrored(service: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrored]:
    """A service that is locked from an index on loopback."""
    # What other tests fetched is not asked for again, and what is not there is not asked for thrice.
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with mirror(service) as found:
        yield found
