"""Whoever refuses a request, the client gets a problem document with an id, and the log one line with what the client got."""

import json
from typing import Any

import pytest

from conftest import MAX_BODY_BYTES
from holding import holding
from running import Running, read_answer
from services import Service

TOO_LARGE = MAX_BODY_BYTES + 1
CHUNKED = "POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUESTS = {
    "not HTTP": (400, "NONSENSE\r\n\r\n"),
    "a chunk that is not valid": (400, CHUNKED + "zz\r\n\r\n"),
    "such a chunk, of which the application says something itself": (400, CHUNKED.replace("/body", "/caught") + "zz\r\n\r\n"),
    "a body that is too large": (413, f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {TOO_LARGE}\r\n\r\n"),
    "chunks that are too many": (413, CHUNKED + f"{TOO_LARGE:x}\r\n{'x' * TOO_LARGE}\r\n0\r\n\r\n"),
    "a line that is too long": (414, f"GET /{'x' * 10_000} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "a field that is too large": (431, f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 100_000}\r\n\r\n"),
}


def read_problem(text: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The header fields of an answer, their names in lower case, and its body."""
    head, _, body = text.partition("\r\n\r\n")
    pairs = [line.partition(":") for line in head.splitlines()[1:]]
    fields = {name.lower(): value.strip() for name, _, value in pairs}

    assert len(fields) == len(pairs)  # each once
    assert int(fields["content-length"]) == len(body)
    return fields, json.loads(body)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refusal_is_a_problem_document_and_one_line_with_its_id(server: Running, name: str) -> None:
    expected, request = REQUESTS[name]
    before = len(server.lines())
    status, text = server.ask(request)
    headers, problem = read_problem(text)

    assert (status, problem["status"]) == (expected, expected)
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["connection"].lower() == "close"
    server.until(lambda: access_lines(server, problem["request_id"]))
    assert [line["status"] for line in access_lines(server, problem["request_id"])] == [expected]
    server.get("/hello/Ada")  # what was said before is in the log now
    own = [line for line in server.lines()[before:] if line["logger"] == "access" and line["path"] != "/hello/Ada"]
    assert [line["status"] for line in own] == [expected]
    assert not [line for line in server.lines()[before:] if line["level"] in {"ERROR", "WARNING"}]


@pytest.mark.parametrize("path", ["/failing", "/exiting"])
def test_an_answer_that_fails_before_it_has_begun_is_one_problem_document(service: Service, path: str) -> None:
    if service.model.interface == "ASGI":
        pytest.skip("its application has sent the head of the answer by then")
    with service.serving(WEB_CONCURRENCY="1") as server:
        status, text = server.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

        assert (status, read_problem(text)[1]["status"]) == (500, 500)
        assert [line["status"] for line in server.lines() if line["logger"] == "access" and line["path"] == path] == [500]
        assert not [line for line in server.lines() if line["level"] == "WARNING"]


def test_a_chunk_that_is_not_valid_and_is_not_read_is_answered_once(server: Running) -> None:
    text = server.ask(CHUNKED.replace("/body", "/hello/Ada") + "zz\r\n\r\n")[1]

    assert text.count("HTTP/1.1") == 1


def test_a_connection_ends_with_the_refusal_that_says_so(server: Running) -> None:
    body = "x" * TOO_LARGE
    with server.open(f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {TOO_LARGE}\r\n\r\n{body}") as client:
        said = b""
        while data := client.recv(65536):  # it would wait for keep-alive, which is longer than the patience here
            said += data

    assert said.startswith(b"HTTP/1.1 413 ")


def test_a_chunk_that_is_not_valid_does_not_go_into_an_answer_that_has_begun(server: Running) -> None:
    before = len(server.lines())
    with server.open(CHUNKED.replace("/body", "/early") + "3\r\nabc\r\n") as client:
        said = client.recv(1024)
        while b"first" not in said:
            said += client.recv(1024)
        client.sendall(b"zz\r\n\r\n")
        text = read_answer(client)[1]
    server.until(lambda: [line for line in server.lines()[before:] if line.get("path") == "/early"])

    assert "HTTP/1.1" not in text
    assert [line["status"] for line in server.lines()[before:] if line.get("path") == "/early"] == [200]
    assert not [line for line in server.lines()[before:] if line["level"] == "ERROR"]


def test_a_chunk_that_is_not_valid_has_the_line_of_its_request_also_in_one_packet_with_the_head(server: Running) -> None:
    server.ask(CHUNKED.replace("Host: localhost", "Host: localhost\r\nX-Request-ID: packet-1") + "zz\r\n\r\n")
    server.until(lambda: access_lines(server, "packet-1"))
    [line] = access_lines(server, "packet-1")

    assert (line["method"], line["path"], line["status"]) == ("POST", "/body", 400)


def test_what_is_refused_on_a_connection_has_its_own_id_and_line(server: Running) -> None:
    """Whatever was served on it before."""
    with server.open(
        CHUNKED.replace("Host: localhost", "Host: localhost\r\nX-Request-ID: served-1") + "1\r\nx\r\n0\r\n\r\n"
    ) as client:
        server.until(lambda: access_lines(server, "served-1"))
        client.sendall(b"NONSENSE\r\n\r\n")
        text = read_answer(client)[1]
    identity = json.loads(text.rpartition("\r\n\r\n")[2])["request_id"] if text.count("HTTP/1.1") == 2 else ""

    assert identity != "served-1"
    if identity:  # some models close a connection after a body of unknown length
        server.until(lambda: access_lines(server, identity))


def test_what_asks_for_the_head_alone_is_refused_without_a_warning(server: Running) -> None:
    request = f"HEAD /body HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: head-1\r\nContent-Length: {TOO_LARGE}\r\n\r\n"
    before = len(server.lines())
    status, text = server.ask(request)
    server.until(lambda: access_lines(server, "head-1"))

    assert (status, text.partition("\r\n\r\n")[2]) == (413, "")
    assert not server.complaints(before)


def test_a_handler_that_exits_is_one_that_fails(server: Running) -> None:
    status, text = server.get("/exit", "X-Request-ID: exit-1")

    assert (status, read_problem(text)[0]["x-request-id"]) == (500, "exit-1")
    server.until(lambda: access_lines(server, "exit-1"))
    assert access_lines(server, "exit-1")[0]["status"] == 500
    assert [line["of"] for line in server.lines() if line["message"] == "unexpected error" and line["of"] == "exit-1"]
    assert server.get("/hello/Ada")[0] == 200


@pytest.mark.parametrize("name", ["not HTTP", "a line that is too long", "a chunk that is not valid"])
def test_what_is_refused_behind_a_request_in_flight_comes_after_its_answer(server: Running, name: str) -> None:
    next_one = REQUESTS[name][1]
    identity = f"before-{len(next_one)}"
    with holding() as hold, server.open(f"{hold.request(f'X-Request-ID: {identity}')}{next_one}") as client:
        hold.await_one()
        hold.release()
        first, _, second = read_answer(client)[1].partition("waited")
    server.until(lambda: access_lines(server, identity))
    [line] = access_lines(server, identity)

    assert first.startswith("HTTP/1.1 200")
    assert (line["status"], line.get("ended_by")) == (200, None)
    assert not second or second.startswith("HTTP/1.1 4")  # some models close a connection that has more than one request


def test_an_answer_has_the_id_that_the_client_gave_and_so_has_its_line(server: Running) -> None:
    text = server.get("/hello/Ada?token=hunter2", "X-Request-ID: abc-1")[1].lower()

    assert "x-request-id: abc-1\r\n" in text
    server.until(lambda: access_lines(server, "abc-1"))
    [line] = access_lines(server, "abc-1")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/hello/Ada", 200)
    assert "ended_by" not in line
    assert line["duration_ms"] >= 0


def test_a_target_that_is_a_whole_address_names_its_path(server: Running) -> None:
    status, text = server.ask(
        "GET http://localhost/hello/Ada?token=hunter2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )

    assert status == 200
    assert text.endswith("Hello, Ada!")


def access_lines(server: Running, identity: str) -> list[dict[str, Any]]:
    return [line for line in server.lines() if line["logger"] == "access" and line["request_id"] == identity]
