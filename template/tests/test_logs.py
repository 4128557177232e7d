"""One JSON object a line on stdout, with the id of the request that it belongs to."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

import httpx2
import pytest

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log as the server sets it up; gives what was logged since, parsed."""
    [entry] = entry_points(group="lockstep_serve", name="logs")
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    stdout = io.StringIO()
    with redirect_stdout(stdout):
        logging.config.dictConfig(entry.load()())
    logging.getLogger("httpx2").setLevel("WARNING")
    yield lambda: [json.loads(line) for line in stdout.getvalue().splitlines()]
    root.level, root.handlers[:] = before


def test_a_request_logs_one_access_line(lines: Lines, client: httpx2.Client) -> None:
    client.get("/hello/Ada?token=hunter2", headers={"X-Request-ID": "abc"})

    [line] = [line for line in lines() if line["logger"] == "access"]
    assert line["duration_ms"] >= 0
    assert (line["method"], line["path"], line["status"]) == ("GET", "/hello/Ada", 200)
    assert (line["level"], line["request_id"]) == ("INFO", "abc")
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None
    assert "hunter2" not in str(line)


def test_a_path_is_logged_as_text_and_cannot_forge_a_line(lines: Lines, client: httpx2.Client) -> None:
    client.get("/hello/J%C3%BCrgen%0a%7B%22level%22:%22ERROR%22%7D")

    [line] = lines()
    assert line["path"] == '/hello/Jürgen\n{"level":"ERROR"}'


def test_what_is_logged_during_a_request_has_its_id(lines: Lines, client: httpx2.Client, application: Any) -> None:
    @application.get("/speaks")  # type: ignore[untyped-decorator]  # either framework's
    def speaks() -> dict[str, str]:
        logging.getLogger("orders").warning("low stock", extra={"left": 3, "request_id": "another"})
        return {}

    client.get("/speaks", headers={"X-Request-ID": "abc"})

    [line] = [line for line in lines() if line["logger"] == "orders"]
    assert (line["message"], line["left"], line["request_id"]) == ("low stock", 3, "abc")
    assert line["request_id_"] == "another"


def test_a_bug_is_one_line_with_its_traceback(lines: Lines, client: httpx2.Client, application: Any) -> None:
    @application.get("/fails")  # type: ignore[untyped-decorator]  # either framework's
    def fails() -> None:
        raise RuntimeError("no stock")

    client.get("/fails", headers={"X-Request-ID": "abc"})

    error, access = lines()
    assert (error["level"], error["request_id"], access["status"]) == ("ERROR", "abc", 500)
    assert error["exception"].endswith("RuntimeError: no stock")


HELD: list[object] = []
HELD.append(HELD)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"left": float("nan")}, "nan", id="no number"),
        pytest.param({"left": [float("-inf")]}, ["-inf"], id="infinity, nested"),
        pytest.param({"left": {("a", 1): 2, None: 3}}, {"('a', 1)": 2, "None": 3}, id="keys that are no text"),
        pytest.param({"left": {1}}, "{1}", id="a set"),
        pytest.param({"left": 1j}, "1j", id="anything"),
        pytest.param({"left": 10**5000}, hex(10**5000), id="a number that is too long for decimals"),
        pytest.param({"left": datetime(2026, 1, 31, tzinfo=UTC)}, "2026-01-31T00:00:00+00:00", id="a moment"),
    ],
)
def test_whatever_is_given_is_one_line_of_json(lines: Lines, given: dict[str, object], expected: object) -> None:
    logging.getLogger("orders").warning("low stock", extra=given)

    [line] = lines()
    assert (line["message"], line["left"]) == ("low stock", expected)


class Mute:
    """It fails to say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError


def test_what_cannot_be_said_does_not_lose_the_line(lines: Lines) -> None:
    log = logging.getLogger("orders")
    log.warning(Mute())
    log.warning("low stock", extra={"left": Mute(), "names": {Mute(): 3}})

    first, second = lines()
    assert first["message"].startswith("<Mute: RuntimeError>")
    assert (second["message"], second["names"]) == ("low stock", {"<Mute: RuntimeError>": 3})


def test_what_holds_itself_is_one_line_too(lines: Lines) -> None:
    logging.getLogger("orders").warning("low stock", extra={"held": HELD})

    [line] = lines()
    assert line["message"] == "low stock"


def test_what_is_given_does_not_replace_the_records_own(lines: Lines) -> None:
    log = logging.getLogger("orders")
    log.warning("low stock", extra={"level": "DEBUG", "timestamp": 0, "logger": "x"})
    log.warning({"level": "DEBUG", "message": "low stock", "left": 3})

    for line in lines():
        assert (line["level"], line["logger"], line["level_"]) == ("WARNING", "orders", "DEBUG")
        assert datetime.fromisoformat(line["timestamp"])
    assert lines()[1]["left"] == 3


def test_arguments_that_do_not_fit_do_not_lose_the_line(lines: Lines) -> None:
    logging.getLogger("orders").warning("%d left", "three")

    [line] = lines()
    assert line["message"].startswith("%d left")


@pytest.mark.parametrize("server", ["uvicorn.error", "gunicorn.error"])
def test_the_server_logs_in_the_same_shape(lines: Lines, server: str) -> None:
    logging.getLogger(server).info("started", extra={"color_message": "\x1b[1mstarted"})

    [line] = lines()
    assert (line["logger"], line["message"]) == (server, "started")
    assert sorted(line) == ["level", "logger", "message", "timestamp"]


@pytest.mark.parametrize("server", ["uvicorn.access", "gunicorn.access"])
def test_the_server_logs_no_access_line_of_its_own(lines: Lines, server: str) -> None:
    logging.getLogger(server).info("GET / 200")

    assert lines() == []
