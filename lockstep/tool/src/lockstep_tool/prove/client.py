"""One request, one answer: enough for proofs and health checks, with an incomplete answer as an error."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

__all__ = ["Answer", "get"]


@dataclass(frozen=True)
class Answer:
    """The status and the whole body."""

    status: int
    body: bytes


def get(port: int, path: str, *, timeout: float = 10) -> Answer:
    """GET from 127.0.0.1; raises OSError (also for an answer that breaks off) and TimeoutError after `timeout`
    seconds.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
