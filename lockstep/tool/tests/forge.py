"""A stand-in of GitHub and of GitLab, on loopback: their interface for change requests, and a repository."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

__all__ = ["HOSTS", "Forge", "be_on", "serve_forge"]

HOSTS = {
    "github": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/orders-api",
        "GITHUB_SERVER_URL": "{server}",
        "GITHUB_API_URL": "{address}",
        "GITHUB_REF_NAME": "main",
    },
    "gitlab": {
        "GITLAB_CI": "true",
        "CI_PROJECT_URL": "{server}/acme/orders-api",
        "CI_PROJECT_ID": "7",
        "CI_API_V4_URL": "{address}",
        "CI_COMMIT_BRANCH": "main",
    },
}


@dataclass
class Forge:
    """A stand-in of a host's interface, on loopback: what it was asked, and the requests that are open."""

    repository: Path
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    open: list[dict[str, object]] = field(default_factory=list)
    status: int = 200
    address: str = ""


@contextmanager
def serve_forge(directory: Path) -> Iterator[Forge]:
    """With an empty repository below `directory`, until the end of the block."""
    repository = directory / "acme" / "orders-api.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    found = Forge(repository)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            secret = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            found.asked.append((self.command, self.path, given, secret))
            address = {"html_url": "https://forge.example/1", "web_url": "https://forge.example/1"}
            body = json.dumps(found.open if self.command == "GET" else address).encode()
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def be_on(host: str, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that the host sets."""
    for name, value in HOSTS[host].items():
        monkeypatch.setenv(name, value.format(server=f"file://{forge.repository.parents[1]}", address=forge.address))
