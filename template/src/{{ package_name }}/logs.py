"""How the service logs: one JSON object a line on stdout, with the id of its request."""

import logging
import time
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from . import request_id
from .settings import read_settings

__all__ = ["access", "config"]

FIELDS = {"asctime": "timestamp", "levelname": "level", "name": "logger", "message": "message"}

NOISE = ("taskName", "color_message")  # asyncio's name of the task; uvicorn's text for terminals

SERVERS = ("uvicorn", "uvicorn.error", "gunicorn.error")
SERVERS_ACCESS = ("uvicorn.access", "gunicorn.access")


class RequestId(logging.Filter):
    """Adds `request_id` to what is logged while a request is served, by whomever."""

    def filter(self, record: logging.LogRecord) -> bool:
        if (current := request_id.current.get()) is not None:
            record.request_id = current
        return True


class Line(JsonFormatter):
    """A record as JSON: FIELDS, `exception` if there is one, and what was given as `extra`."""

    def __init__(self) -> None:
        super().__init__(
            list(FIELDS),
            rename_fields={**FIELDS, "exc_info": "exception", "stack_info": "stack"},
            reserved_attrs=[*RESERVED_ATTRS, *NOISE],
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # logging's own name
        """RFC 3339 in UTC with milliseconds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def config() -> dict[str, object]:
    """The dictionary for `logging.config.dictConfig`, applied before the app is built.

    Raises SystemExit with a three-part message when a setting is bad, as `app.create_app` does.
    """
    own = {"level": "NOTSET", "handlers": [], "propagate": True}
    off = {"level": "CRITICAL", "handlers": [], "propagate": False}  # `access` below says it
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestId}},
        "formatters": {"line": {"()": Line}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "line",
                "filters": ["request_id"],
            }
        },
        "root": {"level": read_settings().log_level, "handlers": ["stdout"]},
        "loggers": dict.fromkeys(SERVERS, own) | dict.fromkeys(SERVERS_ACCESS, off),
    }


def access(method: str, path: str, status: int, started: float) -> None:
    """Log the one line of a request; `started` is what time.perf_counter() said when it came.

    The query is left out on purpose: it is where tokens and personal data travel.
    """
    duration = round((time.perf_counter() - started) * 1000, 1)
    facts = {"method": method, "path": path, "status": status, "duration_ms": duration}
    logging.getLogger("access").info("%s %s %s", method, path, status, extra=facts)
