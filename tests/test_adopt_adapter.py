"""What an adopted application prints comes out as lines of JSON."""

import io
import json
import logging
from types import ModuleType

import pytest

from adopting import adapter_asgi, adapter_wsgi

both = pytest.mark.parametrize("adapter", [adapter_asgi, adapter_wsgi], ids=["asgi", "wsgi"])


@both
def test_what_is_printed_is_json(adapter: ModuleType) -> None:
    stream = io.StringIO()
    printed = adapter.Printed(stream, "INFO")

    print("an order", 'with "quotes"\nand a second line', file=printed)
    print('{"level": "INFO", "message": "its own"}', file=printed)
    print("begun, ", end="", file=printed, flush=True)
    print("ended", file=printed)
    print(file=printed)
    records = [json.loads(line) for line in stream.getvalue().splitlines()]

    said = ['an order with "quotes"', "and a second line", "its own", "begun, ended"]
    assert [record["message"] for record in records] == said
    assert [record.get("logger") for record in records] == ["printed", "printed", None, "printed"]


@both
def test_a_handler_that_writes_there_is_json(adapter: ModuleType) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(adapter.Printed(stream, "WARNING"))
    handler.emit(logging.makeLogRecord({"msg": "Not Found: /x"}))

    assert json.loads(stream.getvalue())["level"] == "WARNING"
