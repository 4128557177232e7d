"""The one shape of an error: a problem document (RFC 9457)."""

from http.client import responses

from lockstep_serve import request_id

__all__ = ["MEDIA_TYPE", "UNEXPECTED", "problem"]

MEDIA_TYPE = "application/problem+json"

UNEXPECTED = "The service failed to answer; its log holds the reason under this request id."


def problem(status: int, detail: str, **more: object) -> dict[str, object]:
    """The document for a status; `detail` is for the client, `more` are members of your own."""
    return {
        "type": "about:blank",
        "title": responses.get(status, "Error"),
        "status": status,
        "detail": detail,
        "request_id": request_id(),
        **more,
    }
