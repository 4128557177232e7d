"""An nginx file is read as nginx reads it: blocks, quotes, comments, units."""

import pytest

from lockstep_tool.files.nginx_file import Directive, parse, seconds, size

TEXT = """\
# listen 1;
http { # of all
    log_format line '{"a": "b;c"}';
    upstream service { server a:8000; }
    server {
        listen
            8080;
        if ($x) { return 404; }
    }
}
"""


def test_directives_have_their_block_and_line() -> None:
    found = list(parse("nginx.conf", TEXT))

    assert Directive("nginx.conf", 4, ("http", "upstream"), "server", ("a:8000",)) in found
    assert Directive("nginx.conf", 6, ("http", "server"), "listen", ("8080",)) in found
    assert Directive("nginx.conf", 3, ("http",), "log_format", ("line", '{"a": "b;c"}')) in found
    assert [one.name for one in found].count("listen") == 1


@pytest.mark.parametrize(("word", "value"), [("35s", 35), ("500ms", 0.5), ("1m", 60), ("60", 60), ("$time", None)])
def test_times_are_seconds(word: str, value: float | None) -> None:
    assert seconds(word) == value


@pytest.mark.parametrize(("word", "value"), [("10m", 10 * 2**20), ("64K", 64 * 2**10), ("8000", 8000), ("$size", None)])
def test_sizes_are_bytes(word: str, value: float | None) -> None:
    assert size(word) == value
