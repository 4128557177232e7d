"""An example to replace: two views that show where things go."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static

from . import NAME, VERSION
from .errors import answer
from .requests import only_reads, waits_for_nothing
from .settings import current_settings

__all__ = ["hello", "welcome"]

LONGEST_NAME = 64


@waits_for_nothing
@only_reads
def welcome(_: HttpRequest) -> HttpResponse:
    """Say what this is."""
    icon = static(f"{__package__}/icon.svg")
    return JsonResponse({"service": NAME, "version": VERSION, "icon": icon})


@waits_for_nothing
@only_reads
def hello(_: HttpRequest, name: str) -> HttpResponse:
    """Greet by name."""
    if len(name) > LONGEST_NAME:
        return answer(422, f"name: at most {LONGEST_NAME} characters")
    return JsonResponse({"message": f"{current_settings().greeting}, {name}!"})
