"""The server definition says what it means, or why it cannot be used."""

from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_serve.definition import read

GOOD = """\
# where to listen
port = { default = 8000, env = "PORT" }
drain_lead = { default = 2, env = "SERVER_DRAIN_LEAD" }
drain = { default = 20, env = "SERVER_DRAIN" }
grace = { default = 30, env = "SERVER_GRACE" }
"""
WANTED = frozenset({"port", "drain_lead", "drain", "grace"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(GOOD)
    return path


def test_a_value_comes_from_the_file(file: Path) -> None:
    definition = read(file, WANTED, {})

    assert definition.port == 8000
    assert definition.values["port"].voice == "server.toml:2"


def test_the_variable_wins_and_is_named(file: Path) -> None:
    definition = read(file, WANTED, {"PORT": "9000"})

    assert definition.port == 9000
    assert definition.values["port"].voice == "PORT=9000"


@pytest.mark.parametrize("said", ["eighty", "-1", "0", "70000", "8000.5", "true"])
def test_a_wrong_value_names_the_file_the_line_and_the_variable(file: Path, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(file, WANTED, {"PORT": said})

    text = str(refused.value)
    assert "`port` must be a whole number from 1 to 65535" in text
    assert "server.toml:2" in text
    assert said in text
    assert text.endswith("Change PORT.")


def test_a_drain_above_the_grace_is_refused(file: Path) -> None:
    with pytest.raises(Refusal, match="killed while it drains") as refused:
        read(file, WANTED, {"SERVER_DRAIN": "29"})

    assert "SERVER_DRAIN=29" in str(refused.value)
    assert "at least 33 s" in str(refused.value)


def test_an_unknown_name_is_not_ignored(file: Path) -> None:
    file.write_text(GOOD + 'prot = { default = 1, env = "PROT" }\n')

    with pytest.raises(Refusal, match="does not fit") as refused:
        read(file, WANTED, {})
    assert "server.toml:6" in str(refused.value)


def test_a_missing_name_is_not_assumed(file: Path) -> None:
    file.write_text(GOOD.replace("port =", "# port ="))

    with pytest.raises(Refusal, match="does not fit") as refused:
        read(file, WANTED, {})
    assert "port is missing" in str(refused.value)


def test_a_file_that_is_no_toml_is_refused(file: Path) -> None:
    file.write_text("port = ")

    with pytest.raises(Refusal, match="cannot be read"):
        read(file, WANTED, {})
