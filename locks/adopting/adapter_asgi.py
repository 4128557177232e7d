"""Your application as Lockstep's server starts it: health, readiness and version in front, everything else yours.

It was written when the service came under Lockstep. Once your application answers these paths itself, let `app` in
pyproject.toml name your own factory, and delete this file.
"""

import inspect
import json
import logging
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import entry_points, metadata
from typing import Any

from lockstep_serve import draining, identity

__all__ = ["create_app", "logs"]


def create_app() -> Any:
    """What `adopted` in pyproject.toml names, or what that factory makes, behind the paths that a probe asks for."""
    sys.stdout, sys.stderr = Printed(sys.stdout, "INFO"), Printed(sys.stderr, "WARNING")
    [point] = entry_points(group="lockstep_serve", name="adopted")
    found = point.load()
    return Answering(found() if inspect.isfunction(found) else found)


class Answering:
    """An ASGI application around another."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = answer_path(scope["path"]) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        if answer is None:
            await self.application(scope, receive, send)
            return
        status, body = answer
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def answer_path(path: str) -> tuple[int, bytes] | None:
    """Status and body for one of the three paths."""
    if path == "/health/live":
        return 200, json.dumps({"status": "live"}).encode()
    if path == "/health/ready":
        return (503, b'{"status": "draining"}') if draining() else (200, b'{"status": "ready"}')
    if path == "/version":
        build, about = identity(), metadata(__package__)
        version = {"service": about["Name"], "version": about["Version"], "commit": build.commit, "lockstep": build.lockstep}
        return 200, json.dumps({**version, "environment": build.environment}).encode()
    return None


class Line(logging.Formatter):
    """A record as one line of JSON, with what was given as `extra`."""

    usual = frozenset(vars(logging.makeLogRecord({})))

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in self.usual},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Printed:
    """What is printed there, each line as JSON once it ends; one that is JSON already stays as it is."""

    def __init__(self, stream: Any, level: str) -> None:
        self.stream, self.level, self.begun = stream, level, threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        *lines, self.begun.text = (getattr(self.begun, "text", "") + text).split("\n")
        for line in filter(str.strip, lines):
            self.stream.write((line if line.startswith('{"') else self.describe(line)) + "\n")
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def describe(self, line: str) -> str:
        timestamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"timestamp": timestamp, "level": self.level, "logger": "printed", "message": line})


def logs() -> dict[str, object]:
    """For `logging.config.dictConfig`: everything as lines of JSON on stdout."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        # Their own handler: an application may give the root another one, and what the server says stays readable.
        "loggers": {"lockstep": {"level": "INFO", "handlers": ["stdout"], "propagate": False}},
        "root": {"level": "INFO", "handlers": ["stdout"]},
    }
