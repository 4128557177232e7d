"""More requests than a process takes are refused at once, health is let in; what hangs is named."""

import json

import pytest

from holding import answered_whole, holding
from running import children, read_answer, request_of
from services import Service

LIMIT = 4
LIMITS = {"SERVER_CONCURRENCY": str(LIMIT), "SERVER_THREADS": "2", "SERVER_QUEUE": "2"}


def test_one_request_too_many_is_refused_and_health_is_not(service: Service) -> None:
    """All that are taken stay in flight, so exactly the others are refused, in whatever order they come."""
    if "refuse" not in service.model.abilities:
        pytest.skip(f"{service.model.name} has no limit of its own: requests queue in the kernel")
    at_once = LIMIT if service.model.at_once == "concurrency" else 2
    with service.serving(WEB_CONCURRENCY="1", **LIMITS) as server, holding() as hold:
        clients = [hold.send(server) for _ in range(LIMIT)]
        for _ in range(at_once):
            hold.await_one()
        refused = server.get("/hello/Ada") if at_once == LIMIT else read_answer(hold.send(server))
        assert refused[0] == 503
        assert "application/problem+json" in refused[1]
        assert "retry-after: 1" in refused[1].lower()
        identity = json.loads(refused[1].partition("\r\n\r\n")[2])["request_id"]
        assert f"x-request-id: {identity}" in refused[1].lower()
        assert [line["status"] for line in server.lines() if line.get("request_id") == identity] == [503]
        assert at_once < LIMIT or server.get("/health/ready")[0] == 200

        hold.release()
        for _ in range(LIMIT - at_once):
            hold.await_one()
            hold.release()
        assert all(answered_whole(client) for client in clients)
        server.until(lambda: server.get("/hello/Ada")[0] == 200)
        assert server.has_logged("refusing requests", "lockstep.gate")


def test_a_request_that_hangs_is_named_with_its_line_and_its_process_replaced_where_that_helps(service: Service) -> None:
    name, interface = service.model.name, service.model.interface
    with service.serving(SERVER_REQUEST_TIMEOUT="2", SERVER_LOOP_STALL="0.1", WEB_CONCURRENCY="1") as server:
        before = children(server.process.pid)
        with server.open(request_of("/hang")) as client:
            if interface == "ASGI":
                server.until(lambda: any("asgi.py:" in line.get("where", "") for line in server.lines()))
                server.until(lambda: server.has_logged("this process ends", "lockstep.loop"))
                server.until(lambda: server.has_logged("GET /hang was stopped by the server", "lockstep.requests"))
                server.until(lambda: [line for line in server.lines() if line.get("path") == "/hang" and "ended_by" in line])
            elif name == "gunicorn-sync":
                server.until(lambda: server.has_logged("WORKER TIMEOUT"))
                assert read_answer(client)[0] == 503
                assert [line["status"] for line in server.lines() if line.get("path") == "/hang"] == [503]
            else:
                server.until(lambda: server.has_logged("GET /hang runs for more than 2 s", "lockstep.requests"))
            if name == "uvicorn":  # the orchestrator starts another
                assert server.process.wait() == 70
            elif interface == "ASGI" or name == "gunicorn-sync":
                server.until(lambda: children(server.process.pid) - before)
                server.until(lambda: server.get("/hello/Ada")[0] == 200)


def test_a_call_that_holds_the_event_loop_for_a_moment_is_named(service: Service) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("it has no event loop")
    with service.serving(SERVER_LOOP_STALL="0.1") as server:
        server.get("/.lockstep/secret/block/500")

        server.until(lambda: server.has_logged("the event loop was held for", "lockstep.loop"))
        assert server.get("/hello/Ada")[0] == 200
