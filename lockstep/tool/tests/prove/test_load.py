"""The load counts every request once, and tells the ways to lose one apart, each on a server that does just that."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lockstep_tool.prove import load
from lockstep_tool.prove.expecting import wait_until
from lockstep_tool.prove.family import find_descendants
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.losses import Count, Request, count_requests
from lockstep_tool.prove.passed_socket import open_listener, passing_command
from lockstep_tool.prove.slow import SlowClients

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LAST = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
NEW, KEPT = Clients(new=2, kept=0, long=0), Clients(new=0, kept=2, long=0)

Conversation = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Conversation) -> Iterator[int]:
    """A server of raw sockets: `talk` is given each connection, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            talk(client)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def heard(client: socket.socket) -> bool:
    """Whether one more request came, as a whole; it has no body."""
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        more = client.recv(4096)
        if not more:
            return False
        said += more
    return True


def count_of(talk: Conversation, clients: Clients, requests: int = 20) -> Count:
    """What a load counts that goes on until so many requests are finished."""
    with serving(talk) as port, Load(port, ["/"], "/long", clients) as running:
        wait_until(lambda: len(list(running.requests())) >= requests, lambda: "it sends no more")
        return running.stop()


def answers_all(client: socket.socket) -> None:
    while heard(client):
        client.sendall(WHOLE)


def says_that_it_closes(client: socket.socket) -> None:
    heard(client)
    client.sendall(LAST)


def closes_without_saying(client: socket.socket) -> None:
    heard(client)
    client.sendall(WHOLE)


def hangs_up(client: socket.socket) -> None:
    heard(client)


def breaks_off(client: socket.socket) -> None:
    heard(client)
    client.sendall(WHOLE[:-1])


def breaks_off_in_the_head(client: socket.socket) -> None:
    heard(client)
    client.sendall(WHOLE[:20])


def fails(client: socket.socket) -> None:
    while heard(client):
        client.sendall(WHOLE.replace(b"200 OK", b"502 Bad Gateway"))


def cannot_find(client: socket.socket) -> None:
    while heard(client):
        client.sendall(WHOLE.replace(b"200 OK", b"404 Not Found"))


@pytest.mark.parametrize(
    ("talk", "clients"),
    [
        pytest.param(answers_all, Clients(new=1, kept=1, long=2), id="all kinds of clients"),
        pytest.param(cannot_find, KEPT, id="an answer is an answer below 500"),
        pytest.param(says_that_it_closes, KEPT, id="a kept client that is told to close opens another connection"),
        pytest.param(closes_without_saying, NEW, id="a client that wanted one answer does not mind"),
    ],
)
def test_what_is_answered_whole_is_not_lost(talk: Conversation, clients: Clients) -> None:
    count = count_of(talk, clients)

    assert count.sent == count.answered >= 20
    assert count.lost == 0


@pytest.mark.parametrize(
    ("talk", "clients", "kind"),
    [
        pytest.param(hangs_up, NEW, "reset", id="reset"),
        pytest.param(breaks_off, NEW, "truncated", id="truncated"),
        pytest.param(breaks_off_in_the_head, NEW, "truncated", id="truncated in the head"),
        pytest.param(fails, KEPT, "failed", id="5xx"),
    ],
)
def test_each_way_to_lose_a_request_has_its_name(talk: Conversation, clients: Clients, kind: str) -> None:
    count = count_of(talk, clients)

    assert count.by_kind()[kind] == count.sent == count.lost >= 20


def test_a_request_on_its_way_when_the_server_closes_is_stale() -> None:
    count = count_of(closes_without_saying, KEPT)

    assert count.stale == count.lost
    assert 8 <= count.stale <= count.answered <= count.stale + 2  # every second request meets a closed connection


def test_a_request_without_a_connection_is_refused() -> None:
    with serving(answers_all) as port:
        pass
    with Load(port, ["/"], "/long", NEW) as running:
        wait_until(lambda: any(running.requests()), lambda: "it sends nothing")
        count = running.stop()

    assert count.refused == count.sent > 0


def test_a_request_without_an_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "patience", lambda: 0.1)
    over = threading.Event()

    def says_nothing(_: socket.socket) -> None:
        over.wait(60)

    count = count_of(says_nothing, NEW, requests=2)
    over.set()

    assert count.timeout == count.sent >= 2


def test_the_longest_wait_of_a_short_request_is_the_stall() -> None:
    numbers = iter(range(1000))

    def hesitates(client: socket.socket) -> None:
        while heard(client):
            time.sleep(0.3 if next(numbers) == 10 else 0)
            client.sendall(WHOLE)

    count = count_of(hesitates, KEPT)

    assert count.lost == 0
    assert count.stall >= 0.3


def test_being_refused_at_once_is_a_stall_too() -> None:
    answered = [Request(0, at, at + 0.01, "answered", True) for at in (1.0, 3.0)]
    refused = [Request(at, at, at, "refused", True) for at in (1.5, 2.0, 2.5)]

    assert count_requests([*answered, *refused]).stall == pytest.approx(2.0)


def test_a_long_request_is_no_stall() -> None:
    assert count_requests([Request(0, 0, 5.0, "answered", False)]).stall == 0


def test_counts_add_up_and_read_as_one_line() -> None:
    total = Count(answered=1200, stall=0.05) + Count(answered=30, stale=2, refused=1, stall=0.31)

    assert (total.sent, total.lost) == (1233, 3)
    assert str(total) == "1,233 requests, 3 lost (1 refused, 2 stale), longest stall 0.31 s"
    assert str(Count(answered=7)) == "7 requests, none lost, longest stall 0.00 s"


def test_behind_a_closed_door_open_connections_go_on_and_no_other_is_opened() -> None:
    opened: list[socket.socket] = []

    def counted(client: socket.socket) -> None:
        opened.append(client)
        answers_all(client)

    with serving(counted) as port, Load(port, ["/"], "/long", Clients(new=1, kept=1, long=0)) as running:
        running.wait_for_answers()
        running.close_the_door()
        wait_until(lambda: sum(client.is_alive() for client in running.clients) == 1, lambda: "the new ones go on")
        known = len(opened)
        running.wait_for_answers()

        assert len(opened) == known
        assert running.stop().lost == 0


@pytest.mark.parametrize(("seconds", "lost"), [pytest.param(60.0, 1, id="in time"), pytest.param(-1.0, 0, id="too slow")])
def test_what_a_client_lost_that_was_slow_itself_is_not_counted(
    monkeypatch: pytest.MonkeyPatch, seconds: float, lost: int
) -> None:
    monkeypatch.setattr(load, "SLOW_SECONDS", seconds)
    count = count_of(closes_without_saying, KEPT)

    assert bool(count.stale) == bool(lost)


def test_a_slow_client_that_is_answered_5xx_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SLOW_SECONDS", -1.0)

    assert count_of(fails, KEPT).failed >= 20


def test_a_loss_ends_the_wait_for_answers() -> None:
    with serving(hangs_up) as port, Load(port, ["/"], "/long", NEW) as running:
        running.wait_for_answers()

        assert running.stop().lost


def test_losses_on_connections_that_nobody_was_to_open_any_more_are_forgotten() -> None:
    with serving(hangs_up) as port, Load(port, ["/"], "/long", NEW) as running:
        running.wait_for_answers()
        running.stop()
        first = min(request.opened for request in running.requests())
        running.forget_lost_after(first)

        assert running.stop().lost == 1


def test_it_knows_which_workers_have_answered() -> None:
    def signs(client: socket.socket) -> None:
        while heard(client):
            client.sendall(WHOLE.replace(b"\r\n\r\n", b"\r\nLockstep-Worker: 4711\r\n\r\n"))

    with serving(signs) as port, Load(port, ["/"], "/long", NEW) as running:
        running.wait_for_answers()

        assert running.workers() == {4711}


def test_slow_clients_hold_their_connections_and_send_on() -> None:
    received: list[bytes] = []

    def listens(client: socket.socket) -> None:
        while byte := client.recv(1):
            received.append(byte)

    with serving(listens) as port, SlowClients(port, number=3) as clients:
        for _ in range(9):
            clients.send_on()
        wait_until(lambda: len(received) >= 30, lambda: f"{len(received)} bytes of 30 came")

    assert len(received) == 30
    assert len(set(received)) > 2  # the request goes on, byte by byte


def test_a_socket_that_is_passed_on_is_descriptor_3_of_the_process_itself() -> None:
    program = (
        "import os, socket; assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1';"
        f"socket.socket(fileno=3).accept()[0].sendall({WHOLE!r})"
    )
    with open_listener() as listener:
        command = passing_command(Path(sys.executable), listener.fileno(), ["-c", program])
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/")

            assert connection.getresponse().read() == b"ok"
        assert process.wait(60) == 0


def test_a_family_is_a_process_and_what_it_started_as_long_as_it_lives() -> None:
    program = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE);"
        "print(p.pid, flush=True); input(); p.communicate(b'\\n'); print('ended', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        child = int(parent.stdout.readline())

        assert {parent.pid, child} <= find_descendants(parent.pid)
        assert os.getpid() not in find_descendants(parent.pid)
        print(file=parent.stdin, flush=True)
        assert parent.stdout.readline() == "ended\n"
        assert find_descendants(parent.pid) == {parent.pid}
        parent.communicate("\n")
    assert find_descendants(parent.pid) == set()
