"""A container registry on loopback: as much of the distribution API as a push needs.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from loopback import Quiet, serving

__all__ = ["Registry", "stand_in_registry"]


@dataclass
class Registry:
    """`blobs` are by digest, `manifests` by `name:tag`; `closed` refuses every push, as without a login."""

    address: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    begun: dict[str, bytes] = field(default_factory=dict)
    closed: bool = False


@contextmanager
def stand_in_registry() -> Iterator[Registry]:
    """An empty registry that takes pushes until the end of the block."""
    registry, numbers = Registry(), count()

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.say(200)

        def do_HEAD(self) -> None:
            digest = self.path.rpartition("/")[2]
            found = registry.blobs.get(digest)
            if found is None:
                self.say(404)
            else:
                self.say(200, **{"Content-Length": str(len(found)), "Docker-Content-Digest": digest})

        def do_POST(self) -> None:
            self.body()
            upload = f"{self.path.rstrip('/')}/{next(numbers)}"
            registry.begun[upload] = b""
            self.say(401 if registry.closed else 202, Location=upload, Range="0-0")

        def do_PATCH(self) -> None:
            registry.begun[self.path] += self.body()
            self.say(202, Location=self.path, Range=f"0-{max(len(registry.begun[self.path]) - 1, 0)}")

        def do_PUT(self) -> None:
            path, _, _ = self.path.partition("?")
            content = registry.begun.pop(path, b"") + self.body()
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            if "/manifests/" in path:
                name, _, tag = path.removeprefix("/v2/").rpartition("/manifests/")
                registry.manifests[f"{name}:{tag}"] = content
            registry.blobs[digest] = content
            self.say(201, **{"Location": f"/v2/{digest}", "Docker-Content-Digest": digest})

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def say(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

    with serving(Handler) as host:
        registry.address = host
        yield registry
