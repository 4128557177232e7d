"""Send requests at a steady pace, each once, and write down what becomes of every one.

Three kinds of clients do so side by side: some open a connection for each request, some keep theirs, some ask for what
takes long. A kept connection is used without looking whether the server has closed it meanwhile, because across a
network a client cannot know; one that is told `Connection: close` opens another. Nothing is tried twice.

A server that stops gives clients a moment to say what they have to say. One that this machine kept from its processor
for longer than that is slow by itself: what it loses is not counted.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from itertools import cycle
from types import TracebackType
from typing import Self

from lockstep_tool.environments.asking import LimitedConnection, read_pieces
from lockstep_tool.prove.expecting import patience, wait_until
from lockstep_tool.prove.losses import Count, Request, count_requests

__all__ = ["Clients", "Load"]

SLOW_SECONDS = 0.5  # servers linger 1 s or 2 s
FOR_THE_SLOW = {"stale", "reset"}  # how a connection ends on which nothing was said for too long
ENOUGH = 10  # answers after which a load counts as one
WORKER_HEADER = "Lockstep-Worker"  # the waiting path says which process answers


@dataclass(frozen=True)
class Clients:
    """How many of each kind, and the seconds that each rests between an answer and its next request."""

    new: int = 3
    kept: int = 3
    long: int = 2
    pause: float = 0.01


class Load:
    """Requests to 127.0.0.1:`port` from entering to leaving; a context manager.

    `short` are paths that are answered at once, asked for in turn; `long` is one that takes its time.
    """

    def __init__(self, port: int, short: Sequence[str], long: str, clients: Clients | None = None) -> None:
        chosen = clients or Clients()
        self.pause = chosen.pause
        self.over, self.closed = threading.Event(), threading.Event()
        kinds = [(False, True)] * chosen.new + [(True, True)] * chosen.kept
        kinds += [(number % 2 == 0, False) for number in range(chosen.long)]
        self.clients = [Client(self, port, short if is_short else [long], keeps, is_short) for keeps, is_short in kinds]

    def __enter__(self) -> Self:
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait for what is still owed; after a failure nobody does, and whoever ends the server ends the clients."""
        self.over.set() if kind else self.stop()

    def close_the_door(self) -> None:
        """Open no more connections, as a load balancer that saw readiness turn false; those that are open go on."""
        self.closed.set()

    def stop(self) -> Count:
        """Wait for the answers that are still owed, and count."""
        self.over.set()
        for client in self.clients:
            client.join()
        return count_requests(self.requests())

    def forget_lost_after(self, opened: float) -> None:
        """Count no losses on connections that were opened after that time, when nobody was to open any."""
        for client in self.clients:
            client.requests = [one for one in client.requests if one.outcome == "answered" or one.opened <= opened]

    def wait_for_answers(self, meanwhile: str = "in operation", number: int = ENOUGH) -> None:
        """Until so many requests are answered that are sent from now on; or one is lost, which the count will say."""
        begin = time.monotonic()

        def enough() -> bool:
            since = [request.outcome for request in self.requests() if request.sent >= begin]
            return since.count("answered") >= number or len(since) > since.count("answered")

        wait_until(enough, lambda: f"{meanwhile}, {number} requests are not answered within {patience():g} s")

    def requests(self) -> Iterator[Request]:
        """What is known by now, of each client in order."""
        for client in self.clients:
            yield from list(client.requests)

    def workers(self) -> set[int]:
        """The processes that have answered by now."""
        return set[int]().union(*(client.workers.copy() for client in self.clients))


class Client(threading.Thread):
    """Asks for `paths` in turn, on a connection that it keeps or on new ones."""

    def __init__(self, load: Load, port: int, paths: Sequence[str], keeps: bool, short: bool) -> None:
        super().__init__(daemon=True)
        self.load, self.paths, self.keeps, self.short = load, cycle(paths), keeps, short
        self.connection = LimitedConnection(port, patience())
        self.connection.auto_open = 0  # it would open one unseen
        self.requests: list[Request] = []
        self.workers: set[int] = set()
        self.opened = 0.0
        self.heard = 0.0  # when its connection was opened, or had its last answer
        self.slow = False  # whether it then said nothing for too long

    def run(self) -> None:
        while not self.load.over.is_set() and not (self.connection.sock is None and self.load.closed.is_set()):
            request = self.ask(next(self.paths))
            if not (self.slow and request.outcome in FOR_THE_SLOW):
                self.requests.append(request)
            self.load.over.wait(self.load.pause)
        self.connection.close()

    def ask(self, path: str) -> Request:
        """One request and what became of it; a connection that failed, or is not to be kept, is closed."""
        sent = time.monotonic()
        outcome = self.find_outcome(path)
        if not self.keeps or outcome not in {"answered", "failed"}:
            self.connection.close()
        self.heard = time.monotonic()
        return Request(self.opened, sent, self.heard, outcome, self.short)

    def find_outcome(self, path: str) -> str:
        """How it ends: each way to fail has its own moment."""
        reused, self.slow = self.connection.sock is not None, False
        try:
            if not reused:
                self.opened = self.heard = time.monotonic()
                self.connection.connect()
        except OSError as error:
            return "timeout" if isinstance(error, TimeoutError) else "refused"
        try:
            self.send(path)
            answer = self.connection.getresponse()
        except TimeoutError:
            return "timeout"
        except (OSError, HTTPException):
            return "stale" if reused else "reset"
        return self.read(answer)

    def send(self, path: str) -> None:
        try:
            self.connection.request("GET", path, headers={} if self.keeps else {"Connection": "close"})
        finally:
            self.slow = time.monotonic() - self.heard > SLOW_SECONDS

    def read(self, answer: HTTPResponse) -> str:
        if said := answer.getheader(WORKER_HEADER):
            self.workers.add(int(said))
        whole = answer.length is not None or answer.chunked  # else its end cannot be told from a break
        try:
            with answer:
                for _ in read_pieces(answer):
                    pass
        except TimeoutError:
            return "timeout"
        except (OSError, HTTPException):
            return "truncated"
        if answer.status >= 500:
            return "failed"
        return "answered" if whole else "truncated"
