"""The plain command of each server model starts its server with the numbers of server.toml, without lockstep_serve."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.models import NAMES
from lockstep_tool.updating.plain_server import list_losses, plain_command
from tiny_template import REPOSITORY

APPLICATION = {
    "ASGI": """
def create_app():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    return app
""",
    "WSGI": """
def create_app():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    return app
""",
}
# Values that no plain option takes; `list_losses` tells them, or whoever deploys the service has them.
TOLD = {"drain_lead", "max_body_bytes", "loop_stall", "queue"}
DEPLOYED = {"grace"}
OF_THE_PARSER = {"max_headers", "max_header_bytes", "request_timeout"}  # uvicorn has no such options


def definition_of(model: str, **variables: str) -> Definition:
    return read_definition(REPOSITORY / "questions" / "servers" / f"{model}.toml", variables)


@pytest.mark.parametrize("model", NAMES)
def test_it_serves_and_stops(model: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    definition = definition_of(model, PORT=str(port), SERVER_HOST="127.0.0.1")
    (tmp_path / "plain_app.py").write_text(APPLICATION[definition.model.interface])
    program, *words = shlex.split(plain_command(definition, "plain_app:create_app"))
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "WEB_CONCURRENCY": "2"},
            stdout=file,
            stderr=file,
        )
    try:
        body = ask(f"http://127.0.0.1:{port}/", process)
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()

    assert body == b"ok", log.read_text()
    assert code in {0, -signal.SIGTERM}, log.read_text()  # plain uvicorn dies of its signal in the end


def ask(address: str, process: subprocess.Popen[bytes]) -> bytes:
    """The first answer; empty when the server ended before it gave one."""
    while process.poll() is None:
        try:
            with urlopen(address, timeout=10) as answer:
                return bytes(answer.read())
        except (URLError, ConnectionError):
            time.sleep(0.02)
    return b""


@pytest.mark.parametrize("model", NAMES)
def test_every_value_stands_in_the_command_or_among_the_losses(model: str) -> None:
    definition = definition_of(model)
    command, losses = plain_command(definition, "orders.app:create_app"), " ".join(list_losses(definition))
    silent = OF_THE_PARSER if command.startswith("uvicorn") else set()

    for name in definition.model.values - TOLD - DEPLOYED - silent:
        value = str(definition.values[name].value)
        assert value in command or name in losses or value in {"auto", "0"}, name
    assert all(loss.endswith(".") for loss in list_losses(definition))
    assert len(set(list_losses(definition))) == len(list_losses(definition))


@pytest.mark.parametrize(
    ("model", "option"), [("uvicorn", "--uds /run/orders.sock"), ("gunicorn-sync", "--bind unix:/run/orders.sock")]
)
def test_a_socket_file_and_a_path_are_taken_or_told(model: str, option: str) -> None:
    definition = definition_of(model, SERVER_HOST="unix:/run/orders.sock,mode=600", SERVER_ROOT_PATH="/orders")
    command, losses = plain_command(definition, "orders.app:create_app"), " ".join(list_losses(definition))

    assert option in command
    assert "8000" not in command
    assert ("--root-path /orders" in command) == (model == "uvicorn")
    assert "`root_path`" in losses
    assert "socket file" in losses


def test_numbers_that_a_team_changed_are_taken() -> None:
    variables = {"WEB_CONCURRENCY": "3", "SERVER_THREADS": "16", "SERVER_DRAIN": "12", "PORT": "9000", "SERVER_HOST": "::"}
    words = shlex.split(plain_command(definition_of("gunicorn-gthread", **variables), "orders.app:create_app"))
    options = dict(zip(words[2::2], words[3::2], strict=False))

    assert words[:2] == ["gunicorn", "orders.app:create_app()"]
    assert options["--bind"] == "[::]:9000"
    assert (options["--workers"], options["--threads"], options["--graceful-timeout"]) == ("3", "16", "12")
