"""The service is set up from its environment, and a bad value is told, not thrown."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import httpx2
import pytest
from pydantic import Field, SecretStr, create_model


@pytest.fixture
def moin(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{prefix}GREETING", "Moin")


@pytest.mark.usefixtures("moin")
def test_a_variable_changes_a_setting(client: httpx2.Client) -> None:
    assert client.get("/hello/Ada").json() == {"message": "Moin, Ada!"}


def test_an_empty_variable_means_the_default(entry: EntryPoint, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{prefix}LOG_LEVEL", "")

    assert entry.load()()


@pytest.mark.parametrize("announced", ["app", "logs"])
def test_bad_values_stop_the_service_with_a_message_that_names_them_all(
    announced: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{prefix}LOG_LEVEL", "LOUD")
    monkeypatch.setenv(f"{prefix}GREETING", "x" * 41)
    [entry] = entry_points(group="lockstep_serve", name=announced)
    with pytest.raises(SystemExit) as stop:
        entry.load()()

    wrong, where, remedy = str(stop.value).split("\n\n")
    assert wrong.startswith("The settings")
    assert f"{prefix}LOG_LEVEL   'LOUD'   <- Input should be 'DEBUG'" in where
    assert f"{prefix}GREETING" in where
    assert "start again" in remedy


def test_a_bad_secret_is_named_but_never_printed(package: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = import_module(f"{package}.settings")
    token = (SecretStr, Field(min_length=8))
    more = create_model("More", __base__=settings.Settings, token=token)
    monkeypatch.setattr(settings, "Settings", more)
    monkeypatch.setenv(f"{prefix}TOKEN", "hunter2")
    with pytest.raises(SystemExit) as stop:
        settings.read_settings()

    assert f"{prefix}TOKEN   (hidden)" in str(stop.value)
    assert "hunter2" not in str(stop.value)
