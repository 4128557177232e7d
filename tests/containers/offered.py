"""The interpreter as uv is offered it: to this machine by file, to image builds over the loopback interface."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .interpreter import Interpreter
from .kept import kept_directory
from .served import served

__all__ = ["OfferedInterpreter", "offered"]


@dataclass(frozen=True)
class OfferedInterpreter:
    """Managed Python `version`, for uv on this machine (`environment`) and in builds on the host's network (`uv_toml`)."""

    version: str
    build: str
    archive: Path
    downloads_json: Path
    downloads_url: str
    uv_toml: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Makes uv install and use this very interpreter on this machine, in a directory of the tests' own."""
        return {
            "UV_PYTHON_DOWNLOADS_JSON_URL": str(self.downloads_json),
            "UV_PYTHON_CPYTHON_BUILD": self.build,
            "UV_PYTHON_INSTALL_DIR": str(kept_directory() / "installed" / self.build),
            "UV_PYTHON_INSTALL_BIN": "0",
            "UV_PYTHON_DOWNLOADS": "automatic",
            "UV_MANAGED_PYTHON": "1",
        }


@contextmanager
def offered(interpreter: Interpreter, directory: Path) -> Iterator[OfferedInterpreter]:
    """Offer it for as long as the context lasts; `directory` is empty and becomes what is served."""
    (directory / "python.tar.gz").symlink_to(interpreter.archive)
    by_file = directory / "downloads-by-file.json"
    by_file.write_text(interpreter.downloads(interpreter.archive.as_uri()))
    with served(directory) as url:
        (directory / "downloads.json").write_text(interpreter.downloads(f"{url}/python.tar.gz"))
        # A build secret rather than an argument: the port changes with every run and would void the engine's cache.
        uv_toml = directory / "uv.toml"
        uv_toml.write_text(f'python-downloads-json-url = "{url}/downloads.json"\n')
        yield OfferedInterpreter(
            interpreter.version, interpreter.build, interpreter.archive, by_file, f"{url}/downloads.json", uv_toml
        )
