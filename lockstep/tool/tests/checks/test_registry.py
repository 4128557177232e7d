"""A module in the package of a session is a check, with all the words about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.checks import pins
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.explain import explain
from lockstep_tool.checks.registry import checks_of, every_check, find_check

NEW = '''\
"""The check `titles`: whether the README has one."""

from lockstep_tool.checks.check import Check


def find(service):
    if not service.files.text("README.md").startswith("# "):
        yield CHECK.finding("The README has no title.", where=(("README.md:1", "no title"),))


CHECK = Check("titles", "pins", "Whether the README has a title.", "It is seen first.", "Never.", "Write one.", find)
'''


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module more in the package of `pins`."""
    (tmp_path / "titles.py").write_text(NEW)
    monkeypatch.setattr(pins, "__path__", [*pins.__path__, str(tmp_path)])
    for remembering in (checks_of, every_check):
        remembering.cache_clear()
    yield
    for remembering in (checks_of, every_check):
        remembering.cache_clear()


@pytest.mark.usefixtures("dropped")
def test_one_more_module_is_one_more_check() -> None:
    assert checks_of("pins")[-1].name == "titles"
    assert "Whether the README has a title." in explain()
    assert explain("titles").startswith("titles: judged by `uv run noxfile.py -s pins`, which is not green with it")


def test_checks_stand_in_the_order_in_which_they_are_read() -> None:
    assert [check.name for check in checks_of("lock")][:2] == ["lock fresh", "lock honest"]


@pytest.mark.parametrize("check", every_check().values(), ids=lambda check: str(check.name))
def test_a_check_says_everything_about_itself(check: Check) -> None:
    assert check in checks_of(check.session)
    assert all(text.strip() for text in (check.asks, check.why, check.allowed, check.fix))


def test_names_are_unique() -> None:
    sessions = ("lock", "pins", "image", "parity", "audit")

    assert len(every_check()) == sum(len(checks_of(session)) for session in sessions)


def test_a_check_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Refusal) as refused:
        find_check("moon")

    assert "no check named 'moon'" in str(refused.value)
    assert "lock fresh" in str(refused.value)
