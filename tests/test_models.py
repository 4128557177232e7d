"""Each server model holds to its row of behaviour: limits, slow and silent clients, hangs, exits, reloads."""

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest

from conftest import Render, committed
from running import FRAMEWORKS, Running, children, running, until
from services import Service

# What a model cannot do, and why; docs/explanation/server-models.md says the same.
CANNOT = {
    ("gunicorn-sync", "silent"): "it has one request a process and waits for that client's",
    ("gunicorn-sync", "stream"): "it ends with its process, at the end of the drain",
}
ENDLESS = "GET /planted/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"

# Endpoints that no service has: they say what came in, stream without end, hang, and tell of the worker's life.
PLANTED = {
    "fastapi": """

import time as _time
import asyncio as _asyncio
from contextlib import asynccontextmanager as _around

from fastapi import Request as _Request
from fastapi.responses import StreamingResponse as _Streaming

_create_app = create_app


@_around
async def _life(_):
    print('{"life": "begins"}', flush=True)
    yield
    print('{"life": "ends"}', flush=True)


def create_app():
    app = _create_app()
    app.router.lifespan_context = _life

    @app.get("/planted/said")
    async def said(request: _Request):
        return {"client": request.client.host, "scheme": request.url.scheme, "headers": dict(request.headers)}

    @app.post("/planted/body")
    async def body(request: _Request):
        return {"bytes": len(await request.body())}

    @app.get("/planted/stream")
    async def stream():
        async def drops():
            while True:
                yield b"."
                await _asyncio.sleep(0.05)

        return _Streaming(drops())

    @app.get("/planted/hang")
    async def hang():
        _time.sleep(60)

    return app
""",
    "flask": """

import time as _time

from flask import Response as _Response
from flask import request as _request

_create_app = create_app


def create_app():
    app = _create_app()

    @app.get("/planted/said")
    def said():
        headers = {name.lower(): value for name, value in _request.headers}
        return {"client": _request.remote_addr, "scheme": _request.scheme, "headers": headers}

    @app.post("/planted/body")
    def body():
        return {"bytes": len(_request.get_data())}

    @app.get("/planted/stream")
    def stream():
        def drops():
            while True:
                yield b"."
                _time.sleep(0.05)

        return _Response(drops())

    @app.get("/planted/hang")
    def hang():
        _time.sleep(60)

    return app
""",
}


@pytest.fixture(scope="module", params=FRAMEWORKS)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def service(model: str, render: Render) -> Service:
    """A service of this model with its production set built and the endpoints planted."""
    answers = {"project_name": "orders-api", "framework": FRAMEWORKS[model], "server": model, "deploy": [], "ci": "none"}
    service = committed(render(answers))
    app = service.package() / "app.py"
    app.write_text(app.read_text() + PLANTED[FRAMEWORKS[model]])
    built = service.run("uv", "run", "--quiet", "noxfile.py", "-s", "prove")
    assert built.returncode == 0, built.stdout
    return service


@pytest.fixture(scope="module")
def server(service: Service) -> Iterator[Running]:
    """One server for what leaves it as it was."""
    with running(service, SERVER_MAX_BODY_BYTES="1000") as server:
        yield server


def said(server: Running, *headers: str) -> dict[str, object]:
    status, text = server.get("/planted/said", *headers)
    assert status == 200, text
    body: dict[str, object] = json.loads("{" + text.partition("{")[2].rpartition("}")[0] + "}")
    return body


def test_the_boot_line_says_the_model_its_workers_and_why(server: Running, model: str) -> None:
    boot = server.boot()

    assert boot["model"] == model
    assert boot["address"] == f"127.0.0.1:{server.port}"
    assert len(str(boot["environment"])) == 12
    if model != "uvicorn":
        assert (boot["workers"], boot["workers_because"]) == (2, "WEB_CONCURRENCY=2")
    assert ("needs" in boot) == (model in {"gunicorn-sync", "gunicorn-gthread"})


def test_a_header_that_is_too_large_is_refused(server: Running) -> None:
    assert server.get("/", "X-Large: " + "x" * 100_000)[0] == 431


def test_too_many_headers_are_refused(server: Running) -> None:
    assert server.get("/", *(f"X-{number}: x" for number in range(5000)))[0] == 431


def test_a_request_line_that_is_too_long_is_refused(server: Running) -> None:
    assert server.get("/" + "x" * 10_000)[0] == 414


def test_what_is_not_http_is_refused(server: Running) -> None:
    assert server.ask("NONSENSE\r\n\r\n")[0] == 400


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(server: Running) -> None:
    headers = said(server, "X_User: root", "X-Other: yes")["headers"]

    assert isinstance(headers, dict)
    assert headers["x-other"] == "yes"
    assert "x-user" not in headers
    assert "x_user" not in headers


def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_refused(server: Running) -> None:
    post = "POST /planted/body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "

    assert server.ask(f"{post}1000\r\n\r\n" + "x" * 1000)[0] == 200
    assert server.ask(f"{post}1001\r\n\r\n" + "x" * 1001)[0] == 413


def test_a_body_of_unknown_length_is_refused_past_the_limit(server: Running) -> None:
    post = "POST /planted/body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = "3e8\r\n" + "x" * 1000 + "\r\n"

    assert server.ask(f"{post}{chunk}0\r\n\r\n")[0] == 200
    assert server.ask(f"{post}{chunk}{chunk}0\r\n\r\n")[0] == 413


def test_no_header_names_the_server(server: Running) -> None:
    assert "\r\nserver:" not in server.get("/")[1].lower()


def test_only_a_trusted_proxy_names_the_client_and_the_scheme(service: Service, server: Running) -> None:
    forwarded = ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
    believed = said(server, *forwarded)
    with running(service, FORWARDED_ALLOW_IPS="192.0.2.1") as other:
        doubted = said(other, *forwarded)

    assert (believed["client"], believed["scheme"]) == ("203.0.113.7", "https")
    assert (doubted["client"], doubted["scheme"]) == ("127.0.0.1", "http")


def test_a_request_has_one_access_line(server: Running) -> None:
    server.get("/hello/Once")
    until(lambda: any(line.get("path") == "/hello/Once" for line in server.lines()))
    time.sleep(0.2)  # for a second line, which must not come

    assert [line["status"] for line in server.lines() if "/hello/Once" in str(line)] == [200]


def test_every_line_of_the_log_is_json(server: Running) -> None:
    until(lambda: server.log.read_text().endswith("\n"))
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]

    assert all({"timestamp", "level", "logger", "message"} <= set(line) or "life" in line for line in lines)


def test_the_process_that_was_started_is_the_server(server: Running, model: str) -> None:
    until(lambda: len(children(server.process.pid)) == (0 if model == "uvicorn" else 2))


def test_it_exits_soon_beside_idle_clients(service: Service) -> None:
    with running(service) as server, server.open("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") as idle:
        idle.recv(65536)

        assert server.stop(30) < 6


def test_it_exits_soon_beside_a_silent_client(service: Service, model: str) -> None:
    with running(service, SERVER_DRAIN="8") as server, server.open():
        took = server.stop(30)
        lives = [line["life"] for line in server.lines() if "life" in line]

    assert took < (10 if (model, "silent") in CANNOT else 6)
    assert lives.count("ends") == lives.count("begins")
    assert bool(lives) == (FRAMEWORKS[model] == "fastapi")


def test_it_exits_within_the_drain_beside_an_endless_stream(service: Service) -> None:
    with running(service, SERVER_DRAIN="4") as server, server.open(ENDLESS) as stream:
        stream.recv(1024)

        assert server.stop(30) < 4 + 2


def test_a_request_that_hangs_is_named_with_its_place(service: Service, model: str) -> None:
    with running(service, SERVER_REQUEST_TIMEOUT="2", SERVER_LOOP_STALL="0.2", WEB_CONCURRENCY="1") as server:
        before = children(server.process.pid)
        hung = server.open("GET /planted/hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if FRAMEWORKS[model] == "fastapi":
            until(lambda: any(line["logger"] == "lockstep.loop" and line["level"] == "CRITICAL" for line in server.lines()))
            assert "app.py:" in next(str(line["where"]) for line in server.lines() if line["logger"] == "lockstep.loop")
        elif model == "gunicorn-sync":
            until(lambda: any("WORKER TIMEOUT" in str(line["message"]) for line in server.lines()))
        else:
            until(lambda: any(line["logger"] == "lockstep.requests" for line in server.lines()))
        if model == "uvicorn":
            until(lambda: server.process.poll() is not None)  # the orchestrator's to start again
        elif model not in {"gunicorn-gthread", "gunicorn-gevent"}:
            until(lambda: children(server.process.pid) - before)
            until(lambda: server.get("/")[0] == 200)
        hung.close()


def test_a_worker_that_was_killed_comes_back(service: Service, model: str) -> None:
    if model == "uvicorn":
        return  # the orchestrator's to start again
    with running(service) as server:
        until(lambda: len(children(server.process.pid)) == 2)
        before = children(server.process.pid)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(children(server.process.pid) - {min(before)}) == 2, 30)

        assert server.get("/")[0] == 200


def test_a_reload_serves_new_code_and_refuses_broken_code(service: Service, model: str) -> None:
    module = service.site_packages() / service.package().name / "hello.py"
    before = module.read_text()
    with running(service) as server:
        pid = str(server.process.pid)
        try:
            module.write_text(before + "\nimport no_such_module\n")
            broken = service.production("-m", "lockstep_serve", "reload", pid)
            assert broken.returncode == 1
            if model == "uvicorn":
                assert broken.stdout.startswith("This server model has no reload.")
                server.process.send_signal(signal.SIGHUP)
                until(lambda: any("SIGHUP changes nothing" in str(line["message"]) for line in server.lines()))
                assert server.get("/")[0] == 200
                return
            assert broken.stdout.startswith("The new code does not start, so nothing was reloaded.")
            assert "no_such_module" in broken.stdout
            assert "Traceback" not in broken.stdout
            server.process.send_signal(signal.SIGHUP)  # without asking first, as people do
            until(lambda: any("SIGHUP changes nothing" in str(line["message"]) for line in server.lines()))
            assert server.get("/hello/you")[0] == 200

            module.write_text(before.replace("{name}!", "{name}, anew!"))
            good = service.production("-m", "lockstep_serve", "reload", pid)
            assert good.returncode == 0, good.stdout
            until(lambda: all("anew" in server.get("/hello/you")[1] for _ in range(8)))
        finally:
            module.write_text(before)


def test_reload_names_a_process_that_is_not_this_server(service: Service, model: str) -> None:
    if model == "uvicorn":
        return
    done = service.production("-m", "lockstep_serve", "reload", str(os.getpid()))

    assert done.returncode == 1
    assert done.stdout.startswith(f"Process {os.getpid()} is not this server.")


def test_it_needs_no_home_that_can_be_written(service: Service) -> None:
    with running(service, HOME="/nonexistent") as server:
        server.stop(30)

        assert not [line for line in server.lines() if line.get("level") in {"ERROR", "CRITICAL"}]
