"""Which models are measured, and how this service is made for each: by the code of `update`, from one copy."""

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.bench.choosing import choose_models, list_fitting_models


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
