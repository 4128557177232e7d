"""The server listens where the definition says, or on the socket that it inherits, or says why it cannot."""

import grp
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

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
    listener = listening.open_listener(definition(PORT=str(port)))
    with listener.socket as bound:
        assert bound.getsockname() == ("127.0.0.1", port)
        assert bound.get_inheritable()


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1:{}"), ("::1", "[::1]:{}"), ("[::]", "[::]:{}")])
def test_its_address_is_written_as_one(host: str, shown: str) -> None:
    port = free_port()
    listener = listening.open_listener(definition(SERVER_HOST=host, PORT=str(port)))
    with listener.socket:
        assert listener.address() == shown.format(port)


def test_a_socket_file_has_its_mode_and_its_group(tmp_path: Path) -> None:
    file, group = tmp_path / "orders.sock", grp.getgrgid(os.getgid()).gr_name
    for words, mode in (("", 0o660), (f",mode=600,group={group}", 0o600)):
        listener = listening.open_listener(definition(SERVER_HOST=f"unix:{file}{words}"))
        with listener.socket as bound:
            bound.listen()
            found = file.stat()

            assert listener.address() == f"unix:{file}"
            assert (stat.S_IMODE(found.st_mode), found.st_gid) == (mode, os.getgid())
            assert refuse(listening.open_listener, definition(SERVER_HOST=f"unix:{file}")).startswith(f"Host unix:{file} cannot")


@pytest.mark.parametrize("said", ["file", "no/orders.sock", "orders.sock,group=no-such-group", "x" * 200])
def test_a_socket_file_that_cannot_be_made_is_refused_by_the_hosts_name(said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    text = refuse(listening.open_listener, definition(SERVER_HOST=f"unix:{tmp_path}/{said}"))

    assert text.startswith(f"Host unix:{tmp_path}/{said} cannot be used.")
    assert text.endswith("Change SERVER_HOST.")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_a_port_in_use_is_refused_with_its_source() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = refuse(listening.open_listener, definition(PORT=str(port)))

    assert text.startswith(f"Port {port} cannot be used.")
    assert f"PORT={port}   127.0.0.1:{port}" in text
    assert "Address already in use" in text
    assert text.endswith("Stop what holds it, or choose another: `PORT=8001 …`.")


def test_an_address_that_is_not_of_this_machine_is_refused_as_such() -> None:
    text = refuse(listening.open_listener, definition(SERVER_HOST="192.0.2.1"))

    assert text.startswith("Host 192.0.2.1 cannot be used.")
    assert text.endswith("Change SERVER_HOST.")


def test_a_socket_of_gunicorns_predecessor_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port = passed.getsockname()[1]
        monkeypatch.setenv("GUNICORN_FD", str(os.dup(passed.fileno())))

        listener = listening.open_listener(definition(PORT=str(port)))
        with listener.socket as bound:
            assert bound.getsockname()[1] == port
            assert listener.address() == f"127.0.0.1:{port} (inherited)"


def test_variables_for_another_process_are_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getppid()))
    monkeypatch.setenv("LISTEN_FDS", "1")

    listener = listening.open_listener(definition(PORT=str(free_port())))
    with listener.socket:
        assert not listener.inherited


def test_several_sockets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "2")
    text = refuse(listening.open_listener, definition())

    assert text.startswith("The service takes one listening socket.")
    assert "LISTEN_FDS   2" in text


@pytest.mark.parametrize(
    "variables",
    [{"GUNICORN_FD": "abc"}, {"GUNICORN_FD": "999"}, {"GUNICORN_FD": "0"}, {"GUNICORN_FD": "9" * 20}, {"GUNICORN_FD": "3,4"}],
    ids=["no number", "not open", "no socket", "beyond all", "several"],
)
def test_a_predecessors_socket_that_is_not_there_is_refused(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    text = refuse(listening.open_listener, definition())

    assert text.startswith("No socket of a predecessor is there.")
    assert f"GUNICORN_FD    {variables['GUNICORN_FD']}" in text


@pytest.mark.parametrize("said", ["abc", "-1", "1"])
def test_a_passed_socket_that_is_not_there_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", said)
    monkeypatch.setattr(listening, "FIRST", 999)

    assert f"LISTEN_FDS   {said}" in refuse(listening.open_listener, definition())
