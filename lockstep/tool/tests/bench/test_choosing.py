"""Which models are measured, and how this service is made for each: by the code of `update`, from one copy."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lockstep_serve.errors import Refusal
from lockstep_serve.models import NAMES, find_model
from lockstep_tool.bench.choosing import FRAMEWORKS, choose_models, list_fitting_models

QUESTIONS: dict[str, Any] = yaml.safe_load(Path(__file__).parents[4].joinpath("copier.yml").read_text(encoding="utf-8"))


def test_it_knows_the_models_that_the_questions_offer() -> None:
    assert {name: find_model(name).interface for name in NAMES} == QUESTIONS["models"]["default"]
    assert {name: list(spoken) for name, spoken in FRAMEWORKS.items()} == QUESTIONS["interfaces"]["default"]


def test_every_model_that_speaks_the_frameworks_interface_fits() -> None:
    assert len(list_fitting_models("fastapi")) == 4
    assert len(list_fitting_models("flask")) == 3
    assert len(list_fitting_models("django")) == 7


def test_a_model_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Refusal, match="gunicorn-sync does not fit fastapi") as refused:
        choose_models("fastapi", ["uvicorn", "gunicorn-sync"])

    assert dict(refused.value.where)["--models"] == "uvicorn,gunicorn-sync"


def test_only_what_was_asked_for_is_measured_in_the_usual_order() -> None:
    assert choose_models("fastapi", ["gunicorn-asgi", "uvicorn"]) == ["uvicorn", "gunicorn-asgi"]
    assert choose_models("flask", ()) == list_fitting_models("flask")
