"""Answer every error in the one shape of `problem`."""

import json
import logging

from flask import Response
from lockstep_serve import UnreadableBody
from werkzeug.exceptions import HTTPException

from .problem import MEDIA_TYPE, UNEXPECTED, problem

__all__ = ["HTTPException", "UnreadableBody", "refused", "unexpected", "unreadable"]

log = logging.getLogger(__name__)


def answer(status: int, detail: str) -> Response:
    return Response(json.dumps(problem(status, detail)), status, content_type=MEDIA_TYPE)


def refused(error: HTTPException) -> Response:
    """Unknown path, wrong method, bad input, and every `abort(status, description)`."""
    response = answer(error.code or 500, error.description or "")
    for name, value in error.get_headers():  # Allow, Retry-After, WWW-Authenticate
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    return response


def unreadable(error: UnreadableBody) -> Response:
    """A body that ends too soon, is too large or is not valid; nothing that the log need hold."""
    return answer(400, str(error))


def unexpected(_: Exception) -> Response:
    """Log the exception being handled, once and with its traceback, and hide it from the client."""
    log.exception("unexpected error")
    return answer(500, UNEXPECTED)
