"""Every framework with every server model that fits: made, and put through the one command as CI runs it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import ANSWERS, Render, committed, read_answers
from containers.offered import OfferedInterpreter
from services import Service

MODELS = (
    "gunicorn-sync",
    "gunicorn-gthread",
    "gunicorn-gevent",
    "uvicorn",
    "uvicorn-workers",
    "gunicorn-uvicorn",
    "gunicorn-asgi",
)
FIT = {"fastapi": MODELS[3:], "flask": MODELS[:3], "django": MODELS}
COMBINATIONS = [f"{framework}-{model}" for framework, models in FIT.items() for model in models]
PROOFS = ("lock", "pins", "lint", "types", "tests", "prove", "image", "parity")


def test_every_combination_has_its_answers() -> None:
    assert set(COMBINATIONS) <= set(ANSWERS)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_the_one_command_is_green(
    combination: str, render: Render, build_environment: Mapping[str, str], interpreter: OfferedInterpreter, tmp_path: Path
) -> None:
    folder = render({**read_answers(combination), "project_name": f"{combination}-api"})
    service = Service(committed(folder).path, {**build_environment, **interpreter.environment, "CI": "true"})
    done = service.nox(GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))

    assert done.returncode == 0, done.stdout
    for proof in PROOFS:
        assert f"* {proof}: success" in done.stdout
    assert len({place["environment"] for place in service.report()["places"]}) == 1
    assert not [finding for finding in service.report()["findings"] if not finding["allowed"]]
