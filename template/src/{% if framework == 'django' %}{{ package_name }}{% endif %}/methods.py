"""Which methods a view answers."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

__all__ = ["only_reads"]

View = TypeVar("View", bound=Callable[..., HttpResponse])


def only_reads(view: View) -> View:
    """GET and HEAD; every other method is told so (405), not asked for a CSRF token first (403)."""
    return csrf_exempt(require_safe(view))
