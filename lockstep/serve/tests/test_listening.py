"""The server listens where the definition says, or on the socket that it inherits, or says why it cannot."""

import os
import socket
from collections.abc import Callable

import pytest

from lockstep_serve import listening
from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.errors import Refusal
from running import free_port
from services import DEFINITIONS


@pytest.fixture(autouse=True)
def nothing_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GUNICORN_FD", "LISTEN_FDS", "LISTEN_PID"):
        monkeypatch.delenv(name, raising=False)


def definition(**environment: str) -> Definition:
    return read_definition(DEFINITIONS / "uvicorn.toml", {"SERVER_HOST": "127.0.0.1", **environment})


def refuse(act: Callable[[Definition], object], stated: Definition) -> str:
    with pytest.raises(Refusal) as refused:
        act(stated)
    return str(refused.value)


def test_it_binds_what_the_definition_says() -> None:
    port = free_port()
    with listening.listener(definition(PORT=str(port))) as bound:
        assert bound.getsockname() == ("127.0.0.1", port)
        assert bound.get_inheritable()


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000")])
def test_its_address_is_written_as_one(host: str, shown: str) -> None:
    assert listening.address(definition(SERVER_HOST=host)) == shown


def test_a_port_in_use_is_refused_with_its_source() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = refuse(listening.refuse_taken_port, definition(PORT=str(port)))

    assert text.startswith(f"Port {port} cannot be used.")
    assert f"PORT={port}   127.0.0.1:{port}" in text
    assert "Address already in use" in text
    assert text.endswith("Stop what holds it, or choose another: `PORT=8001 …`.")


def test_an_address_that_is_not_of_this_machine_is_refused_as_such() -> None:
    text = refuse(listening.listener, definition(SERVER_HOST="192.0.2.1"))

    assert text.startswith("Host 192.0.2.1 cannot be used.")
    assert text.endswith("Change SERVER_HOST.")


def test_a_socket_of_gunicorns_predecessor_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port = passed.getsockname()[1]
        monkeypatch.setenv("GUNICORN_FD", str(os.dup(passed.fileno())))

        assert listening.address(definition()) == f"127.0.0.1:{port} (inherited)"
        listening.refuse_taken_port(definition(PORT=str(port)))
        with listening.listener(definition()) as bound:
            assert bound.getsockname()[1] == port


def test_variables_for_another_process_are_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getppid()))
    monkeypatch.setenv("LISTEN_FDS", "1")

    assert listening.address(definition()) == "127.0.0.1:8000"


def test_several_sockets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "2")
    text = refuse(listening.listener, definition())

    assert text.startswith("The service takes one listening socket.")
    assert "LISTEN_FDS   2" in text


@pytest.mark.parametrize(
    "variables",
    [{"GUNICORN_FD": "abc"}, {"GUNICORN_FD": "999"}, {"GUNICORN_FD": "0"}, {"GUNICORN_FD": "3,4"}],
    ids=["no number", "not open", "no socket", "several"],
)
def test_a_predecessors_socket_that_is_not_there_is_refused(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    text = refuse(listening.listener, definition())

    assert text.startswith("No socket of a predecessor is there.")
    assert f"GUNICORN_FD    {variables['GUNICORN_FD']}" in text


@pytest.mark.parametrize("said", ["abc", "-1", "1"])
def test_a_passed_socket_that_is_not_there_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", said)
    monkeypatch.setattr(listening, "FIRST", 999)

    assert f"LISTEN_FDS   {said}" in refuse(listening.listener, definition())
