"""`bench` measures the server models of a rendered service side by side, and says which model to use.

What it measures and how it chooses is shown on small servers and trees, in lockstep/tool/tests/bench.
"""

import json
from typing import Any

import pytest

from conftest import Render, committed
from services import Service

TINY = ("--quick", "--seconds", "6")


@pytest.fixture(scope="module")
def service(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Service:
    answers = {"project_name": "orders-api", "framework": "fastapi", "server": "uvicorn", "deploy": []}
    return committed(render(answers)).copy(tmp_path_factory.mktemp("bench") / "service")


def test_two_models_are_measured_side_by_side_and_judged(service: Service) -> None:
    done = service.run("uv", "run", "--quiet", "noxfile.py", "-s", "bench", "--", *TINY, "--models", "uvicorn,gunicorn-asgi")

    assert done.returncode == 0, done.stdout
    document: dict[str, Any] = json.loads((service.path / ".nox" / "report" / "bench.json").read_text())
    assert set(document["models"]) == {"uvicorn", "gunicorn-asgi"}, done.stdout
    assert document["not_measured"] == {}
    for model in document["models"].values():
        assert {cell["endpoint"] for cell in model["cells"]} == {"own", "plain", "wait", "block", "compute"}
        assert nothing_in(model["cells"]) == []
        assert min(model["ready_s"], model["memory_mb"]["one"], model["memory_mb"]["further"]) > 0
        assert model["restart"]["sent"] > 0
        assert model["restart"]["stall_s"] > 0
    assert document["recommendation"]["model"] in {*document["models"], None}  # none where the machine is too busy to tell
    assert f"recommended: {str(document['recommendation']['model']).replace('None', 'none')}" in done.stdout
    assert (service.path / ".nox" / "report" / "bench.html").read_text().count("<svg") == 3


def nothing_in(cells: list[dict[str, Any]]) -> list[str]:
    """What came to nothing in every cell: in a single one of a fraction of a second, a busy machine may answer nobody."""
    return [name for name in ("rate", "p50_ms", "p99_ms", "cpu_ms") if not max(cell[name] for cell in cells) > 0]
