"""The body of a request, which fails where it ends too soon, is too large or is not valid: a part must not pass for the whole."""

from collections.abc import Callable, Iterator
from typing import Any

from lockstep_serve import UnreadableBody

__all__ = ["Body"]


class Body:
    """In place of the server's; `due` are bytes that are still to come, or that may, where the length is not known.

    After `error`, `status` answers the client, and 0 means that it has `left`; it is `over` when nothing can come any more
    that is not known.
    """

    def __init__(self, body: Any, length: str | None, most: int) -> None:
        self.body, self.known = body, bool(length)
        self.due = int(length) if length else most
        self.error: UnreadableBody | None = None
        self.status, self.left, self.over = 0, False, self.known

    def take(self, read: Callable[[int], bytes], size: int | None, *, line: bool = False) -> bytes:
        """What `read` gives of at most `size` bytes; raises UnreadableBody, again and again once it was raised."""
        if self.error is not None:
            raise self.error
        most = self.due if self.known else self.due + 1
        size = most if size is None or size < 0 else min(size, most)
        try:
            data = read(size) if size else b""
        except OSError as error:  # also gunicorn's NoMoreData
            raise self.fail(0, str(error)) from error
        except Exception as error:  # gunicorn's for a chunk that is not valid
            raise self.fail(400, str(error)) from error
        self.due -= len(data)
        self.over = self.over or (len(data) < size and not (line and data))
        if self.due < 0:
            raise self.fail(413, "it is larger than this service takes")
        if self.known and len(data) < size and not (line and data.endswith(b"\n")):
            raise self.fail(0, "it ends too soon")
        return data

    def fail(self, status: int, reason: str) -> UnreadableBody:
        self.status, self.left = status, not status
        self.error = UnreadableBody(f"the request's body cannot be read: {reason}")
        return self.error

    def read(self, size: int | None = -1) -> bytes:
        return self.take(self.body.read, size)

    def readline(self, size: int | None = -1) -> bytes:
        return self.take(self.body.readline, size, line=True)

    def readlines(self, _: int = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")
