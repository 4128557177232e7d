"""What clients meet at the edges: refusals that say why, one that leaves, and what is open when the service stops."""

import contextlib
import json
import secrets
import signal
import socket
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse

from lockstep_tool.environments.asking import LimitedConnection
from lockstep_tool.prove.expecting import expect, patience, wait_until
from lockstep_tool.prove.in_hand import Holding, fill
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.server_log import is_error, read_access, readable
from lockstep_tool.prove.steps_loop import ask, has_loop
from lockstep_tool.prove.websocket import RESTART, open_socket, read_close_code

__all__ = ["MOST_BYTES", "MOST_HEADER_BYTES", "end_what_is_open", "explain_refusals", "let_clients_leave"]

MOST_BYTES = 1000  # of a body, for the server that is to refuse some
MOST_HEADER_BYTES = 1000  # of its request line, and of a header field
ENDLESS = 600_000  # milliseconds of a stream: whoever waits for its end fails
CHUNKED = "POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED = {
    "what is no HTTP": (400, "NONSENSE\r\n\r\n"),
    "a chunk that is not valid": (400, f"{CHUNKED}zz\r\n\r\n"),
    "a body in chunks that is too large": (413, f"{CHUNKED}{2 * MOST_BYTES:x}\r\n{'x' * 2 * MOST_BYTES}\r\n0\r\n\r\n"),
    "a request line that is too long": (414, f"GET /{'x' * 2 * MOST_HEADER_BYTES} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "a header field that is too large": (431, f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 200 * MOST_HEADER_BYTES}\r\n\r\n"),
}


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=patience())


def explain_refusals(server: Server) -> str:
    """Each with a problem document, an id, and one access line that says what the client got."""
    has_lines = writes_lines(server)
    for name, (expected, request) in REFUSED.items():
        with connect(server) as client:
            with contextlib.suppress(OSError):  # it may answer before it has read all
                client.sendall(request.replace("{}", server.path("take", 0)).encode())
            status, identity = read_problem(client, name)
        expect(status == expected, f"{name} is answered {status}, not {expected}")
        if has_lines:
            wait_until(lambda identity=identity: bool(statuses(server, identity)), lambda name=name: f"{name} leaves no line")  # type: ignore[misc]  # bound at once
            said = statuses(server, identity)
            expect(said == [expected], f"{name} is answered {expected}, and the log says {said}")
    return f"{len(REFUSED)} explained"


def writes_lines(server: Server) -> bool:
    """Whether requests leave access lines: a team may do without. One comes after its answer, and before the next answer
    on the same connection.
    """
    connection = LimitedConnection(server.port, patience())
    try:
        ask(connection, ["/health/live", "/health/live"])
    finally:
        connection.close()
    return bool(read_access(server.lines()))


def read_problem(client: socket.socket, name: str) -> tuple[int, str]:
    """The status and the id of an answer that must be a problem document."""
    with HTTPResponse(client) as answer:
        try:
            answer.begin()
            body = answer.read()
        except (HTTPException, OSError) as error:
            raise AssertionError(f"{name} is not answered: {error}") from error
    identity = answer.getheader("X-Request-ID") or ""
    expect(bool(identity), f"{name} is answered {answer.status} without X-Request-ID")
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    expect(problem.get("status") == answer.status, f"{name} is answered {answer.status} without a problem document")
    return answer.status, identity


def statuses(server: Server, identity: str) -> list[int]:
    """What the log says that the request of this id was answered with."""
    return [line["status"] for line in read_access(server.lines()) if line.get("request_id") == identity]


def let_clients_leave(server: Server) -> str:
    """Half an upload, and a stream that nobody reads on: no error of the service, and one line each that says so."""
    has_lines, begun = writes_lines(server), len(server.lines())
    leave(
        server,
        "an upload",
        f"POST {server.path('take', 0)}",
        "Content-Length: 100\r\n\r\nhalf",
        begins=False,
        has_lines=has_lines,
    )
    leave(server, "a stream", f"GET {server.path('stream', ENDLESS)}", "\r\n", begins=True, has_lines=has_lines)
    bad = [line for line in server.lines(begun) if is_error(line)]
    expect(not bad, f"a client that left is an error: {readable(bad[0])[:300] if bad else ''}")
    return "said, and no error"


def leave(server: Server, name: str, asks: str, rest: str, *, begins: bool, has_lines: bool) -> None:
    """Close the connection of a request that is not over, once its answer begins where it does, and read its line."""
    identity = secrets.token_hex(8)
    with connect(server) as client:
        client.sendall(f"{asks} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: {identity}\r\n{rest}".encode())
        if begins:
            client.recv(1)
    if has_lines:
        wait_until(lambda: bool(statuses(server, identity)), lambda: f"who leaves {name} leaves no line")
        [line] = [line for line in read_access(server.lines()) if line.get("request_id") == identity]
        expect(line.get("ended_by") == "client", f"the line of who left {name} says status {line['status']} and no more")


def end_what_is_open(server: Server) -> str:
    """SIGTERM with a request that does not end, and a WebSocket: each is told, and `worker` ends last."""
    has_sockets = has_loop(server.production)
    with ExitStack() as stack:
        talking = stack.enter_context(open_accepted(server)) if has_sockets else None
        [flying] = fill(stack, server, stack.enter_context(Holding()), 1)
        server.signal(signal.SIGTERM)
        if talking is not None:
            code = read_close_code(talking)
            expect(code == RESTART, f"a WebSocket is closed with {code or 'nothing'}, not {RESTART}")
        try:
            status = flying.read().status
        except OSError as error:
            raise AssertionError(f"a request that is not finished within the drain is not answered: {error}") from error
        expect(status == 503, f"a request that is not finished within the drain is answered {status}, not 503")
    expect(server.wait(patience()) is not None, f"it is still running {patience():g} s after its drain")
    stopped = find_line(server, "was stopped by the server before its end")
    expect(stopped >= 0, "the log does not say that a request was stopped")
    ended = find_line(server, "`worker` has ended")
    expect(ended < 0 or stopped < ended, "`worker` ended before the last request")
    told = "the request told with 503" + (f", the WebSocket with {RESTART}" if has_sockets else "")
    return told + (", `worker` last" if ended >= 0 else "")


def find_line(server: Server, words: str) -> int:
    return next((number for number, line in enumerate(server.lines()) if words in line), -1)


def open_accepted(server: Server) -> socket.socket:
    """A WebSocket that is accepted, and on which nothing is said."""
    client, status = open_socket(server.port, server.path("socket", 0))
    if status != 101:
        client.close()
        raise AssertionError(f"the handshake of a WebSocket is answered {status or 'nothing'}, not 101")
    return client
