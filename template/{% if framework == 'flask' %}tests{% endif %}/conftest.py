"""What tests are given: the application, found as the server finds it, and an HTTP client."""

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx2
import pytest
from flask import Flask
from lockstep_serve import surround


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
    return prefix


@pytest.fixture
def application(entry: EntryPoint) -> Flask:
    """A new application; set variables before you ask for it."""
    application = entry.load()()
    assert isinstance(application, Flask)
    return application


@pytest.fixture
def client(application: Flask) -> Iterator[httpx2.Client]:
    """`client.get("/")` gives a response with `status_code`, `headers` and `json()`."""
    surrounded = surround(application)

    def on_the_wire(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # WSGI carries the path's bytes as latin-1; this transport has decoded them already.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        answer: Iterable[bytes] = surrounded(environ, start_response)
        return answer

    transport = httpx2.WSGITransport(on_the_wire)
    with httpx2.Client(transport=transport, base_url="http://testserver") as client:
        yield client
