"""How the service logs: one JSON object a line on stdout."""

import json
import logging
import sys
from typing import Any

__all__ = ["config"]

ALSO = ("where", "request", "held_ms")


class Line(logging.Formatter):
    """A record as JSON, with what the watches add to it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"timestamp": record.created, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: getattr(record, name) for name in ALSO if hasattr(record, name)}
        if serve := sys.modules.get("lockstep_serve"):  # a service can do without
            line["of"] = serve.request_id()
        return json.dumps(line | ({"exception": self.formatException(record.exc_info)} if record.exc_info else {}))


def config() -> dict[str, Any]:
    """The dictionary for `logging.config.dictConfig`."""
    own = {"level": "NOTSET", "handlers": [], "propagate": True}
    off = {"level": "CRITICAL", "handlers": [], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"},
            "access": {"class": "lockstep_serve.access.Lines", "stream": "ext://sys.stdout", "formatter": "line"},
        },
        "root": {"level": "INFO", "handlers": ["stdout"]},
        "loggers": dict.fromkeys(("uvicorn", "uvicorn.error", "gunicorn.error"), own)
        | {"uvicorn.access": off, "access": {"handlers": ["access"], "propagate": False}},
    }
