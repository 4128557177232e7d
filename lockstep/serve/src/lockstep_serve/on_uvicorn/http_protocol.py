"""uvicorn's HTTP protocol by httptools, loaded through uvicorn's own `http` setting, with what it lacks.

- It drains. uvicorn closes idle connections at once when it stops, also one whose next request is on its way: 1
  request in 700 is lost. Here an idle connection lingers, and a request that arrives meanwhile is answered with
  `Connection: close`.
- It limits the request line and the header fields as gunicorn does (414, 431), and drops names with an underscore,
  which WSGI does not distinguish from those with a hyphen: `X_User` must not pass for `X-User`.
- It does not wait longer than keep-alive for a request's head.
"""

import asyncio
from functools import cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lockstep_serve.access import HEADER, choose_id, join_values
from lockstep_serve.application import in_force
from lockstep_serve.problems import log_full, refuse_unread
from lockstep_serve.worker_life import LINGER_SECONDS, most_connections

__all__ = ["DrainingProtocol"]

most_connections_once = cache(most_connections)
in_force_once = cache(in_force)  # one process, one definition: a protocol is made for each connection

NOT_FIRST = "A handshake has to be the first request that waits on its connection."
KEY_CHARACTERS = 24  # of a WebSocket's key: 16 bytes in base 64


class Refused(Exception):
    """Raised inside the parser, which then asks for a 400."""


class DrainingProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        definition = in_force_once()
        self.most_fields, self.most_bytes = definition.max_headers, definition.max_header_bytes
        self.head_bytes, self.seen = 0, -1  # and how many there were when it was looked at last
        self.in_head = self.next_failed = False
        self.next: tuple[str, str, str | None] = "", "", None  # method, path and stated id of what failed, if they are known
        self.refusal = 400
        self.head_timer: asyncio.TimerHandle | None = None

    # --- draining ---

    @property
    def draining(self) -> bool:
        """Of the server, so that connections accepted a moment later know."""
        return getattr(self.server_state, "draining", False)

    def shutdown(self) -> None:
        """Called once by the server when it stops."""
        self.server_state.draining = True  # type: ignore[attr-defined]  # our own mark
        if self.idle():
            self.linger()
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False  # else keep-alive has been announced, and the linger begins when the answer ends

    def idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def linger(self) -> None:
        self.loop.call_later(LINGER_SECONDS, self.close_if_idle)

    def close_if_idle(self) -> None:
        if self.transport.is_closing() or not self.idle():
            return
        if self.in_head and self.head_bytes != self.seen:  # the rest of it is on its way
            self.seen = self.head_bytes
            self.linger()
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        turn = self.idle() or (not self.pipeline and self.cycle.more_body)  # also of a queued one whose body is not valid
        if self.next_failed and turn and not self.transport.is_closing():
            self.send_400_response("")
        if self.draining and not self.transport.is_closing():
            self.linger()

    # --- limits ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if transport.get_extra_info("socket").fileno() >= most_connections_once():  # the lowest that was free
            log_full(len(self.connections) - 1, "three of four file descriptors")
            transport.write(refuse_unread(503))
            transport.close()
            return
        # The connection of a client that sends nothing is closed as an idle one is.
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if self.draining:
            self.linger()

    def data_received(self, data: bytes) -> None:
        if self.next_failed:
            return  # nothing is read that follows what is refused
        if self.in_head:
            self.head_bytes += len(data)
            if self.head_bytes > self.most_fields * self.most_bytes:
                self.refusal = 431
                self.send_400_response("")
                return
        super().data_received(data)
        if self.in_head and self.head_timer is None and self.idle():  # else keep-alive begins with the end of the answer
            self.head_timer = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        self.in_head, self.head_bytes = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.most_bytes:
            self.refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= self.most_fields or len(name) + len(value) > self.most_bytes:
            self.refuse(431)
        if b"_" not in name:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.in_head = False
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None
        super().on_headers_complete()
        if self.draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def refuse(self, status: int) -> None:
        self.refusal = status
        raise Refused(status)

    def send_400_response(self, msg: str) -> None:
        """Called when the parser fails, also by what `refuse` raises in it; of a request that is served, its own line tells."""
        cycle: Any = None if self.idle() else self.cycle
        if cycle is not None and (self.in_head or not cycle.more_body or self.pipeline):
            self.next_failed = True  # what came before it is answered first
            return
        if cycle is None:
            self.transport.write(refuse_unread(self.refusal, *self.next, detail=NOT_FIRST if self.next[0] else ""))
        elif not cycle.response_started:
            cycle.refused = self.refusal
            self.transport.write(refuse_unread(self.refusal, cycle.scope["method"], identity=self.identify(cycle)))
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def eof_received(self) -> None:
        """Who closes half of a connection is told nothing more on it."""
        if not self.idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def handle_websocket_upgrade(self) -> None:
        """Judge the handshake: the library would refuse it without an id and a line, and answer it before what came first."""
        path = self.url.partition(b"?")[0].decode("latin-1")
        if not self.idle():
            self.next_failed, self.next = True, (self.scope["method"], path, join_values(self.scope))
            return
        stated = dict(self.headers)
        known, key = stated.get(b"sec-websocket-version") == b"13", stated.get(b"sec-websocket-key", b"")
        if known and len(key) == KEY_CHARACTERS and self.scope["method"] == "GET":
            super().handle_websocket_upgrade()
            return
        self.transport.write(refuse_unread(400 if known else 426, self.scope["method"], path, join_values(self.scope)))
        self.transport.close()

    def identify(self, cycle: Any) -> str:
        """The id of a request; chosen for one that is about to be served, whose own line is to have the same."""
        if answer := getattr(cycle, "answer", None):
            return str(answer.identity.decode())
        identity = choose_id(join_values(cycle.scope))
        cycle.scope["headers"] = [*(pair for pair in self.headers if pair[0] != HEADER), (HEADER, identity.encode())]
        return identity
