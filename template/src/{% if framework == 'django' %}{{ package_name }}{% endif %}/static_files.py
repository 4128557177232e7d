"""Static files straight from where they are installed, each under a name that holds a hash of its content.

Nothing is collected: a collected copy would be in no wheel and in no comparison of environments, and a laptop, CI and
an image would each have to make it. What is served is what was installed, from a read-only root, too.
"""

from contextlib import nullcontext
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from wsgiref.headers import Headers

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]  # whitenoise has no types
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]  # the same

from .requests import Answer, Handler

__all__ = ["HashedNames", "StaticFiles"]


class HashedNames(StaticFilesStorage):
    """What `static("a/b.css")` asks: `/static/a/b.0123456789ab.css`, below the path that the proxy gives this service;
    raises ValueError when there is no such file.
    """

    def __init__(self) -> None:
        super().__init__()
        self.write_url = cache(super().url)  # quoting and joining anew would cost more than a view

    def url(self, name: str | None) -> str:
        return get_script_prefix().removesuffix("/") + self.write_url(hashed(name or ""))


@cache  # an installed file does not change; `dev` starts again when a Python file does
def hashed(name: str) -> str:
    """The name with a hash before its ending, as WhiteNoise knows it: such a file is kept by browsers for ever."""
    if not (path := finders.find(name)):
        raise ValueError(f"there is no static file {name!r}")
    where = PurePosixPath(name)
    return str(where.with_name(f"{where.stem}.{digest(path)}{where.suffix}"))


def digest(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # untyped, see above
    """WhiteNoise, also awaited: its own form would hold a thread for every request under ASGI, static or not."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        super().__init__(get_response)
        self.asgi = iscoroutinefunction(get_response)
        if self.asgi:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        if (found := self.files.get(request.path_info)) is None:
            answer: Answer = self.get_response(request)
            return answer
        return sync_to_async(serve)(found, request) if self.asgi else serve(found, request)

    def add_files_from_finders(self) -> None:
        """Each file under its own name, which files say that name each other, and under the one that `static` gives."""
        super().add_files_from_finders()
        for url in list(self.files):
            name = url.removeprefix(self.static_prefix)
            self.add_file_to_dictionary(self.static_prefix + hashed(name), finders.find(name))

    def add_cache_headers(self, headers: Headers, path: str, url: str) -> None:
        """By content: in an image all files have the same time, so WhiteNoise's own ETag would miss changes."""
        super().add_cache_headers(headers, path, url)
        headers["ETag"] = f'"{digest(path)}"'


def serve(found: StaticFile, request: HttpRequest) -> HttpResponse:
    """The whole file at once: Django would read a stream of it on the event loop. Its time is left out, see above."""
    asked = {name: value for name, value in request.META.items() if name != "HTTP_IF_MODIFIED_SINCE"}
    said = found.get_response(request.method, asked)
    with said.file or nullcontext() as file:
        answer = HttpResponse(file.read() if file else b"", status=int(said.status))
    del answer["Content-Type"]
    for name, value in said.headers:
        if name != "Last-Modified":
            answer[name] = value
    return answer
