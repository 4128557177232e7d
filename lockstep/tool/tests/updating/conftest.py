"""Services of a tiny template, each a git repository of a few files."""

import shutil
from pathlib import Path

import pytest

from tiny_template import TinyTemplate, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> TinyTemplate:
    return make_template(tmp_path_factory.mktemp("tiny") / "template")


@pytest.fixture(scope="session")
def born(template: TinyTemplate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service of v0.1.0 with a file that git ignores."""
    folder = template.copy(tmp_path_factory.mktemp("born") / "orders-api")
    (folder / ".env").write_text("SECRET=1\n")
    return folder


@pytest.fixture
def service(born: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to be changed, and the working directory."""
    shutil.copytree(born, tmp_path / "orders-api", symlinks=True)
    monkeypatch.chdir(tmp_path / "orders-api")
    monkeypatch.setenv("UV_OFFLINE", "1")
    return tmp_path / "orders-api"
