"""One request, one answer: enough for proofs and health checks, with an incomplete answer as an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from lockstep_tool.environments.asking import LimitedConnection, read_pieces

__all__ = ["Answer", "get", "read_answer", "skip_body"]

MOST_BYTES = 2**24  # of a body that is kept


@dataclass(frozen=True)
class Answer:
    """The status and the whole body."""

    status: int
    body: bytes


def get(port: int, path: str, *, timeout: float = 10) -> Answer:
    """GET from 127.0.0.1; raises OSError (also for an answer that breaks off) and TimeoutError for one that has not
    ended `timeout` seconds after its request.
    """
    connection = LimitedConnection(port, timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return read_answer(connection)
    finally:
        connection.close()


def read_answer(connection: LimitedConnection) -> Answer:
    """What was asked for; raises OSError, also for an answer that is longer than 16 MiB."""
    body = b""
    with http_errors(), connection.getresponse() as answer:
        for piece in read_pieces(answer):
            body += piece
            if len(body) > MOST_BYTES:
                raise ConnectionError(f"the answer is longer than {MOST_BYTES} bytes")
        return Answer(answer.status, body)


def skip_body(connection: LimitedConnection) -> HTTPResponse:
    """What was asked for, when it has ended, however long it was; raises OSError."""
    with http_errors(), connection.getresponse() as answer:
        for _ in read_pieces(answer):
            pass
        return answer


@contextmanager
def http_errors() -> Iterator[None]:
    """What is no HTTP, or half of it, is a failed connection."""
    try:
        yield
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
