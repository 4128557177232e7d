"""`bench` makes the same service with another server model from a copy of the checkout, which it leaves alone."""

from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.bench.siblings import Siblings
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.wheels import judge_wheels
from tiny_template import commit


def test_a_sibling_has_the_other_model_and_what_is_not_committed(service: Path, tmp_path: Path) -> None:
    (service / "src" / "orders_api" / "ours.py").write_text("OURS = 1\n")
    before = git(service, "status", "--porcelain")
    siblings = Siblings.begin(service, tmp_path / "siblings", None)
    other = siblings.make("gunicorn-asgi")

    assert 'model = "gunicorn-asgi"' in (other / "src" / "orders_api" / "server.toml").read_text()
    assert 'name = "gunicorn"' in (other / "uv.lock").read_text()
    assert (other / "src" / "orders_api" / "ours.py").read_text() == "OURS = 1\n"
    assert list(judge_wheels(other)) == []
    assert git(service, "status", "--porcelain") == before


def test_a_value_that_a_model_lacks_and_a_template_that_is_away_are_named(service: Path, tmp_path: Path) -> None:
    definition = service / "src" / "orders_api" / "server.toml"
    definition.write_text(definition.read_text().replace("loop_stall = { default = 0.5", "loop_stall = { default = 0.7"))
    commit(service)
    siblings = Siblings.begin(service, tmp_path / "siblings", None)

    with pytest.raises(Refusal, match="cannot be switched to gunicorn-gthread") as refused:
        siblings.make("gunicorn-gthread")
    assert refused.value.where == (("src/orders_api/server.toml", "it has no loop_stall"),)
    with pytest.raises(Refusal, match="so only this service's own server model is measured") as away:
        Siblings.begin(service, tmp_path / "others", str(tmp_path / "nowhere"))
    assert away.value.where[0] == ("--template", str(tmp_path / "nowhere"))
