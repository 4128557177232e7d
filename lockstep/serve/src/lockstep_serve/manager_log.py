"""One JSON object a line on stdout, by the standard library alone: a manager imports nothing of the service.

If it did, its workers would inherit what it imported, and a reload would serve old code beside new. The members are
those of the service's own log.
"""

import json
import logging
import logging.config
import time
from typing import Any

__all__ = ["CONFIG", "configure", "timestamp"]

_moment = (0, "")


def timestamp(seconds: float = 0.0) -> str:
    """RFC 3339 in UTC with milliseconds, of seconds since 1970, or now; all but those is made once a second."""
    global _moment
    seconds = seconds or time.time()
    whole, text = _moment
    if whole != int(seconds):
        whole = int(seconds)
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _moment = (whole, text)
    return f"{text}.{int((seconds - whole) * 1000):03d}Z"


class Line(logging.Formatter):
    """A record as JSON: timestamp, level, logger, message, and `exception` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": Line}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stdout"]},
}


def configure() -> None:
    """Log this way from now on."""
    logging.config.dictConfig(CONFIG)
