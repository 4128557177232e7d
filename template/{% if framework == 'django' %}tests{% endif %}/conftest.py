"""What tests are given: the application, found as the server finds it, and an HTTP client."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec, module_from_spec
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx2
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import URLPattern, path
from lockstep_serve import surround

Endpoint = Callable[[], dict[str, object]]


@pytest.fixture
def entry() -> EntryPoint:
    """Where pyproject.toml says that the application is."""
    [entry] = entry_points(group="lockstep_serve", name="app")
    return entry


@pytest.fixture
def package(entry: EntryPoint) -> str:
    """The name of this service's package."""
    return entry.module.partition(".")[0]


@pytest.fixture(autouse=True)
def prefix(package: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the service's variables begin with; those that have a default are gone from the developer's shell."""
    prefix = f"{package.upper()}_"
    fields = import_module(f"{package}.settings").Settings.model_fields
    needed = {f"{prefix}{name.upper()}" for name, field in fields.items() if field.is_required()}
    for name in [name for name in os.environ if name.upper().startswith(prefix) and name.upper() not in needed]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(f"{prefix}SECRET_KEY", secrets.token_urlsafe(50))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return prefix


class Application:
    """The application as the server gets it, in `handler`; `get("/path")` adds an endpoint to it for one test."""

    def __init__(self, handler: ASGIHandler | WSGIHandler, patterns: list[URLPattern]) -> None:
        self.handler, self.patterns = handler, patterns

    def get(self, route: str) -> Callable[[Endpoint], Endpoint]:
        def plant(endpoint: Endpoint) -> Endpoint:
            def view(_: HttpRequest) -> HttpResponse:
                return JsonResponse(endpoint())

            self.patterns.append(path(route.removeprefix("/"), view))
            return endpoint

        return plant


@pytest.fixture
def application(entry: EntryPoint, package: str) -> Iterator[Application]:
    """A new application; set variables before you ask for it."""
    create_app = entry.load()
    create_app()  # Django keeps the settings that it reads first: what this test's environment changes goes over them
    ours = read_again(f"{package}.django_settings")
    names = [name for name in ours if name.isupper() and name != "DATABASES"]  # Django cannot change databases later
    changed = {name: ours[name] for name in names if ours[name] != getattr(settings, name)}
    patterns = import_module(f"{package}.urls").urlpatterns
    before = patterns[:]
    with override_settings(**changed):
        yield Application(create_app(), patterns)
    patterns[:] = before


def read_again(name: str) -> dict[str, object]:
    """What a module says in today's environment; the one that was imported stays as it is."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


@pytest.fixture
def client(application: Application) -> Iterator[httpx2.Client]:
    """`client.get("/")` gives a response with `status_code`, `headers` and `json()`."""
    with httpx2.Client(transport=transport(application.handler), base_url="http://localhost") as client:
        yield client


def transport(handler: ASGIHandler | WSGIHandler) -> httpx2.BaseTransport:
    """By the interface of the server model that was chosen; nothing else in the tests depends on it."""
    if isinstance(handler, ASGIHandler):
        return Awaited(handler)
    surrounded = surround(handler)

    def on_the_wire(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # WSGI carries the path's bytes as latin-1; this transport has decoded them already.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        answer: Iterable[bytes] = surrounded(environ, start_response)
        return answer

    return httpx2.WSGITransport(on_the_wire)


class Awaited(httpx2.BaseTransport):
    """Requests to an ASGI application from tests that are plain functions."""

    def __init__(self, handler: ASGIHandler) -> None:
        self.inner = httpx2.ASGITransport(surround(handler))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        async def send() -> httpx2.Response:
            response = await self.inner.handle_async_request(request)
            return httpx2.Response(response.status_code, headers=response.headers, content=await response.aread())

        return copy_context().run(async_to_sync(send))  # what the request leaves in its context ends with it
