"""Servers are measured in turns and end with it; one that does not start is named and spoils no other."""

import re
import sys
from html.parser import HTMLParser

import psutil
import pytest

from lockstep_tool.bench.advice import recommend_model
from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.comparing import compare_candidates
from lockstep_tool.bench.machine import describe_machine
from lockstep_tool.bench.measuring import Cell, Sample, choose_cells, summarize_cell
from lockstep_tool.bench.page import render_page
from lockstep_tool.bench.running import Running
from lockstep_tool.updating.progress import Progress

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def candidate(name: str, program: str) -> Candidate:
    return Candidate(name, [sys.executable, "-c", program, "{port}"], {}, {"own": ["/"], "plain": ["/health/live"]})


def test_who_serves_is_measured_and_who_does_not_is_named() -> None:
    missing: dict[str, str] = {}
    good, bad = candidate("good", SERVER), candidate("bad", 'raise SystemExit("planted: it does not start")')
    with Progress() as progress:
        found = compare_candidates([good, bad], 0.6, progress, missing, quick=True, chosen=[Cell("own", 4), Cell("plain", 2)])

    assert set(found["models"]) == {"good"}
    assert re.search(r"ended with exit code 1: .*planted: it does not start", missing["bad"])
    cells = found["models"]["good"]["cells"]
    assert [(cell["endpoint"], cell["failed"], cell["refused"]) for cell in cells] == [("own", 0, 0), ("plain", 0, 0)]
    assert min(cell["rate"] for cell in cells) > 0
    assert min(found["models"]["good"]["memory_mb"]["one"], found["models"]["good"]["ready_s"]) > 0
    assert found["models"]["good"]["restart"] == {}  # it is no service, so none was tried


def test_a_server_and_its_children_end_with_its_context() -> None:
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SERVER!r}, sys.argv[1]]).wait()"
    with Running(candidate("parent", program)) as server:
        server.wait_until_ready()
        processes = server.list_processes()
    _, alive = psutil.wait_procs(processes, timeout=10)

    assert len(processes) > 1
    assert not alive


def test_a_quick_run_has_fewer_cells_of_the_same_endpoints() -> None:
    quick, usual = choose_cells(quick=True), choose_cells(quick=False)

    assert len(quick) < len(usual)
    assert {cell.endpoint for cell in quick} == {cell.endpoint for cell in usual}


def test_who_still_waits_counts_among_the_slow() -> None:
    sample = Sample(served=[1.0] * 98, unanswered=[900.0, 900.0], rates=[50.0, 70.0], refused=3, failed=0, cpu=0.98)
    summary = summarize_cell(Cell("own", 8), sample)

    assert (summary["rate"], summary["p50_ms"], summary["p99_ms"]) == (60.0, 1.0, 900.0)
    assert (summary["served"], summary["refused"], summary["cpu_ms"]) == (98, 3, 10.0)


@pytest.fixture
def page() -> str:
    def model(rate: float) -> dict[str, object]:
        cells = [
            summarize_cell(Cell(endpoint, number), Sample(served=[5.0] * 10, rates=[rate]))
            for endpoint in ("own", "wait")
            for number in (4, 16)
        ]
        restart = {"kind": "reload", "sent": 100, "lost": 0, "stall_s": 0.01, "faults": []}
        memory = {"one": 30.0, "further": 10.0}
        return {"cells": cells, "restart": restart, "memory_mb": memory, "ready_s": 0.3, "workers": 2}

    facts = {
        "models": {"uvicorn": model(50), "gunicorn-asgi": model(100)},
        "not_measured": {"gunicorn-uvicorn": "no <answer>"},
        "model": "uvicorn",
        "work": "awaits",
        "own_paths": ["/"],
        "machine": describe_machine("3.13.1"),
        "load": {"locust": "2", "processes": 1, "rounds": 1, "seconds": 0.5},
    }
    return render_page({**facts, "recommendation": recommend_model(facts)}, "orders-api: which server model?")


@pytest.mark.parametrize(
    ("rates", "spread"),
    [
        pytest.param([100.0], None, id="one round tells nothing"),
        pytest.param([90.0, 110.0], 0.2, id="two, and both count"),
        pytest.param([40.0, 100.0, 104.0], 0.04, id="one that the machine disturbed"),
        pytest.param([40.0, 100.0, 160.0, 100.0, 60.0], 0.6, id="more than one of them"),
        pytest.param([0.0, 0.0], None, id="nothing was served"),
    ],
)
def test_one_disturbed_round_of_three_does_not_count(rates: list[float], spread: float | None) -> None:
    assert summarize_cell(Cell("own", 8), Sample(served=[5.0], rates=rates))["spread"] == spread


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    HTMLParser().feed(page)

    assert page.count("<svg") == 3
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", page)
    assert len(page.encode()) < 500_000


def test_the_page_says_what_to_do_and_what_was_not_measured(page: str) -> None:
    assert "Use gunicorn-asgi. This service has uvicorn; `update -- --server gunicorn-asgi` switches it." in page
    assert "<strong>gunicorn-uvicorn</strong>: no &lt;answer&gt;" in page
