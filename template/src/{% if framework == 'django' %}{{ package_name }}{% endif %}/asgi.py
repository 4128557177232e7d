"""The application for ASGI servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers import asgi
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from .start import set_up

__all__ = ["Application", "create_app"]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")  # methods of which Django's protection reads no body
PART_BYTES = 1 << 16  # of a file; Django's own 4 KiB cost a thread's turn each
WAITING_FOR_NOTHING = (SecurityMiddleware, CsrfViewMiddleware, XFrameOptionsMiddleware)
TASKS: ContextVar[list[asyncio.Task[Any]]] = ContextVar("tasks")  # in which Django serves the current request
AT_THE_END = {close_caches, close_old_connections, reset_urlconf}  # Django's own: what a request left in its thread


class Application(ASGIHandler):
    """Django's, without a thread for each step that waits for nothing: six a request cost more than the rest of it.

    It also answers the server's other calls, which Django meets with exceptions.
    """

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await super().__call__(scope, receive, send)
        elif scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await send({"type": "websocket.close"})

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Django begins two tasks for each request, and leaves both to themselves where a server stops it."""
        tasks: list[asyncio.Task[Any]] = []
        TASKS.set(tasks)
        try:
            await super().handle(scope, receive, send)
        except asyncio.CancelledError:
            await end_all(tasks)
            leave_thread()
            raise

    async def listen_for_disconnect(self, receive: Receive) -> None:
        note_task()
        await super().listen_for_disconnect(receive)

    async def run_get_response(self, request: Any) -> Any:
        note_task()
        return await super().run_get_response(request)

    async def send_response(self, response: Any, send: Send) -> None:
        """Django takes the whole of a file or of a plain generator into memory before it sends its first part."""
        if response.streaming and not response.is_async:
            response.block_size = PART_BYTES  # read by a FileResponse
            response.streaming_content = read_by_parts(response.streaming_content)
        await super().send_response(response, send)

    def adapt_method_mode(self, is_async: bool, method: Any, *others: Any, **named: Any) -> Any:
        """Django's part for its protection against forged requests, which reads the body of unsafe methods only."""
        if is_async and type(getattr(method, "__self__", None)) is CsrfViewMiddleware:
            return called_unless_it_reads(method)
        return super().adapt_method_mode(is_async, method, *others, **named)

    def make_view_atomic(self, view: Any) -> Any:
        """The last step before Django looks whether a view must have a thread."""
        view = super().make_view_atomic(view)
        if not getattr(view, "waits_for_nothing", False) or iscoroutinefunction(view):
            return view

        async def called(*arguments: Any, **named: Any) -> Any:
            return view(*arguments, **named)

        return called


def note_task() -> None:
    """This one is of the current request."""
    if task := asyncio.current_task():
        TASKS.get().append(task)


def leave_thread() -> None:
    """Django would wait for the thread of a view, which nobody can stop."""
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context and (executor := SyncToAsync.context_to_thread_executor.pop(context, None)):
        executor.shutdown(wait=False)


async def end_all(tasks: list[asyncio.Task[Any]]) -> None:
    """Stop what still runs, and wait for its `finally`."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def called_unless_it_reads(method: Any) -> Any:
    """The same, awaited."""

    async def process_view(request: Any, *others: Any) -> Any:
        if request.method in SAFE:
            return method(request, *others)
        return await sync_to_async(method)(request, *others)

    return process_view


async def read_by_parts(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same, one part at a time; each is waited for in a thread."""
    take = sync_to_async(partial(next, iter(parts), None))
    while (part := await take()) is not None:
        yield part


async def pass_through(self: Any, request: Any) -> Any:
    """Middleware as Django's own, in place of a thread before and a thread after."""
    if type(self) not in WAITING_FOR_NOTHING:  # derived from it, it may wait for something
        return await MiddlewareMixin.__acall__(self, request)
    before, after = getattr(self, "process_request", None), getattr(self, "process_response", None)
    response = (before(request) if before else None) or await self.get_response(request)
    return after(request, response) if after else response


def close_in_place(close: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """A request's end, awaited: at once where it needs no thread. To make one costs more than all else of a request."""

    async def closed() -> None:
        if needs_thread():
            await sync_to_async(close)()
        else:
            close()

    return closed


def needs_thread() -> bool:
    """Whether a request's end does: it had one, where a connection may be open now, or others than Django hear it."""
    if SyncToAsync.thread_sensitive_context.get(None) in SyncToAsync.context_to_thread_executor:
        return True
    if getattr(AsyncToSync.executors, "current", None) is not None:  # who waits for this loop runs what needs a thread
        return True
    plain, awaited = request_finished._live_receivers(Application)
    return bool(awaited) or not AT_THE_END.issuperset(plain)


def create_app() -> Application:
    """A new application from the environment; raises SystemExit when a setting is bad."""
    set_up()
    for middleware in WAITING_FOR_NOTHING:
        if not (middleware is CsrfViewMiddleware and settings.CSRF_USE_SESSIONS):  # it then reads the session
            middleware.__acall__ = pass_through  # type: ignore[method-assign]  # Django has no setting for it
    asgi.sync_to_async = close_in_place  # type: ignore[attr-defined]  # its handler uses it for a request's end only
    for receiver in (close_old_connections, reset_queries):
        request_started.disconnect(receiver)  # nothing to do: the thread of a request, if it gets one, is new
    return Application()
