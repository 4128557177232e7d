"""The server definition says what it means, or why it cannot be used."""

import copy
import tomllib
from pathlib import Path

import pytest

from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.errors import Refusal
from lockstep_serve.kinds import KINDS
from services import DEFINITIONS, MODELS

# One value that each kind refuses, and one of its edges that it takes.
BAD = {
    "host": ("0.0.0.0:80", "::1"),
    "port": ("http", "65535"),
    "root_path": ("orders", "/orders/v1"),
    "backlog": ("0", "1"),
    "workers": ("many", "auto"),
    "threads": ("1025", "1024"),
    "queue": ("-1", "0"),
    "concurrency": ("1.5", "1"),
    "request_timeout": ("soon", "3600"),
    "loop_stall": ("nan", "0.01"),
    "keep_alive": ("-1", "1"),
    "max_headers": ("7", "8"),
    "max_header_bytes": ("65536", "256"),
    "max_body_bytes": ("10 MB", "0"),
    "max_requests": ("true", "0"),
    "max_requests_jitter": ("--5", "5"),
    "drain_lead": ("inf", "1.5"),
    "drain": ("0", "25"),
    "grace": ("7201", "7200"),
    "trusted_proxies": ("proxy", "10.0.0.0/8, ::1"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A definition of gunicorn-gthread, which no other needs more values than."""
    path = tmp_path / "server.toml"
    path.write_text((DEFINITIONS / "gunicorn-gthread.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def refuse(path: Path, **environment: str) -> str:
    with pytest.raises(Refusal) as refused:
        read_definition(path, environment)
    assert refused.value.code == 1
    return str(refused.value)


def line_of(path: Path, start: str) -> int:
    return [line.startswith(start) for line in path.read_text(encoding="utf-8").splitlines()].index(True) + 1


def substitute(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("model", MODELS)
def test_the_definition_of_each_model_is_good_and_states_its_values(model: str) -> None:
    path = DEFINITIONS / f"{model}.toml"
    definition = read_definition(path, {})

    assert next(iter(tomllib.loads(path.read_text(encoding="utf-8")))) == "model"
    assert definition.model.name == model
    assert set(definition.values) == definition.model.values
    assert definition.port == 8000
    assert definition.values["port"].source == f"{model}.toml:{line_of(path, 'port')}"


def test_every_kind_is_tried_here_and_used_by_a_model() -> None:
    used = {name for model in MODELS for name in read_definition(DEFINITIONS / f"{model}.toml", {}).values}

    assert set(BAD) == set(KINDS) == used


def test_the_variable_wins_and_is_named(file: Path) -> None:
    value = read_definition(file, {"PORT": "9000"}).values["port"]

    assert (value.value, value.env, value.source) == (9000, "PORT", "PORT=9000")


def test_an_empty_variable_is_unset(file: Path) -> None:
    assert read_definition(file, {"PORT": " "}).port == 8000


def test_blanks_around_a_value_are_none_of_it(file: Path) -> None:
    assert read_definition(file, {"WEB_CONCURRENCY": "auto "}).values["workers"].value == "auto"


def any_definition(name: str, **environment: str) -> Definition:
    """A definition that has this value."""
    model = next(model for model in MODELS if name in read_definition(DEFINITIONS / f"{model}.toml", {}).values)
    return read_definition(DEFINITIONS / f"{model}.toml", environment)


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_variable_is_refused_in_three_parts(name: str) -> None:
    stated = any_definition(name).values[name]
    with pytest.raises(Refusal) as refused:
        any_definition(name, **{stated.env: BAD[name][0]})

    text = str(refused.value)
    assert text.startswith(f"`{name}` must be {KINDS[name].expected}.\n\n")
    assert f"  {stated.source} " in text
    assert f"  {stated.env} " in text
    assert BAD[name][0] in text
    assert text.endswith(f"\n\nChange {stated.env}.")


@pytest.mark.parametrize("name", BAD)
def test_a_good_variable_is_taken(name: str) -> None:
    env = any_definition(name).values[name].env
    definition = any_definition(name, **{env: BAD[name][1]})

    assert str(definition.values[name].value).replace(",", ", ") == BAD[name][1]


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("::", "::"),
        ("[::1]", "::1"),
        ("localhost", "localhost"),
        ("unix:/run/orders.sock", "unix:/run/orders.sock"),
        ("unix:/run/orders.sock,mode=0600,group=www-data", "unix:/run/orders.sock,mode=0600,group=www-data"),
    ],
)
def test_a_host_is_an_address_a_name_or_a_socket_file(said: str, taken: str) -> None:
    assert any_definition("host", SERVER_HOST=said).host == taken


@pytest.mark.parametrize(
    "said",
    [
        *("[::1", "::1:8000:x", "300.1.1.1", "1.2.3", "localhost:8000", "http://localhost", "two words", "-"),
        *("unix:", "unix:run/orders.sock", "unix:/run/orders.sock,mode=999", "unix:/run/orders.sock,user=me", "/run/orders.sock"),
    ],
)
def test_another_host_is_refused_by_its_own_name(said: str) -> None:
    with pytest.raises(Refusal) as refused:
        any_definition("host", SERVER_HOST=said)

    text = str(refused.value)
    assert text.startswith("`host` must be an address without a port, such as 0.0.0.0 or ::, or unix:/PATH")
    assert ["SERVER_HOST", said] in [line.split(maxsplit=1) for line in text.splitlines()]
    assert text.endswith("Change SERVER_HOST.")
    assert "PORT" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [("default = 8000", "default = 0"), ('default = "0.0.0.0"', "default = 0"), ('default = "auto"', "default = [2]")],
    ids=["port", "host", "workers"],
)
def test_a_wrong_default_names_its_line(file: Path, old: str, new: str) -> None:
    substitute(file, old, new)
    name = {"default = 0": "port", "default = [2]": "workers"}[new] if "0.0.0.0" not in old else "host"
    text = refuse(file)

    assert text.startswith(f"`{name}` must be ")
    assert text.endswith(f"Change server.toml:{line_of(file, f'{name} =')}.")


def test_a_bare_value_is_refused_with_the_way_to_write_it(file: Path) -> None:
    substitute(file, 'port = { default = 8000, env = "PORT" }', "port = 8000")
    text = refuse(file)

    assert text.startswith("`port` is not stated as a default and its variable.")
    assert f"server.toml:{line_of(file, 'port')}   8000" in text
    assert 'Write `port = { default = …, env = "VARIABLE" }`.' in text


def test_a_model_that_there_is_not_is_refused_with_those_that_there_are(file: Path) -> None:
    substitute(file, 'model = "gunicorn-gthread"', 'model = "gunicorn-threads"')
    text = refuse(file)

    assert text.startswith("There is no server model of this name.")
    assert f"server.toml:{line_of(file, 'model')}   model = 'gunicorn-threads'" in text
    assert ", ".join(MODELS) in text


def test_a_definition_without_a_model_is_refused(file: Path) -> None:
    substitute(file, 'model = "gunicorn-gthread"', "")

    assert refuse(file).startswith("The server model is not stated.")


def test_a_value_of_another_model_is_not_ignored(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + 'loop_stall = { default = 1, env = "STALL" }\n', encoding="utf-8")
    text = refuse(file)

    assert text.startswith("The server definition does not fit the server model.")
    assert f"server.toml:{line_of(file, 'loop_stall')}   loop_stall means nothing here" in text
    assert "gunicorn-gthread reads: backlog, " in text
    assert "`uv run noxfile.py -s update -- --server gunicorn-gthread`." in text


def test_a_missing_value_is_not_assumed(file: Path) -> None:
    substitute(file, "\nthreads =", "\n# threads =")

    assert "threads is missing: a whole number of threads from 1 to 1024" in refuse(file)


def test_a_drain_above_the_grace_is_refused(file: Path) -> None:
    text = refuse(file, SERVER_DRAIN="29")

    assert text.startswith("The service would be killed while it drains.")
    assert "SERVER_DRAIN=29" in text
    assert "Make the grace at least 33 s" in text


@pytest.mark.parametrize("content", [b"port = ", b"\xff", None], ids=["no TOML", "no UTF-8", "no file"])
def test_a_file_that_cannot_be_read_is_refused(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)

    assert refuse(file).startswith("The server definition cannot be read.")


def test_a_definition_can_be_copied_and_has_no_other_names(file: Path) -> None:
    definition = copy.copy(read_definition(file, {}))

    assert definition.port == 8000
    assert not hasattr(definition, "loop_stall")
