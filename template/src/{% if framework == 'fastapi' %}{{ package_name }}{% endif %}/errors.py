"""Answer every error in the one shape of `problem`, and say so in the OpenAPI description."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.utils import is_body_allowed_for_status_code
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from .problem import MEDIA_TYPE, UNEXPECTED, problem

__all__ = ["DOCUMENTED", "HANDLERS"]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, str]] = []


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "The request was refused or failed (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    return JSONResponse(problem(status, detail, **more), status, headers, media_type=MEDIA_TYPE)


async def refused(_: Request, error: HTTPException) -> Response:
    """Unknown path, wrong method, and every `raise HTTPException(status, detail)`."""
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    if isinstance(error.detail, str):
        return answer(error.status_code, error.detail, error.headers)
    # FastAPI lets a detail be anything; the RFC wants text.
    return answer(error.status_code, "See `errors`.", error.headers, errors=error.detail)


async def invalid(_: Request, error: RequestValidationError) -> Response:
    """Input that does not fit its types. What was sent is not repeated: it may be a secret."""
    errors = [
        {"location": ".".join(str(part) for part in found["loc"]), "detail": found["msg"]} for found in error.errors()
    ]
    return answer(422, "; ".join(f"{e['location']}: {e['detail']}" for e in errors), errors=errors)


async def unexpected(_: Request, __: Exception) -> Response:
    """Hide from the client what nobody caught; it goes on to the server, which logs it once, with its traceback."""
    return answer(500, UNEXPECTED)


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    HTTPException: refused,
    RequestValidationError: invalid,
    Exception: unexpected,
}
