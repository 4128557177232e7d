"""A package index on loopback, with what a test puts there: the JSON form of the simple API, and small wheels.

https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loopback import Quiet, serving
from services import Service
from snapshot import git

__all__ = ["Index", "from_index", "stand_in_index"]

LONG_AGO = "2026-01-01T00:00:00Z"


@dataclass
class Index:
    """`files` are the simple API's own entries by project; `contents` are the bytes behind their names; `asked` are the
    names that somebody asked for.
    """

    address: str = ""
    files: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, name: str, version: str, *needs: str, tag: str = "py3-none-any", uploaded: str = LONG_AGO) -> None:
        """Put a wheel there that holds one module and needs `needs`."""
        file, wheel = f"{name}-{version}-{tag}.whl", io.BytesIO()
        about = "".join(f"Requires-Dist: {need}\n" for need in needs)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{about}"
        with zipfile.ZipFile(wheel, "w") as archive:
            folder = f"{name}-{version}.dist-info"
            archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
            archive.writestr(f"{folder}/METADATA", metadata)
            archive.writestr(f"{folder}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(f"{folder}/RECORD", "")
        self.contents[f"{file}.metadata"] = metadata.encode()
        self.offer(name, file, wheel.getvalue(), uploaded)["core-metadata"] = {
            "sha256": hashlib.sha256(metadata.encode()).hexdigest()
        }

    def publish_source(self, name: str, version: str, *, uploaded: str = LONG_AGO) -> None:
        """Put a source there that nobody can build: its backend is nowhere."""
        file, source = f"{name}-{version}.tar.gz", io.BytesIO()
        project = f'[project]\nname = "{name}"\nversion = "{version}"\n\n'
        project += '[build-system]\nrequires = []\nbuild-backend = "nowhere"\n'
        about = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
        with tarfile.open(fileobj=source, mode="w:gz") as archive:
            for inside, text in {"pyproject.toml": project, "PKG-INFO": about}.items():
                entry = tarfile.TarInfo(f"{name}-{version}/{inside}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        self.offer(name, file, source.getvalue(), uploaded)

    def offer(self, name: str, file: str, content: bytes, uploaded: str) -> dict[str, object]:
        """Put a file there; what the index says of it."""
        self.contents[file] = content
        said: dict[str, object] = {
            "filename": file,
            "url": f"{self.address}/files/{file}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "size": len(content),
            "upload-time": uploaded,
        }
        self.files.setdefault(name, []).append(said)
        return said

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Content type and body of what is there."""
        if path.startswith("/files/"):
            body = self.contents.get(path.removeprefix("/files/"))
            return None if body is None else ("application/octet-stream", body)
        name = path.removeprefix("/simple/").strip("/")
        self.asked.append(name)
        if name not in self.files:
            return None
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": self.files[name]}
        return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()


@contextmanager
def stand_in_index() -> Iterator[Index]:
    """An empty index that answers until the end of the block."""
    index = Index()

    class Handler(Quiet):
        def do_GET(self) -> None:
            found = index.answer(self.path)
            self.send_response(404 if found is None else 200)
            kind, body = found or ("text/plain", b"")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as host:
        index.address = f"http://{host}"
        yield index


def from_index(service: Service, index: Index, folder: Path) -> Service:
    """A copy of a service that is locked from this index, as a company's would be, and needs `tiny` alone."""
    copy = service.copy(folder)
    # What other tests fetched is not asked for again, and what is not there is not asked for thrice.
    settings = {"UV_CACHE_DIR": str(folder.parent / "cache"), "UV_HTTP_RETRIES": "0"}
    mirrored = Service(copy.path, settings)
    uv, project = copy.path / "uv.toml", copy.path / "pyproject.toml"
    uv.write_text(re.sub(r'url = "[^"]+"', f'url = "{index.address}/simple"', uv.read_text()))
    text = re.sub(r"(?s)\ndependencies = \[.*?\n\]", '\ndependencies = ["tiny"]', project.read_text())
    project.write_text(re.sub(r"(?s)\[dependency-groups\].*", "", text))
    (copy.path / "uv.lock").unlink()
    done = mirrored.run("uv", "lock")
    assert done.returncode == 0, done.stdout
    git(copy.path, "commit", "--quiet", "--all", "--message", "Use our index")
    return mirrored
