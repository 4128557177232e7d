"""An answer that does not end, or ends too early, is an error in time."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from lockstep_tool.environments.asking import LimitedConnection, ask
from lockstep_tool.prove import client
from lockstep_tool.prove.client import Answer, get, read_answer, skip_body
from lockstep_tool.prove.steps_clients import read_problem

HEAD = b"HTTP/1.1 200 OK\r\n"
Talk = Callable[[socket.socket], None]


@contextmanager
def answering(talk: Talk) -> Iterator[int]:
    """A port that answers each connection so, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(1000)
                        talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def go_on(beginning: bytes, piece: bytes) -> Talk:
    """A beginning, and then the same again for ever, with a pause that is shorter than any timeout."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(piece)
            threading.Event().wait(0.05)

    return talk


ENDLESS = {
    "a body": go_on(HEAD + b"\r\n", b"x"),
    "a body in pieces": go_on(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the head": go_on(HEAD + b"X-Long: ", b"x"),
}


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_never_ends_is_over_after_the_time_that_is_given(talk: Talk) -> None:
    with answering(talk) as port, pytest.raises(TimeoutError, match=r"no answer that ends within 0\.5 s"):
        get(port, "/", timeout=0.5)


def test_parity_says_so_of_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockstep_tool.environments.asking.ANSWER_SECONDS", 0.5)
    with answering(ENDLESS["a body"]) as port:
        answer = ask(port, "/")

    assert (answer["status"], answer["text"]) == (0, "TimeoutError: no answer that ends within 0.5 s")


def test_an_answer_that_breaks_off_is_an_error() -> None:
    with (
        answering(lambda connection: connection.sendall(HEAD + b"Content-Length: 9\r\n\r\nhalf")) as port,
        pytest.raises(ConnectionError, match="IncompleteRead"),
    ):
        get(port, "/")


def test_an_answer_that_is_too_long_to_keep_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 3)
    with (
        answering(lambda connection: connection.sendall(HEAD + b"Content-Length: 4\r\n\r\nlong")) as port,
        pytest.raises(ConnectionError, match="longer than 3 bytes"),
    ):
        get(port, "/")


def test_a_whole_answer_is_read() -> None:
    with answering(lambda connection: connection.sendall(HEAD + b"Content-Length: 4\r\n\r\nfine")) as port:
        assert get(port, "/") == Answer(200, b"fine")


@pytest.mark.parametrize("read", [read_answer, skip_body, lambda connection: read_problem(connection.sock, "it")])
def test_an_answer_that_breaks_off_leaves_no_socket_open(read: Callable[[LimitedConnection], object]) -> None:
    """Whoever keeps the failure would keep the socket with it, and something else would meet the warning."""
    near, far = socket.socketpair()
    connection = LimitedConnection(1, 30)
    connection.sock, descriptor = near, near.fileno()
    connection.request("GET", "/", headers={"Connection": "close"})
    far.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhalf")
    far.close()
    with near, pytest.raises((OSError, AssertionError)) as caught:
        read(connection)

    assert caught.value
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
