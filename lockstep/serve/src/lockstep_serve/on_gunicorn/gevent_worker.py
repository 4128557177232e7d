"""gunicorn's gevent worker, which refuses requests past `concurrency`, and does not wait for idle clients to stop."""

import contextlib
import logging
import signal
from concurrent.futures import thread as pools
from functools import partial
from types import FrameType, TracebackType
from typing import Any

import gevent  # type: ignore[import-untyped]  # its types are a package of their own
from gevent import monkey  # the same
from gevent.hub import Hub  # type: ignore[import-untyped]  # the same
from gevent.server import StreamServer  # type: ignore[import-untyped]  # the same
from gunicorn.util import close_graceful  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers import ggevent  # type: ignore[import-untyped]  # the same
from gunicorn.workers.ggevent import GeventWorker  # type: ignore[import-untyped]  # the same

from lockstep_serve import ending
from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.hooks import is_last
from lockstep_serve.on_gunicorn.wsgi import LIFE, Name, heartbeat, peek_head
from lockstep_serve.problems import HEALTH, log_full, refuse_unread
from lockstep_serve.worker_life import FAREWELL_SECONDS, LINGER_SECONDS, leave_worker, most_connections, own_threads

__all__ = ["run"]

log = logging.getLogger("lockstep.requests")

IDLE = 4  # connections for each request that may run: most of what proxies keep open idles


class Server(StreamServer):  # type: ignore[misc]  # untyped, see above
    """Serves who has connected, as far as it can; who comes when it has closed is refused, and can go elsewhere."""

    def __init__(self, worker: "Worker", listener: Any, **named: Any) -> None:
        super().__init__(listener, **named)
        self.worker = worker
        worker.names[listener] = Name(listener)

    def close(self) -> None:
        if not self.closed and is_last(self.worker):
            with contextlib.suppress(OSError):  # no file descriptor is left
                while client := self.do_read():
                    if self.full():
                        self.refuse(client[0])
                    else:
                        self.do_handle(*client)
        super().close()

    def refuse(self, client: Any) -> None:
        log_full(len(self.pool), "`concurrency`")
        with contextlib.suppress(OSError), client:  # it may have gone
            client.setblocking(False)
            answer = refuse_unread(503, *peek_head(client))
            client.recv(1 << 16)  # what is not read would reset the connection
            client.send(answer)


class Worker(GeventWorker):  # type: ignore[misc]  # untyped, see above
    """`idle` are the waits for a next request, by the greenlet that waits; `serving` are greenlets that have one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        ggevent.StreamServer = partial(Server, self)  # the worker has no setting for it
        self.names = dict[Any, Name]()  # of listeners
        self.definition = in_force()
        self.serving: set[Any] = set()
        self.idle: dict[Any, gevent.Timeout] = {}
        self.wait_seconds = float(self.cfg.keepalive)

    def before_imports(self) -> None:
        """Patch now: what is imported earlier keeps functions that block, and Django's settings are asked too soon."""
        monkey.patch_all()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        super().handle(self.names[listener], client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        if len(self.serving) >= self.definition.concurrency and not req.path.startswith(HEALTH):
            log_full(len(self.serving), "`concurrency`")
            said = dict(req.headers).get("X-REQUEST-ID")
            sock.sendall(refuse_unread(503, req.method, req.path, said))
            close_graceful(sock)
            raise StopIteration  # gunicorn's way to end a connection
        self.serving.add(gevent.getcurrent())
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            self.serving.discard(gevent.getcurrent())

    def timeout_ctx(self) -> "Wait":
        """What gunicorn waits for a request in."""
        return Wait(self)

    def handle_exit(self, sig: signal.Signals, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        gevent.spawn_later(LINGER_SECONDS, self.end_waits)
        gevent.spawn_later(self.definition.patience, self.stop_requests)  # gunicorn looks once a second, and would be late

    def stop_requests(self) -> None:
        from lockstep_serve.wsgi import OPEN  # after it was patched

        self.end_waits()
        for greenlet in list(self.serving):
            answer = OPEN.get(id(greenlet))
            greenlet.kill(answer.stop() if answer else gevent.GreenletExit, block=False)

    def end_waits(self) -> None:
        self.wait_seconds = FAREWELL_SECONDS
        for greenlet, timeout in list(self.idle.items()):
            gevent.kill(greenlet, timeout)


def worker_exit(_: Any, __: Any) -> None:  # gunicorn counts the arguments
    """Python would not wait for threads that are greenlets; those of pools end first, as there."""
    leave_worker()
    if ending():
        pools._python_exit()
        for thread in own_threads():
            thread.join()


class Wait:
    """Waits at most `keep_alive` seconds, less when the worker stops."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.timeout = worker, gevent.Timeout(worker.wait_seconds, False)

    def __enter__(self) -> None:
        self.worker.idle[gevent.getcurrent()] = self.timeout
        self.timeout.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.worker.idle.pop(gevent.getcurrent(), None)
        self.timeout.close()
        return error is self.timeout


def log_failure(_: Hub, __: object, kind: type[BaseException], error: BaseException, trace: TracebackType) -> None:
    """In place of raw lines on stderr."""
    log.error("a greenlet failed: %s", error, exc_info=(kind, error, trace))


Hub.print_exception = log_failure


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    own = {
        "worker_class": Worker,
        "worker_connections": min(definition.concurrency * IDLE, most_connections()),
        "keepalive": definition.keep_alive,
        "worker_exit": worker_exit,
    }
    return settings_for_all(definition) | heartbeat(definition) | LIFE | own


run = runner(settings)
