"""Every framework with every server model that fits: made, and put through the one command, three of them with an image."""

from collections.abc import Callable

import pytest

from conftest import ANSWERS
from one_command import ASGI, FIT, LAPTOP, SESSIONS, WITH_IMAGE, WITHOUT_IMAGE, WSGI, Ran

COMBINATIONS = [f"{framework}-{model}" for framework, models in FIT.items() for model in models]


def test_every_combination_has_its_answers() -> None:
    assert set(COMBINATIONS) <= set(ANSWERS)
    assert {*WITH_IMAGE, LAPTOP} <= set(COMBINATIONS)


def look(combination: str, ran: Callable[[str], Ran]) -> None:
    done = ran(combination)

    assert done.code == 0, done.printed
    for session in SESSIONS if combination in WITH_IMAGE else WITHOUT_IMAGE:
        assert f"* {session}: success" in done.printed


# A class each, so that test processes share them out.
class TestDjangoWithASGI:
    @pytest.mark.parametrize("model", ASGI)
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"django-{model}", ran)


class TestDjangoWithWSGI:
    @pytest.mark.parametrize("model", WSGI)
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"django-{model}", ran)


class TestFastAPI:
    @pytest.mark.parametrize("model", FIT["fastapi"])
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"fastapi-{model}", ran)


class TestFlask:
    @pytest.mark.parametrize("model", FIT["flask"])
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"flask-{model}", ran)
