"""A service that is locked from an index on loopback."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lockstep_tool.hermetic import environment
from loopback import Index, serve_index
from small_service import SmallService

__all__ = ["Mirrored", "mirror"]


@dataclass(frozen=True)
class Mirrored:
    """A service whose index is on this machine, and that needs one package of it beside its own wheel."""

    service: SmallService
    index: Index


@contextmanager
def mirror(service: SmallService) -> Iterator[Mirrored]:
    """Lock a service from an index that answers until the end of the block."""
    with serve_index() as index:
        index.publish("smaller", "1.0")
        index.publish("tiny", "1.0", "smaller")
        service.substitute("uv.toml", r'url = "[^"]+"', f'url = "{index.address}/simple"')
        text = re.sub(r'(?m)^    "(fastapi|python-json-logger)[^"]*",\n', "", service.read("pyproject.toml"))
        text = text.replace("secrets = []\n", f'secrets = []\nindexes = ["{index.address}/simple"]\n')
        text = text.replace("dependencies = [\n", 'dependencies = [\n    "tiny",\n')
        service.write("pyproject.toml", re.sub(r"(?s)\[dependency-groups\].*", "", text))
        (service.root / "uv.lock").unlink()
        subprocess.run(["uv", "lock", "--quiet", "--project", str(service.root)], env=environment(), check=True)
        service.commit("Use our index")
        yield Mirrored(service, index)
