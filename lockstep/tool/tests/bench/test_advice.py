"""The recommendation follows its rule: who loses a request is out, near the best is equal, and among equals one stays."""

from typing import Any

import pytest

from lockstep_tool.bench.advice import recommend_model


def figures(own: float, wait: float, p99: float = 10.0, spread: float = 0.02, **more: Any) -> dict[str, Any]:
    def cell(endpoint: str, rate: float) -> dict[str, Any]:
        times = {"p50_ms": 5.0, "p99_ms": p99}
        return {"endpoint": endpoint, "connections": 8, "rate": rate, "spread": spread, **times, "served": 100, "failed": 0}

    restart = {"kind": "reload", "sent": 500, "lost": 0, "stall_s": 0.02}
    return {"cells": [cell("own", own), cell("wait", wait)], "restart": restart, **more}


def document(models: dict[str, Any], model: str = "a", work: str = "awaits") -> dict[str, Any]:
    return {"models": models, "model": model, "work": work}


@pytest.mark.parametrize(
    ("models", "recommended"),
    [
        pytest.param({"a": figures(95, 95), "b": figures(100, 100)}, "a", id="the present one, within a tenth"),
        pytest.param({"a": figures(50, 50), "b": figures(100, 100)}, "b", id="the faster one"),
        pytest.param(
            {"a": figures(70, 70, spread=0.4), "b": figures(100, 100)}, "a", id="the present one, within what rounds differ by"
        ),
        pytest.param({"a": figures(50, 50, spread=0.7), "b": figures(100, 100)}, None, id="none from noise"),
        pytest.param({"a": figures(50, 50, spread=0.7)}, "a", id="the only one, however uncertain"),
        pytest.param(
            {"a": figures(50, 50), "b": figures(100, 100, p99=20), "c": figures(95, 95, p99=8)}, "c", id="the lower p99 of equals"
        ),
        pytest.param(
            {"a": figures(50, 50), "b": figures(100, 100, restart={"kind": "reload", "sent": 500, "lost": 1})},
            "a",
            id="not one that loses a request",
        ),
        pytest.param({"a": figures(1, 1, restart={"kind": "reload", "sent": 5, "lost": 5})}, None, id="none"),
    ],
)
def test_one_model_is_recommended_by_the_rule(models: dict[str, Any], recommended: str | None) -> None:
    assert recommend_model(document(models))["model"] == recommended


def test_the_reasons_are_in_figures() -> None:
    lossy = figures(100, 100, restart={"kind": "reload", "sent": 500, "lost": 3})
    because = recommend_model(document({"a": figures(1000, 900, needs="a proxy", workers=1), "b": lossy}))["because"]

    assert because[0].startswith("a serves 1,000 requests/s on its own paths (8 at once, half within 5 ms")
    assert "Sure to within 10%: rounds of one model differ by up to 2%." in because
    assert "Its reload lost none of 500 requests; the longest wait was 20 ms." in because
    assert "b is out: its reload lost 3 of 500 requests." in because
    assert "It needs a proxy." in because


def test_who_measures_noise_is_told_what_to_do() -> None:
    because = recommend_model(document({"a": figures(50, 50, spread=0.7), "b": figures(100, 100)}))["because"]

    assert because[0] == "Nothing is recommended from noise: rounds of one model differ by 70%."
    assert "--seconds 600" in because[1]
