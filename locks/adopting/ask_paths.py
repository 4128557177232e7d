"""Import an application, and ask each of its paths that takes no value: run by the interpreter of the service, which has
nothing of Lockstep's tool. It prints one line of JSON: path → status, or why there is none, and the time zone that it sets.

    python ask_paths.py MODULE:NAME
"""

import asyncio
import importlib
import inspect
import json
import os
import re
import sys
import threading
import traceback
from typing import Any

MOST, SECONDS, MANY = 12, 10.0, 300  # paths, seconds for one, characters of an error
# Asking these changes something, or the answer never ends.
LEFT_OUT = re.compile(r"log-?out|delete|remove|reset|stream|events|/sse|/ws|callback|sleep|delay|drip")
SIMPLE = re.compile(r"\^?([\w/.-]*)\$?(?:\\Z)?")


def load(point: str) -> Any:
    """What is named, called where it is a function."""
    module, _, name = point.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found() if inspect.isfunction(found) else found


def list_paths(application: Any) -> list[str]:
    """Paths that can be asked by GET as they are, the shortest first."""
    if type(application).__module__.startswith("django."):
        from django.urls import get_resolver  # type: ignore[import-not-found]

        found = set(of_django(get_resolver().url_patterns, "/"))
    elif hasattr(application, "url_map"):
        rules = application.url_map.iter_rules()
        found = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments}
    elif hasattr(application, "routes"):
        found = {*of_starlette(application.routes, ""), *of_schema(application)}
    else:
        inner = getattr(application, "app", None) or getattr(application, "application", None)
        return list_paths(inner) if inner is not None else ["/"]
    kept = {path for path in found if path.startswith("/") and not LEFT_OUT.search(path)}
    return sorted(kept, key=lambda path: (path.count("/"), len(path), path))[:MOST]


def of_django(patterns: Any, prefix: str) -> Any:
    for one in patterns:
        plain = SIMPLE.fullmatch(str(one.pattern))
        if plain and hasattr(one, "url_patterns"):
            yield from of_django(one.url_patterns, prefix + plain[1])
        elif plain:
            yield prefix + plain[1]


def of_starlette(routes: Any, prefix: str) -> Any:
    for one in routes:
        path = prefix + str(getattr(one, "path", ""))
        if getattr(one, "routes", None):
            yield from of_starlette(one.routes, path)
        elif "{" not in path and "GET" in (getattr(one, "methods", None) or ()):
            yield path


def of_schema(application: Any) -> Any:
    """What FastAPI says of itself: since 0.163 the routes of a router that is included are not among its own."""
    try:
        stated = application.openapi()["paths"]
    except Exception:  # another framework, or a schema that the application cannot make
        return
    yield from (path for path, operations in stated.items() if "get" in operations and "{" not in path)


def ask_wsgi(application: Any, path: str) -> int:
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, Any] = {"PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, *_: Any) -> Any:
        statuses.append(status)
        return lambda _: None

    body = application(environ, start_response)
    for _ in body:
        break
    if hasattr(body, "close"):
        body.close()
    return int(statuses[-1].split()[0])


async def ask_asgi(application: Any, paths: list[str]) -> dict[str, object]:
    """All in one life of the application, from its startup to its shutdown."""
    answers: dict[str, object] = {}
    to, told = asyncio.Queue[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
    life = asyncio.create_task(application({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to.get, told.put))
    await to.put({"type": "lifespan.startup"})
    first = asyncio.create_task(told.get())
    await asyncio.wait({life, first}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if first.done() and first.result()["type"] == "lifespan.startup.failed":
        raise RuntimeError(first.result().get("message", "").strip().splitlines()[-1:] or "its startup failed")
    for path in paths:
        answers[path] = await ask_one(application, path)
    if not life.done():
        await to.put({"type": "lifespan.shutdown"})
        await asyncio.wait({life}, timeout=SECONDS)
    return answers


async def ask_one(application: Any, path: str) -> object:
    statuses: list[int] = []
    asked, over = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await over.wait()  # who streams an answer listens meanwhile whether the client goes
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif not message.get("more_body"):
            over.set()

    scope: dict[str, object] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET"}
    scope |= {"scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "state": {}}
    scope |= {"headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    try:
        await asyncio.wait_for(application(scope, receive, send), SECONDS)
    except Exception as error:
        return statuses[0] if statuses and statuses[0] >= 500 else describe(error)
    return statuses[0] if statuses else "no answer"


def describe(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:MANY]


def name_package(error: BaseException) -> str:
    """Where in an installed package it was raised: that, and not the service, may be too old for this Python."""
    files = [frame.filename.replace(os.sep, "/") for frame in traceback.extract_tb(error.__traceback__)]
    last = next((file for file in reversed(files) if "/site-packages/" in file), "")
    return f", in {last.rpartition('/site-packages/')[2]}" if last else ""


def is_asgi(application: Any) -> bool:
    call = application if inspect.isfunction(application) else type(application).__call__
    return inspect.iscoroutinefunction(call) or len(inspect.signature(call).parameters) == 4


def main(point: str, paths: list[str]) -> dict[str, object]:
    """`paths` are asked, or those that the application has where there are none."""
    application = load(point)
    wanted = paths or list_paths(application)
    if is_asgi(application):
        return asyncio.run(ask_asgi(application, wanted))
    answers: dict[str, object] = {}

    def ask(path: str) -> None:
        try:
            answers[path] = ask_wsgi(application, path)
        except Exception as error:
            answers[path] = describe(error)

    for path in wanted:
        thread = threading.Thread(target=ask, args=(path,), daemon=True)
        thread.start()
        thread.join(SECONDS)
        answers.setdefault(path, "no answer in time")
    return answers


if __name__ == "__main__":
    try:
        before = os.environ.get("TZ", "")
        answers, zone = main(sys.argv[1], sys.argv[2:]), os.environ.get("TZ", "")  # Django states TIME_ZONE there
        print("\n" + json.dumps({"answers": answers, "zone": zone if zone != before else ""}), flush=True)
    except BaseException as error:
        print("\n" + json.dumps({"error": describe(error) + name_package(error)}), flush=True)
    os._exit(0)  # threads of the application do not keep it
