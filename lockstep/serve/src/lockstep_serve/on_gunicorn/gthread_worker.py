"""gunicorn's threaded worker, which refuses what its queue cannot hold, and gives no thread to a client that sends nothing.

gunicorn 27 gives each new connection a thread for 5 s, whether it sends something or not.
"""

import contextlib
import errno
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.listening import accept_waiting
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.hooks import is_last
from lockstep_serve.on_gunicorn.wsgi import LIFE, has_something, heartbeat, peek_head, refuse_stopped
from lockstep_serve.problems import HEALTH, log_full, refuse_unread
from lockstep_serve.worker_life import end_without_threads, leave_worker, most_connections
from lockstep_serve.wsgi import OPEN, give_up

__all__ = ["run"]

LINGER_SECONDS = 1.0


class Worker(ThreadWorker):  # type: ignore[misc]  # untyped, see above
    """At most `threads` requests run and `queue` wait; all of this happens in the worker's main thread."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        definition = in_force()
        self.most = definition.threads + definition.queue
        self.in_flight, self.waiting = 0, set[Any]()
        self.lingering: dict[Any, float] = {}  # until when, by the monotonic clock; in this order

    def run(self) -> None:
        super().run()
        # Python would wait for the threads at its end, also for one that reads a head.
        if OPEN or self.nr_conns > len(self.lingering):
            self.refuse_waiting()
            give_up()
            leave_worker()
            end_without_threads()

    def set_accept_enabled(self, enabled: bool) -> None:
        if not enabled and self.alive and self._accepting:
            log_full(self.nr_conns, "three of four file descriptors")
        super().set_accept_enabled(enabled)
        if not (enabled or self.alive):
            self.leave_listeners()

    def leave_listeners(self) -> None:
        """Who has connected is served, unless others will; who comes later is refused, and can go elsewhere."""
        for listener in self.sockets:
            name = listener.getsockname()
            waiting = accept_waiting(listener, self.worker_connections) if is_last(self) else []
            listener.close()
            for client, address in waiting:
                client.setblocking(True)
                self.nr_conns += 1
                self.enqueue_req(TConn(self.cfg, client, address, name))
        self.sockets.clear()

    def accept(self, listener: socket.socket) -> None:
        """gunicorn's worker would die of a process or a machine without file descriptors."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            log_full(self.nr_conns, "file descriptors")
            time.sleep(0.1)  # some may be closed meanwhile

    def enqueue_req(self, conn: Any) -> None:
        """Take a connection on which something came, or refuse it."""
        if not (conn.initialized or conn.data_ready or has_something(conn.sock)):
            self.await_request(conn)
            return
        if self.in_flight >= self.most and not peek_head(conn.sock)[1].startswith(HEALTH):
            self.refuse(conn)
            return
        self.in_flight += 1
        self.waiting.add(conn)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """In a thread, as soon as one is free."""
        try:
            self.waiting.remove(conn)
        except KeyError:  # it was refused
            return False
        return super().handle(conn)

    def refuse_waiting(self) -> None:
        """At the end of the drain: who has waited for a thread gets none any more."""
        for conn in list(self.waiting):
            try:
                self.waiting.remove(conn)
            except KeyError:  # a thread has it by now
                continue
            refuse_stopped(conn.sock)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """gunicorn would wait here for the client's end, 2 s at most, and do nothing else."""
        self.in_flight -= 1
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self.linger(conn)

    def await_request(self, conn: Any) -> None:
        """As gunicorn does after those 5 s: its poller brings the connection back here."""
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _cap_keepalive(self, deadline: float) -> None:
        """gunicorn's own moment when it stops: silent clients are not waited for either."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def refuse(self, conn: Any) -> None:
        log_full(self.in_flight, "`threads` and `queue`")
        with contextlib.suppress(OSError):  # the client may have gone
            conn.sock.send(refuse_unread(503, *peek_head(conn.sock)), socket.MSG_DONTWAIT)
        self.linger(conn)

    def linger(self, conn: Any) -> None:
        """Say the end, and wait for the client's; closed at once, what it still sends would reset the connection."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.drop_rest, conn))
        except (OSError, ValueError):  # it has gone, or is closed already
            self.nr_conns -= 1
            conn.close()
            return
        self.lingering[conn] = time.monotonic() + LINGER_SECONDS

    def drop_rest(self, conn: Any, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if client.recv(1 << 16):
                return
        self.end_linger(conn)

    def end_linger(self, conn: Any) -> None:
        del self.lingering[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """gunicorn's own moment to close connections; called in each turn of its loop."""
        super().murder_pending()
        while self.lingering and next(iter(self.lingering.values())) < time.monotonic():
            self.end_linger(next(iter(self.lingering)))


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    own = {
        "worker_class": Worker,
        "threads": definition.threads,
        "keepalive": definition.keep_alive,
        "worker_connections": most_connections(),
    }
    return settings_for_all(definition) | heartbeat(definition) | LIFE | own


run = runner(settings)
