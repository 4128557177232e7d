"""Answer every error in the one shape of `problem`."""

import json
import logging
import sys
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from .problem import MEDIA_TYPE, UNEXPECTED, problem

__all__ = ["answer", "bad_request", "csrf_failure", "explain", "forbidden", "not_found", "unexpected"]

log = logging.getLogger(__name__)


def answer(status: int, detail: str = "", **more: object) -> HttpResponse:
    """A problem document to return from a view; without a detail it has the status' own sentence."""
    return explain(HttpResponse(status=status), detail, **more)


def explain(response: HttpResponse, detail: str = "", **more: object) -> HttpResponse:
    """The same answer, its headers kept, with a problem document as its body."""
    status = response.status_code
    detail = detail or HTTPStatus(status).description or HTTPStatus(status).phrase
    response.content = json.dumps(problem(status, detail, **more))
    response["Content-Type"] = MEDIA_TYPE
    return response


def said(error: Exception) -> str:
    """What a view says in its exception; Django's own put something else there."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else ""


def bad_request(_: HttpRequest, exception: Exception) -> HttpResponse:
    """`raise BadRequest(detail)`, and what Django finds suspicious."""
    if isinstance(exception, SuspiciousOperation):
        log.warning("refused as suspicious: %s", exception)
        return answer(400)  # what was found out is not for the client
    return answer(400, said(exception))


def forbidden(_: HttpRequest, exception: Exception) -> HttpResponse:
    """`raise PermissionDenied(detail)`."""
    return answer(403, said(exception))


def csrf_failure(_: HttpRequest, reason: str = "") -> HttpResponse:
    """A form, or another unsafe request, without its CSRF token."""
    return answer(403, reason)


def not_found(_: HttpRequest, exception: Exception) -> HttpResponse:
    """Unknown path, and `raise Http404(detail)`."""
    return answer(404, said(exception))


def unexpected(_: HttpRequest) -> HttpResponse:
    """Log the exception being handled, once and with its traceback, and hide it from the client."""
    if isinstance(sys.exception(), UnreadablePostError):  # the client went away amid its body
        return answer(400)
    log.exception("unexpected error")
    return answer(500, UNEXPECTED)
