"""CI proposes updates: one job tries and writes nothing, another opens the request and runs nothing of the update."""

import base64
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import committed
from history import replace, two_versions
from services import Service
from snapshot import Template, git

BRANCH = "lockstep/update"


@dataclass
class Forge:
    """A stand-in of a host's interface, on loopback: what it was asked, and the requests that are open."""

    repository: Path
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    open: list[dict[str, object]] = field(default_factory=list)
    status: int = 200
    address: str = ""


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """With an empty repository of the service's, reached as a file."""
    repository = tmp_path / "forge" / "acme" / "orders-api.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    found = Forge(repository)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            secret = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            found.asked.append((self.command, self.path, told, secret))
            address = {"html_url": "https://forge.example/1", "web_url": "https://forge.example/1"}
            said = json.dumps(found.open if self.command == "GET" else address).encode()
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

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


@pytest.fixture(scope="module")
def tried(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service of an older version in CI, after its first job: what is to be proposed is saved."""
    folder = tmp_path_factory.mktemp("proposals")
    history = two_versions(template, folder / "template")
    assert history.copy(folder / "orders-api", {"project_name": "orders-api"}, tag="v0.1.0").returncode == 0
    chosen = 'import nox\n\nnox.options.sessions = ["lock", "parity"]\n'  # the others have tests of their own
    (folder / "orders-api" / "nox_local.py").write_text(chosen)
    service = committed(folder / "orders-api")
    done = attempt(Service(service.path, {"LOCKSTEP_ENGINE": "none", "CI": ""}))
    assert done.returncode == 0, done.stdout
    git(service.path, "reset", "--quiet", "--hard")
    return service


@pytest.fixture
def service(tried: Service, tmp_path: Path) -> Service:
    """The same in the second job: a new checkout, with what the first one saved."""
    shutil.copytree(tried.path, tmp_path / "orders-api", symlinks=True, ignore=shutil.ignore_patterns(".nox", "__pycache__"))
    return Service(tmp_path / "orders-api", {})


def attempt(service: Service) -> subprocess.CompletedProcess[str]:
    return service.run(sys.executable, "-B", "updating/update.py", "--propose", ".lockstep/update")


def propose(service: Service, forge: Forge, host: str) -> subprocess.CompletedProcess[str]:
    """As the second job does, with the variables that the host sets."""
    server = f"file://{forge.repository.parents[1]}"
    settings = {
        "github": {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/orders-api",
            "GITHUB_SERVER_URL": server,
            "GITHUB_API_URL": forge.address,
            "GITHUB_REF_NAME": "main",
        },
        "gitlab": {
            "GITLAB_CI": "true",
            "CI_PROJECT_URL": f"{server}/acme/orders-api",
            "CI_PROJECT_ID": "7",
            "CI_API_V4_URL": forge.address,
            "CI_COMMIT_BRANCH": "main",
        },
        "": {},
    }[host]
    nowhere = {"GITHUB_ACTIONS": "", "GITLAB_CI": ""}
    command = [sys.executable, "-B", "updating/update.py", "--open", ".lockstep/update"]
    return service.run(*command, **{**nowhere, **settings, "LOCKSTEP_UPDATE_TOKEN": "a-secret"})


@pytest.mark.parametrize(("host", "text"), [("github", "body"), ("gitlab", "description")])
def test_a_request_is_opened_with_the_preview_the_notes_and_the_verdict(
    host: str, text: str, service: Service, forge: Forge
) -> None:
    done = propose(service, forge, host)

    assert done.returncode == 0, done.stdout
    assert "https://forge.example/1" in done.stdout
    assert [method for method, *_ in forge.asked] == ["GET", "POST"]
    told = forge.asked[1][2]
    assert told["title"] == "orders-api: Lockstep v0.1.0 → v0.2.0"
    for said in ("It holds.", "| `lock` | success |", "| `parity` | skipped |", "- + `src/lockstep/new.py`", "~~~~diff"):
        assert said in told[text]
    assert "a-secret" in forge.asked[0][3]
    pushed = git(forge.repository, "diff", "--name-only", f"{BRANCH}~1", BRANCH).split()
    assert "src/lockstep/new.py" in pushed
    assert "uv.lock" in pushed


def test_an_open_request_is_renewed_and_not_doubled(service: Service, forge: Forge) -> None:
    assert propose(service, forge, "github").returncode == 0
    git(service.path, "switch", "--quiet", "-")
    forge.open.append({"number": 5})
    done = propose(service, forge, "github")

    assert done.returncode == 0, done.stdout
    assert [(method, path) for method, path, *_ in forge.asked][-1] == ("PATCH", "/repos/acme/orders-api/pulls/5")


def test_a_branch_that_somebody_works_on_is_left_alone(service: Service, forge: Forge, tmp_path: Path) -> None:
    assert propose(service, forge, "gitlab").returncode == 0
    git(service.path, "commit", "--quiet", "--allow-empty", "--message", "A hand's work")
    git(service.path, "push", "--quiet", str(forge.repository), f"HEAD:{BRANCH}")
    tip = git(forge.repository, "rev-parse", BRANCH)
    git(service.path, "switch", "--quiet", "-")
    done = propose(service, forge, "gitlab")

    assert done.returncode == 0, done.stdout
    assert "Nobody works on lockstep/update, so it is left alone." in done.stdout
    assert git(forge.repository, "rev-parse", BRANCH) == tip


def test_a_host_that_refuses_is_told_and_the_token_is_not(service: Service, forge: Forge) -> None:
    forge.status = 403
    done = propose(service, forge, "github")

    assert done.returncode == 1
    assert "The host does not take the change request." in done.stdout
    assert "403" in done.stdout
    secret = base64.b64encode(b"x-access-token:a-secret").decode()
    config = (service.path / ".git" / "config").read_text()
    assert not [word for word in ("a-secret", secret) if word in done.stdout + config]


def test_elsewhere_nothing_is_opened(service: Service, forge: Forge) -> None:
    done = propose(service, forge, "")

    assert done.returncode == 1
    assert "Change requests are opened from CI." in done.stdout
    assert not forge.asked


def test_an_update_that_needs_a_hand_is_not_proposed(tried: Service, tmp_path: Path) -> None:
    service = tried.copy(tmp_path / "orders-api")
    replace(service.path / "pyproject.toml", '"uvicorn[standard]>=0.50"', '"uvicorn[standard]>=0.51"')
    git(service.path, "commit", "--quiet", "--all", "--message", "Ours")
    done = attempt(service)

    assert done.returncode == 1
    assert "it needs your hand" in done.stdout
    assert not (service.path / ".lockstep" / "update").exists()


def test_nothing_to_do_is_nothing_to_propose(template: Template, fastapi: Service, forge: Forge, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "orders-api")
    assert attempt(service).returncode == 0
    done = propose(service, forge, "github")

    assert done.returncode == 0, done.stdout
    assert "There is nothing to propose: nothing to do." in done.stdout
    assert not forge.asked
