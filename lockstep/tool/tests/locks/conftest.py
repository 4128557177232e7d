"""A service that is locked from an index on loopback."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lockstep_tool.hermetic import environment
from loopback import Index, serve_index
from small_service import SmallService


@dataclass(frozen=True)
class Mirrored:
    """A service whose index is on this machine, and that needs one package of it beside its own wheel."""

    service: SmallService
    index: Index


@pytest.fixture
def mirrored(service: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrored]:
    # What other tests fetched is not asked for again, and what is not there is not asked for thrice.
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with serve_index() as index:
        index.publish("smaller", "1.0")
        index.publish("tiny", "1.0", "smaller")
        service.substitute("uv.toml", r'url = "[^"]+"', f'url = "{index.address}/simple"')
        text = re.sub(r'(?m)^    "(fastapi|python-json-logger)[^"]*",\n', "", service.read("pyproject.toml"))
        text = text.replace("dependencies = [\n", 'dependencies = [\n    "tiny",\n')
        service.write("pyproject.toml", re.sub(r"(?s)\[dependency-groups\].*", "", text))
        (service.root / "uv.lock").unlink()
        lock(service)
        service.commit("Use our index")
        yield Mirrored(service, index)


def lock(service: SmallService) -> None:
    subprocess.run(["uv", "lock", "--quiet", "--project", str(service.root)], env=environment(), check=True)
