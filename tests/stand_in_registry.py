"""A container registry on loopback that wants a token, with what a test puts there, and repositories of actions beside it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loopback import Quiet, serving
from snapshot import git

__all__ = ["INDEX", "Registry", "action", "stand_in_registry"]

INDEX = "application/vnd.oci.image.index.v1+json"
TOKEN = "a-token-for-one-repository"


@dataclass
class Registry:
    """`manifests` are by `path:tag`; `asked` are the paths that were asked for with a token."""

    host: str = ""
    manifests: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def push(self, name: str, content: str) -> str:
        """Put an index over two platforms behind `path:tag`; return its digest."""
        platforms = [{"digest": f"sha256:{content}", "platform": {"architecture": one}} for one in ("amd64", "arm64")]
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": platforms}).encode()
        self.manifests[name] = body
        return f"sha256:{hashlib.sha256(body).hexdigest()}"


@contextmanager
def stand_in_registry() -> Iterator[Registry]:
    """An empty registry that answers until the end of the block."""
    registry = Registry()

    class Handler(Quiet):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/token":
                scope = "service=stand-in&scope=repository%3A"
                self.say(200 if scope in query else 400, json.dumps({"token": TOKEN}).encode())
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                name = path.removeprefix("/v2/").partition("/manifests/")[0]
                challenge = f'Bearer realm="http://{registry.host}/token",service="stand-in",scope="repository:{name}:pull"'
                self.say(401, b"", {"WWW-Authenticate": challenge})
            else:
                registry.asked.append(path)
                body = registry.manifests.get(path.removeprefix("/v2/").replace("/manifests/", ":"))
                wanted = body is not None and INDEX in self.headers.get("Accept", "")
                self.say(200 if wanted else 404, body or b"", {"Content-Type": INDEX})

        def say(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(code)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as host:
        registry.host = host
        yield registry


def action(folder: Path, name: str, *tags: str) -> dict[str, str]:
    """A repository `name` below `folder` with a commit for each tag; returns tag → commit."""
    path = folder / name
    path.mkdir(parents=True)
    git(path, "init", "--quiet")
    commits = {}
    for tag in tags:
        git(path, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(path, "tag", "--annotate", "--message", tag, tag)
        commits[tag] = git(path, "rev-parse", "HEAD").strip()
    return commits
