"""Each server model serves, limits what comes in, and says what it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from running import Running, children
from services import MAX_BODY_BYTES, TOKEN, Service, make_service


def received(server: Running, *headers: str) -> dict[str, Any]:
    """What the application got of a request."""
    found: dict[str, Any] = json.loads(server.body("/said", *headers))
    return found


def post(server: Running, *headers: str, body: str) -> int:
    lines = ("POST /body HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", body)
    return server.ask("\r\n".join(lines))[0]


def test_the_boot_line_says_the_model_its_workers_and_why(server: Running, service: Service) -> None:
    boot = server.lines()[0]

    assert boot["message"] == "starting"
    assert boot["model"] == service.model.name
    assert boot["address"] == f"127.0.0.1:{server.port}"
    assert len(boot["environment"]) == 12
    expected = (
        (1, "one process a container, the orchestrator scales") if service.model.name == "uvicorn" else (2, "WEB_CONCURRENCY=2")
    )
    assert (boot["workers"], boot["workers_because"]) == expected
    assert ("needs" in boot) == (service.model.name in {"gunicorn-sync", "gunicorn-gthread"})


def test_it_answers_and_names_the_environment_of_the_boot_line(server: Running) -> None:
    assert server.body("/hello/Ada") == "Hello, Ada!"
    assert server.body("/version") == server.lines()[0]["environment"]
    assert server.get("/nowhere")[0] == 404


@pytest.mark.parametrize("way", ["wait/1", "compute/1"])
def test_it_waits_where_a_proof_asks_it_to(server: Running, way: str) -> None:
    assert server.body(f"/.lockstep/{TOKEN}/{way}") == "waited"
    assert server.get(f"/.lockstep/other/{way}")[0] == 404


def test_a_proof_has_no_path_in_production(production: Running) -> None:
    assert production.get(f"/.lockstep/{TOKEN}/wait/1")[0] == 404
    assert production.get("/.lockstep//wait/1")[0] == 404


def test_its_processes_are_as_many_as_defined(server: Running, service: Service) -> None:
    server.until(lambda: len(children(server.process.pid)) == (0 if service.model.name == "uvicorn" else 2))


def test_a_header_that_is_too_large_is_refused(server: Running) -> None:
    assert server.get("/", "X-Large: " + "x" * 100_000)[0] == 431


def test_too_many_headers_are_refused(server: Running) -> None:
    assert server.get("/", *(f"X-{number}: x" for number in range(5000)))[0] == 431


def test_a_request_line_that_is_too_long_is_refused(server: Running) -> None:
    assert server.get("/" + "x" * 10_000)[0] == 414


def test_what_is_not_http_is_refused(server: Running) -> None:
    assert server.ask("NONSENSE\r\n\r\n")[0] == 400


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(server: Running) -> None:
    headers = received(server, "X_User: root", "X-Other: yes")["headers"]

    assert headers["x-other"] == "yes"
    assert not {"x-user", "x_user"} & set(headers)


def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_refused(server: Running) -> None:
    assert post(server, f"Content-Length: {MAX_BODY_BYTES}", body="x" * MAX_BODY_BYTES) == 200
    assert post(server, f"Content-Length: {MAX_BODY_BYTES + 1}", body="x" * (MAX_BODY_BYTES + 1)) == 413


def test_a_body_of_unknown_length_is_refused_past_the_limit(server: Running) -> None:
    chunk = f"{MAX_BODY_BYTES:x}\r\n{'x' * MAX_BODY_BYTES}\r\n"

    assert post(server, "Transfer-Encoding: chunked", body=f"{chunk}0\r\n\r\n") == 200
    assert post(server, "Transfer-Encoding: chunked", body=f"{chunk}{chunk}0\r\n\r\n") == 413


def test_no_header_names_the_server(server: Running) -> None:
    assert "\r\nserver:" not in server.get("/hello/Ada")[1].lower()


def test_a_trusted_proxy_names_the_client_and_the_scheme(server: Running) -> None:
    found = received(server, "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")

    assert (found["client"], found["scheme"]) == ("203.0.113.7", "https")


def test_any_other_does_not(production: Running) -> None:
    found = received(production, "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")

    assert (found["client"], found["scheme"]) == ("127.0.0.1", "http")


def test_every_line_of_the_log_is_json(server: Running) -> None:
    server.until(lambda: server.log.read_text(encoding="utf-8").endswith("\n"))
    lines = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]

    assert all({"timestamp", "level", "logger", "message"} <= set(line) for line in lines)


def test_health_is_a_command(server: Running, service: Service) -> None:
    done = service.run("health", PORT=str(server.port))

    assert (done.returncode, done.stdout) == (0, "")


def count_processes(server: Running, service: Service) -> None:
    """As many as the boot line says, which are not those that the variable says."""
    boot = server.lines()[0]

    assert not boot["workers_because"].startswith("WEB_CONCURRENCY")
    server.until(lambda: len(children(server.process.pid)) == (0 if service.model.name == "uvicorn" else boot["workers"]))


def test_processes_are_counted_where_their_number_is_auto(production: Running, service: Service) -> None:
    """gunicorn and uvicorn read the same variable by themselves, as a number."""
    count_processes(production, service)


def test_processes_are_counted_where_their_number_is_empty(service: Service) -> None:
    if service.model.name not in {"uvicorn-workers", "gunicorn-sync"}:
        pytest.skip("the one imports gunicorn, the other uvicorn alone")
    with service.serving(WEB_CONCURRENCY="") as server:
        count_processes(server, service)


def test_it_needs_no_home_that_can_be_written(production: Running) -> None:
    assert not [line for line in production.lines() if line["level"] in {"ERROR", "CRITICAL"}]


def test_greenlets_are_there_before_anything_of_the_service_is_imported(tmp_path: Path) -> None:
    service = make_service(tmp_path, "gunicorn-gevent")
    logs = service.package / "logs.py"
    early = 'from gevent.monkey import is_module_patched\n\nassert is_module_patched("socket")\n'
    logs.write_text(f"{early}{logs.read_text()}")
    with service.serving() as server:
        assert server.get("/hello/Ada")[0] == 200
        server.stop()
