"""gunicorn's ASGI worker that loses no request when it stops, lets go of silent clients, and runs the lifespan's end.

gunicorn 27 closes a connection to which it has just announced keep-alive when SIGTERM comes in between (1 request in
5,000 is lost); and it waits for idle and silent clients until its manager kills it, before the lifespan's end.
"""

import asyncio
import contextlib
import signal
from typing import Any

from gunicorn.asgi import protocol, websocket  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers import gasgi  # type: ignore[import-untyped]  # the same

from lockstep_serve import begin_ending
from lockstep_serve.access import join_values
from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.listening import accept_waiting
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.asgi_socket import Socket
from lockstep_serve.on_gunicorn.hooks import is_last
from lockstep_serve.problems import log_full, refuse_unread
from lockstep_serve.worker_life import LINGER_SECONDS, most_connections

__all__ = ["run"]

LOOK_SECONDS = 0.05


class Protocol(gasgi.ASGIProtocol):  # type: ignore[misc]  # untyped, see above
    """A connection that its worker knows of until all that it began has ended."""

    left = False  # whether the client has gone
    answer: Any = None  # to the request whose body is still to come
    refused = 0  # the status by which it was answered here, because that body is not valid

    def connection_made(self, transport: Any) -> None:
        self.worker.connections.add(self)
        super().connection_made(transport)
        self._task.add_done_callback(lambda _: self.worker.connections.discard(self))
        if transport.get_extra_info("socket").fileno() >= self.worker.most:  # the lowest that was free
            log_full(len(self.worker.connections) - 1, "three of four file descriptors")
            self._safe_write(refuse_unread(503))
            self._keepalive_timeout()
            return
        self._arm_keepalive_timer()  # gunicorn does so after an answer only: who sends nothing would stay for ever

    def connection_lost(self, exc: Exception | None) -> None:
        self.left = self.left or not self._closed
        super().connection_lost(exc)
        self._request_ready.set()  # else it waits for a next request
        self.resume_writing()  # else what is too large for the socket waits for a client that has gone

    def _cancel_task_if_pending(self) -> None:
        """Nothing: what goes on when its client has gone may finish."""

    def _send_error_response(self, status: int, *_: Any) -> None:
        """What gunicorn answers by itself, as a problem document; of a request that is served, its own line tells."""
        answer, read = self.answer, self._current_request
        if self._closed or (answer and answer.status):
            self.left = True
            return  # to nobody, or into another answer
        self.refused, self.left = status, True
        known = (read.method, read.path, join_values({"headers": read.headers_bytes})) if read else ()
        self._safe_write(refuse_unread(status, *known, identity=answer and answer.identity.decode()))

    def _will_close(self, request: Any, response_requires_close: bool) -> bool:
        """What an answer announces; asked before the answer is sent."""
        return self.worker.closing or bool(super()._will_close(request, response_requires_close))

    def _send_response_start(self, status: int, headers: Any, *more: Any, **named: Any) -> None:
        """gunicorn keeps a connection whose end the application has announced."""
        if any(name.lower() == b"connection" and value.lower() == b"close" for name, value in headers):
            self._keepalive = 0
        super()._send_response_start(status, headers, *more, **named)

    def eof_received(self) -> None:
        self.left = True

    def _build_http_scope(self, *what: Any) -> Any:
        """The scope; gunicorn's `send` fails for no client that has left, so frameworks must listen for that, as of old.

        A target that is a whole address, which a proxy may send, names the same path as its path alone.
        """
        scope: dict[str, Any] = super()._build_http_scope(*what)
        scope["asgi"] = {"version": "3.0", "spec_version": "2.3"}
        if "://" in scope["path"] and scope["path"][0] != "/":
            scope["path"] = "/" + scope["path"].partition("://")[2].partition("/")[2]
            scope["raw_path"] = b"/" + scope["raw_path"].partition(b"://")[2].partition(b"/")[2]
        return scope

    def _build_websocket_scope(self, request: Any, sockname: Any, peername: Any) -> Any:
        """The scope, with what `Socket` can do."""
        scope: dict[str, Any] = super()._build_websocket_scope(request, sockname, peername)
        return scope | {"extensions": {"websocket.http.response": {}}}

    def close_if_idle(self) -> None:
        """Close as gunicorn does when keep-alive is over; a request in flight stays."""
        if self._awaiting_request and not self._request_ready.is_set():
            self._keepalive_timeout()


gasgi.ASGIProtocol = Protocol  # the worker has no setting for it
websocket.WebSocketProtocol = Socket  # nor has the protocol
protocol._CACHED_SERVER_HEADER = b""  # no answer names the server; gunicorn has no setting for that


class Worker(gasgi.ASGIWorker):  # type: ignore[misc]  # untyped, see above
    """Serves until SIGTERM; then it is `closing`, while answers announce the end, then no longer `alive`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connections: set[Protocol] = set()
        self.closing = False
        self.definition, self.most = in_force(), most_connections()
        self.until = 0.0  # the end of the drain, by the loop's clock
        self.resting: asyncio.Task[None] | None = None  # what looks once a second whether it is still `alive`

    def handle_quit_signal(self) -> None:
        """Nothing: `hooks` has SIGINT and SIGQUIT, which gunicorn has put into the loop's own table."""

    def notify(self) -> None:
        super().notify()
        if self.resting is None:  # it listens: of SIGTERM it has died until now
            self.loop.add_signal_handler(signal.SIGTERM, self.handle_exit_signal)
        self.resting = asyncio.current_task()

    def handle_exit_signal(self) -> None:
        if not self.closing:
            self.closing = True
            begin_ending()
            self.until = self.loop.time() + self.definition.patience
            self.lingering = self.loop.create_task(self.linger())

    async def linger(self) -> None:
        """Accept no more but who has connected; give time for a request on a connection that was announced to stay open."""
        listeners = self.sockets if is_last(self) else []
        waiting = [client for listener in listeners for client, _ in accept_waiting(listener.sock, self.most)]
        for server in self.servers:
            server.close()
        for client in waiting:
            with contextlib.suppress(OSError):  # it may have gone
                await self.loop.connect_accepted_socket(lambda: Protocol(self), client)
        await self.wait_for_connections(min(self.loop.time() + LINGER_SECONDS, self.until))
        for connection in list(self.connections):
            connection.close_if_idle()
        self.alive = False
        if self.resting:
            self.resting.cancel()  # gunicorn's way out of that second

    async def wait_for_connections(self, until: float) -> None:
        while self.connections and self.loop.time() < until:  # noqa: ASYNC110 -- nor is gunicorn
            await asyncio.sleep(LOOK_SECONDS)

    async def _shutdown(self) -> None:
        """Wait for what runs until the drain is over; gunicorn would not for what goes on when its client has gone."""
        self.resting = None
        # Without a signal, its manager has gone.
        await self.wait_for_connections(self.until or self.loop.time() + self.definition.patience)
        if self.lifespan:
            await self.lifespan.shutdown()


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return settings_for_all(definition) | {
        "worker_class": Worker,
        "timeout": definition.request_timeout * 2,  # the watch over the loop comes first, and names the line
        "asgi_loop": "uvloop",
        "worker_connections": definition.concurrency,
        "keepalive": definition.keep_alive,
        "websocket_max_message_size": max(definition.max_body_bytes, 1),  # 0 would be no limit
    }


run = runner(settings)
