"""How the service logs: one JSON object a line on stdout, with the id of its request."""

import json
import logging
import math
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lockstep_serve import request_id
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from .settings import read_settings

__all__ = ["config"]

FIELDS = {"asctime": "timestamp", "levelname": "level", "name": "logger", "message": "message"}

# Not members: what a record has besides; asyncio's name of the task; uvicorn's text for terminals.
OTHERS = frozenset({*RESERVED_ATTRS, *FIELDS, "taskName", "color_message"})

SERVERS = ("uvicorn", "uvicorn.error", "gunicorn.error")
SERVERS_ACCESS = ("uvicorn.access", "gunicorn.access")

DEEPEST = 20  # levels of what is nested; deeper, it may hold itself
LONGEST = 10_000  # bits of a whole number; of one of more than 4,300 digits Python makes no decimals


class Line(JsonFormatter):
    """A record as JSON: FIELDS, what there is of `exception`, `stack` and `request_id`, and what was given.

    That is `extra`, or a message that is a dictionary. It never takes the place of the record's own: it gets a `_`
    after its name.
    """

    def __init__(self) -> None:
        super().__init__(list(FIELDS), json_serializer=partial(json.dumps, allow_nan=False))

    def format(self, record: logging.LogRecord) -> str:
        """Never fails: the line that is lost is the one that is looked for."""
        try:
            return super().format(record)
        except Exception as error:
            record.msg = f"{describe(record.msg)} (logged with what does not fit: {describe(error)})"
            record.args = None
            return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # logging's own name
        """RFC 3339 in UTC with milliseconds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """The record's own members, then what was given; `message_dict` is a message that is a dictionary."""
        own = {name: getattr(record, field) for field, name in FIELDS.items()}
        own |= {"exception": message_dict.pop("exc_info", None), "stack": message_dict.pop("stack_info", None)}
        own["request_id"] = request_id()  # of the request that is served, whoever logs
        log_data |= {name: value for name, value in own.items() if value is not None}
        extra = {name: value for name, value in vars(record).items() if name not in OTHERS}
        for given in (message_dict, extra):
            for key, value in given.items():
                name = describe(key)
                if name == "request_id" and describe(value) == own[name]:  # as the access line has it
                    continue
                while name in log_data:
                    name += "_"
                log_data[name] = value

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """One line; what JSON has no form for is written as text."""
        try:
            return super().jsonify_log_record(log_data)
        except (TypeError, ValueError, RecursionError):
            return super().jsonify_log_record({name: readable(value) for name, value in log_data.items()})


def readable(value: object, depth: int = 0) -> object:
    """The same in what JSON has a form for: no infinity, no keys but text, nothing that holds itself."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict | list | tuple) and depth == DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {describe(key): readable(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [readable(one, depth + 1) for one in value]
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return hex(value)
    return value if isinstance(value, str | int | float | bool | None) else describe(value)


def describe(value: object) -> str:
    """It as text, also what fails to say what it is."""
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__}>"


def config() -> dict[str, object]:
    """The dictionary for `logging.config.dictConfig`, applied before the app is built.

    Raises SystemExit with a three-part message when a setting is bad, as `app.create_app` does.
    """
    own = {"level": "NOTSET", "handlers": [], "propagate": True}
    off = {"level": "CRITICAL", "handlers": [], "propagate": False}  # `access` says it
    stdout = {"stream": "ext://sys.stdout", "formatter": "line"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", **stdout},
            "access": {"class": "lockstep_serve.access.Lines", **stdout},  # with any other, each request is a record
        },
        "root": {"level": read_settings().log_level, "handlers": ["stdout"]},
        "loggers": {
            "access": {"handlers": ["access"], "propagate": False},
            **dict.fromkeys(SERVERS, own),
            **dict.fromkeys(SERVERS_ACCESS, off),
        },
    }
