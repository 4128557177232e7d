"""Where uvicorn has changed below our protocol, its own serves, and a line of log says so."""

import logging

import pytest

from lockstep_serve.on_uvicorn import http_protocol


def test_ours_is_chosen_with_the_locked_uvicorn() -> None:
    assert http_protocol.protocol() is http_protocol.DrainingProtocol


def test_uvicorns_own_is_chosen_loudly_where_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_protocol, "LEANS_ON", (*http_protocol.LEANS_ON, "on_everything"))

    assert http_protocol.protocol() == "auto"
    assert [(record.name, record.levelno) for record in caplog.records] == [("lockstep.http", logging.ERROR)]
    assert "'on_everything'" in caplog.text
