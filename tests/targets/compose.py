"""Compose: up, healthy, replaced under load, stopped with a request in flight, killed; with a proxy and without."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path

from containers.bases import image_of
from deploying.clients import Steady, ask
from services import PATIENCE, Service, free_port

from .fetched import NGINX, fetch, fetch_compose
from .place import Place, commit_all
from .target import Target

__all__ = ["TARGET"]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy-without-losing-a-request.md"
SLOW = {
    "fastapi": '''

@router.get("/slow")
async def slow() -> Greeting:
    """Take a while."""
    import asyncio

    await asyncio.sleep(5)
    return Greeting(message="done")
''',
    "flask": '''

@blueprint.get("/slow")
def slow() -> dict[str, str]:
    """Take a while."""
    import time

    time.sleep(5)
    return {"message": "done"}
''',
}
# What a team may add.
OVERRIDE = """\
services:
  plain-api:
    environment:
      - OURS=here
"""
# A balancer of the host's own, before the two ports that Compose publishes.
FRONT = """\
daemon off; pid /tmp/nginx.pid; error_log stderr error; worker_processes 1; events {}
http {
    access_log off;
    client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
    upstream both { server 127.0.0.1:FIRST; server 127.0.0.1:SECOND; }
    server { listen 127.0.0.1:PORT; location / { proxy_pass http://both; } }
}
"""


class Stack:
    """One service under Compose; `published` is the port, or the ports, of this host."""

    def __init__(self, place: Place, service: Service, published: str) -> None:
        self.place, self.service = place, service
        plugins = place.folder / "docker" / "cli-plugins"
        if not plugins.exists():
            shutil.copytree(Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker")), plugins.parent, symlinks=True)
            plugins.mkdir(exist_ok=True)
            shutil.copy2(fetch_compose(), plugins)
        nginx = image_of(place.engine, fetch(NGINX))
        variables = {"DOCKER_CONFIG": str(plugins.parent), "PROXY_IMAGE": nginx, "PUBLISHED_PORT": published}
        self.settings: Mapping[str, str] = {**os.environ, **variables}

    def __call__(self, *words: str) -> str:
        """One command of Compose, which must succeed."""
        return self.script(f"docker compose --project-directory deploy {' '.join(words)}")

    def script(self, text: str) -> str:
        """Lines of shell in the checkout, as a user types them."""
        done = subprocess.run(
            ["sh", "-euc", text], cwd=self.service.path, env=self.settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def containers(self) -> list[str]:
        """The ids of the service's own."""
        return self("ps", "--quiet", self.service.name).split()

    def inspect(self, container: str, template: str) -> str:
        return self.place.engine("inspect", "--format", template, container).strip()

    @contextmanager
    def up(self) -> Iterator[None]:
        """Up and healthy for as long as the block lasts."""
        try:
            self("up", "--detach", "--wait")
            yield
        finally:
            self("down", "--timeout", "5")


def greet(service: Service, word: str) -> None:
    """Another greeting, committed."""
    settings = service.package() / "settings.py"
    text = settings.read_text()
    before = next(one for one in ("Hello", "Servus") if f'"{one}"' in text)
    settings.write_text(text.replace(f'"{before}"', f'"{word}"'))
    commit_all(service.path, word)


def replace_under_load(stack: Stack, port: int, *, posts: bool) -> tuple[int, list[str]]:
    """Follow the page while clients ask; how many requests there were, and what was lost."""
    clients = [Steady(port, timeout=PATIENCE)]
    if posts:
        clients.append(Steady(port, "POST", 405, timeout=PATIENCE))
    greet(stack.service, "Servus")
    with ExitStack() as running:
        for one in clients:
            running.enter_context(one.running())
        clients[0].go_on_for(20)
        stack.place.build_image(stack.service)
        stack.script(documented(stack.service.name))
        clients[0].go_on_for(20)
    assert "Servus, you!" in clients[0].answers, clients[0].answers
    assert ask(port, timeout=PATIENCE)[1]["message"] == "Servus, you!"
    return sum(one.sent for one in clients), [reason for one in clients for reason in one.lost]


def documented(name: str) -> str:
    """The commands of the page, for this service."""
    lines = [line.removeprefix("$ ") for line in PAGE.read_text().splitlines() if line.startswith("$ docker compose")]
    assert len(lines) == 2, lines
    return "\n".join(lines).replace("orders-api", name)


def stop_in_flight(stack: Stack, port: int) -> tuple[int, str]:
    """The answer to a request that was in flight when Compose stopped everything, and the service's exit code."""
    [container] = stack.containers()
    answers: list[int] = []
    client = threading.Thread(target=lambda: answers.append(ask(port, "/slow", timeout=PATIENCE)[0]))
    client.start()
    time.sleep(2)  # it takes five; there is nothing outside that says when it has begun
    stack("stop")
    client.join()
    return answers[0], stack.inspect(container, "{{.State.ExitCode}}")


def run(place: Place) -> Iterator[str]:
    """A service without a proxy, one with, and two of these on one host."""
    plain = place.make_service("plain-api", framework="fastapi", server="uvicorn", ci="none", deploy=["compose"])
    behind = place.make_service("behind-api", framework="flask", server="gunicorn-gthread", ci="none", deploy=["compose"])
    (plain.path / "deploy" / "compose.override.yaml").write_text(OVERRIDE)
    for service, framework in ((plain, "fastapi"), (behind, "flask")):
        hello = service.package() / "hello.py"
        hello.write_text(hello.read_text() + SLOW[framework])
        commit_all(service.path, "Be slow")
        place.build_image(service)
    first, second = free_port(), free_port()
    stack, proxied = Stack(place, plain, str(first)), Stack(place, behind, str(second))
    version = stack("version", "--short").strip()
    yield f"Docker Compose {version}, Docker {place.engine.version}, nginx {nginx_version(stack)}"

    with stack.up(), proxied.up():
        yield from check_container(stack, first)
        yield from check_two(place, proxied)
        sent, lost = replace_under_load(proxied, second, posts=True)
        assert lost == [], f"{lost}\n{proxied('logs', '--tail', '40', f'{behind.name}-proxy')}"
        yield f"behind its proxy, replaced under load: {sent} GET and POST, 0 lost"
        for one, port, name in ((proxied, second, "behind its proxy"), (stack, first, "without one")):
            status, code = stop_in_flight(one, port)
            assert (status, code) == (200, "0"), (status, code)
            yield f"stopped with a request in flight, {name}: it is answered, and the service ends with 0"
    yield from check_range(place, plain)


def nginx_version(stack: Stack) -> str:
    said = stack.script(f"docker run --rm --entrypoint nginx {stack.settings['PROXY_IMAGE']} -v 2>&1")
    return said.strip().rpartition("/")[2]


def check_container(stack: Stack, port: int) -> Iterator[str]:
    """What the running container may do, and that it comes back."""
    [container] = stack.containers()
    wait_until_answered(port)
    wait_until(lambda: stack.inspect(container, "{{.State.Health.Status}}") == "healthy", "the container is not healthy")
    yield "up, and healthy by the image's own check"
    assert "OURS=here" in stack.inspect(container, "{{.Config.Env}}")
    yield "what stands in `deploy/compose.override.yaml` is part of it"

    write = "import pathlib; pathlib.Path('/app/x').write_text('')"
    refused = subprocess.run(
        [stack.place.engine.command, "exec", container, "/app/.venv/bin/python", "-c", write],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Read-only file system" in refused.stderr, refused.stderr
    rights = "print([line for line in open('/proc/self/status') if line.startswith(('CapBnd', 'NoNewPrivs', 'Uid'))])"
    said = stack.place.engine("exec", container, "/app/.venv/bin/python", "-c", rights)
    assert "CapBnd:\\t0000000000000000" in said, said
    assert "NoNewPrivs:\\t1" in said, said
    assert "Uid:\\t0" not in said, said
    yield "read-only root, no capability, no new privilege, not root"

    os.kill(int(stack.inspect(container, "{{.State.Pid}}")), signal.SIGKILL)
    wait_until_answered(port)
    assert int(stack.inspect(container, "{{.RestartCount}}")) > 0, "it answers, and was not started again"
    yield "killed, and started again by its restart policy"


def check_two(place: Place, proxied: Stack) -> Iterator[str]:
    """A second proxied service on this host, with another port and nothing else."""
    other = place.make_service("other-api", framework="flask", server="gunicorn-sync", ci="none", deploy=["compose"])
    place.build_image(other)
    port = free_port()
    stack = Stack(place, other, str(port))
    with stack.up():
        wait_until_answered(port)
        networks = {
            json.loads(one("config", "--format", "json"))["networks"]["proxy"]["ipam"]["config"][0]["subnet"]
            for one in (stack, proxied)
        }
        assert len(networks) == 2, networks
    yield "two proxied services on one host, each with its own network and published port"


def check_range(place: Place, plain: Service) -> Iterator[str]:
    """Without a proxy of its own: two ports, behind a balancer of the host's."""
    first, port = free_pair(), free_port()
    stack = Stack(place, plain, f"{first}-{first + 1}")
    (place.folder / "front.conf").write_text(
        FRONT.replace("PORT", str(port)).replace("FIRST", str(first)).replace("SECOND", str(first + 1))
    )
    front = place.engine(
        "run", "--detach", "--rm", "--network", "host", "--user", "101:101", "--tmpfs", "/tmp:mode=1777", "--entrypoint", "nginx",
        "--volume", f"{place.folder / 'front.conf'}:/etc/nginx/nginx.conf:ro", stack.settings["PROXY_IMAGE"],
    ).strip()  # fmt: skip
    try:
        with stack.up():
            wait_until_answered(port)
            sent, lost = replace_under_load(stack, port, posts=False)
            assert lost == [], lost
            yield f"without a proxy of its own, on two ports behind nginx of the host, replaced under load: {sent} GET, 0 lost"
            stack("up", "--detach", "--wait", "--scale", f"{plain.name}=2")
            assert len(stack.containers()) == 2
            yield "scaled to two"
    finally:
        place.engine("rm", "--force", front)


def free_pair() -> int:
    """The first of two neighbouring free ports, which no client of this host gets for its own end of a connection."""
    for first in range(20000, 30000, 2):
        with ExitStack() as probes:
            try:
                for port in (first, first + 1):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return first
    raise AssertionError("no two neighbouring ports are free")


def wait_until_answered(port: int) -> None:
    """Until a request on this port is answered with 200."""

    def answers() -> bool:
        try:
            return ask(port)[0] == 200
        except (OSError, HTTPException):
            return False

    wait_until(answers, f"nothing answers on port {port}")


def wait_until(question: Callable[[], bool], complaint: str) -> None:
    """Until it is so; AssertionError with the complaint after some minutes."""
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end, f"{complaint} within {PATIENCE} s"
        time.sleep(0.1)


TARGET = Target("Compose", run)
