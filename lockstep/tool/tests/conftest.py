"""A small service for each test that plants a fault, and one for all that only look."""

import shutil
from pathlib import Path

import pytest

from small_service import SmallService, write_service


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> SmallService:
    """A service in which no check finds anything; nobody changes it."""
    return write_service(tmp_path_factory.mktemp("good") / "service")


@pytest.fixture
def service(good: SmallService, tmp_path: Path) -> SmallService:
    """A copy of the good one, to be changed."""
    return SmallService(shutil.copytree(good.root, tmp_path / "service"))
