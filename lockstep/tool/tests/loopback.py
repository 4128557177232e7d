"""Small servers on loopback: a package index, a container registry, and repositories of actions beside it.

https://packaging.python.org/en/latest/specifications/simple-repository-api/
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from small_service import LONG_AGO, git

__all__ = ["Index", "Registry", "make_action", "serve_index", "serve_registry"]

IMAGE_INDEX = "application/vnd.oci.image.index.v1+json"
TOKEN = "a-token-for-one-repository"


class Quiet(BaseHTTPRequestHandler):
    """Answers, and keeps silent about it."""

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve(handler: type[Quiet]) -> Iterator[str]:
    """`host:port`, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Index:
    """`files` are the simple API's own entries by project; `contents` are the bytes behind their names."""

    address: str = ""
    files: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def publish(self, name: str, version: str, *needs: str, tag: str = "py3-none-any") -> None:
        """Put a wheel there that holds one module and needs `needs`."""
        file, wheel = f"{name}-{version}-{tag}.whl", io.BytesIO()
        about = "".join(f"Requires-Dist: {need}\n" for need in needs)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{about}"
        with zipfile.ZipFile(wheel, "w") as archive:
            directory = f"{name}-{version}.dist-info"
            archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
            archive.writestr(f"{directory}/METADATA", metadata)
            archive.writestr(f"{directory}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(f"{directory}/RECORD", "")
        self.contents[file] = wheel.getvalue()
        self.contents[f"{file}.metadata"] = metadata.encode()
        self.files.setdefault(name, []).append(
            {
                "filename": file,
                "url": f"{self.address}/files/{file}",
                "hashes": {"sha256": hashlib.sha256(wheel.getvalue()).hexdigest()},
                "size": len(wheel.getvalue()),
                "upload-time": LONG_AGO,
                "core-metadata": {"sha256": hashlib.sha256(metadata.encode()).hexdigest()},
            }
        )


@contextmanager
def serve_index() -> Iterator[Index]:
    """An empty index that answers until the end of the block."""
    index = Index()

    class Handler(Quiet):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/simple/").strip("/")
            if self.path.startswith("/files/"):
                body = index.contents.get(self.path.removeprefix("/files/"))
                self.answer(404 if body is None else 200, body or b"", Content_Type="application/octet-stream")
            elif name in index.files:
                page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": index.files[name]}
                self.answer(200, json.dumps(page).encode(), Content_Type="application/vnd.pypi.simple.v1+json")
            else:
                self.answer(404, b"")

    with serve(Handler) as host:
        index.address = f"http://{host}"
        yield index


@dataclass
class Registry:
    """A container registry that wants a token; `manifests` are by `path:tag`."""

    host: str = ""
    manifests: dict[str, bytes] = field(default_factory=dict)

    def push(self, name: str, content: str) -> str:
        """Put an index over two platforms behind `path:tag`; return its digest."""
        platforms = [{"digest": f"sha256:{content}", "platform": {"architecture": one}} for one in ("amd64", "arm64")]
        body = json.dumps({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": platforms}).encode()
        self.manifests[name] = body
        return f"sha256:{hashlib.sha256(body).hexdigest()}"


@contextmanager
def serve_registry() -> Iterator[Registry]:
    """An empty registry that answers until the end of the block."""
    registry = Registry()

    class Handler(Quiet):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/token":
                scoped = "service=stand-in&scope=repository%3A" in query
                self.answer(200 if scoped else 400, json.dumps({"token": TOKEN}).encode())
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                name = path.removeprefix("/v2/").partition("/manifests/")[0]
                scope = f'service="stand-in",scope="repository:{name}:pull"'
                self.answer(401, b"", WWW_Authenticate=f'Bearer realm="http://{registry.host}/token",{scope}')
            else:
                body = registry.manifests.get(path.removeprefix("/v2/").replace("/manifests/", ":"))
                wanted = body is not None and IMAGE_INDEX in self.headers.get("Accept", "")
                self.answer(200 if wanted else 404, body or b"", Content_Type=IMAGE_INDEX)

    with serve(Handler) as host:
        registry.host = host
        yield registry


def make_action(directory: Path, name: str, *tags: str) -> dict[str, str]:
    """A repository `name` below `directory` with a commit for each tag; returns tag → commit."""
    path = directory / name
    path.mkdir(parents=True)
    git(path, "init", "--quiet")
    commits = {}
    for tag in tags:
        git(path, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(path, "tag", "--annotate", "--message", tag, tag)
        commits[tag] = git(path, "rev-parse", "HEAD").strip()
    return commits
