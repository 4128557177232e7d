"""Each rule for a new version, on a template of four files: kept silently, broken by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from history import append, replace
from snapshot import Template, git

from .rules import find_broken_rules

RULES = """\
_subdirectory: template
project_name:
  type: str
  default: hello
colour:
  type: str
  default: red
  choices: [red, green]
tone:
  when: false
  default: plain
"""
FILES = {
    "copier.yml": RULES,
    "docs/changes/README.md": "# Notes\n",
    "template/one.txt": "One.\n",
    "template/two.txt.jinja": "{{ colour }}, {{ tone }}\n",
    "template/{% if colour == 'green' %}three{% endif %}/three.txt": "Three.\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
}
SETS: dict[str, dict[str, object]] = {"red": {"colour": "red"}, "green": {"colour": "green"}}


@pytest.fixture
def small(tmp_path: Path) -> Template:
    """Released as v1.0.0; what a test changes becomes v2.0.0."""
    for name, text in FILES.items():
        (tmp_path / "small" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "small" / name).write_text(text)
    git(tmp_path / "small", "init", "--quiet")
    template = Template(tmp_path / "small")
    template.release("v1.0.0")
    return template


def note(folder: Path, text: str) -> None:
    (folder / "docs" / "changes" / "this.changed.md").write_text(text)


def asks_more(folder: Path) -> None:
    append(folder / "copier.yml", "size:\n  type: int\n  default: 1\n")
    note(folder, "`copier update` now asks for the `size`.\n")


def asks_more_silently(folder: Path) -> None:
    append(folder / "copier.yml", "size:\n  type: int\n  default: 1\n")


def asks_more_without_a_default(folder: Path) -> None:
    append(folder / "copier.yml", "size:\n  type: str\n")
    note(folder, "`copier update` now asks for the `size`.\n")


def asks_more_and_its_default_leaves_a_file_out(folder: Path) -> None:
    asks_more(folder)
    (folder / "template" / "{% if size > 1 %}.{% endif %}").mkdir()
    (folder / "template" / "one.txt").rename(folder / "template" / "{% if size > 1 %}.{% endif %}" / "one.txt")


def asks_what_was_computed_and_its_default_is_another(folder: Path) -> None:
    replace(folder / "copier.yml", "tone:\n  when: false\n  default: plain\n", "tone:\n  type: str\n  default: loud\n")
    note(folder, "`copier update` now asks for the `tone`.\n")


def removes_a_file(folder: Path) -> None:
    (folder / "template" / "one.txt").unlink()


def removes_a_file_and_says_so(folder: Path) -> None:
    removes_a_file(folder)
    note(folder, "`copier update` now removes `one.txt`.\n")


def renames_a_question(folder: Path) -> None:
    replace(folder / "copier.yml", "colour:", "paint:")
    replace(folder / "copier.yml", "default: red", "default: \"{{ colour | default('red') }}\"")
    replace(folder / "template" / "two.txt.jinja", "colour", "paint")
    green = folder / "template" / "{% if colour == 'green' %}three{% endif %}"
    green.rename(green.with_name("{% if paint == 'green' %}three{% endif %}"))
    note(folder, "The question `colour` is now called `paint`; its answer is kept.\n")


def forgets_the_answer_in_renaming(folder: Path) -> None:
    renames_a_question(folder)
    replace(folder / "copier.yml", "{{ colour | default('red') }}", "red")


def takes_an_answer_away(folder: Path) -> None:
    replace(folder / "copier.yml", "default: red\n  choices: [red, green]", "default: blue\n  choices: [blue, green]")


KEPT: tuple[Callable[[Path], None], ...] = (asks_more, removes_a_file_and_says_so, renames_a_question)
BROKEN: dict[Callable[[Path], None], str] = {
    asks_more_silently: "size   <- a question that came, and no note names it",
    asks_more_without_a_default: "size   <- a question without a default: an update would stop at it",
    asks_more_and_its_default_leaves_a_file_out: "one.txt   <- gone from services like red, and no note names it",
    asks_what_was_computed_and_its_default_is_another: "two.txt   <- other in services like red, though it is made of the same",
    removes_a_file: "one.txt   <- gone from services like red, and no note names it",
    forgets_the_answer_in_renaming: "three/three.txt   <- gone from services like green, and no note names it",
    takes_an_answer_away: "<- these answers were valid",
}


@pytest.mark.parametrize("change", KEPT, ids=lambda change: change.__name__)
def test_a_change_by_the_rules_is_silent(change: Callable[[Path], None], small: Template, tmp_path: Path) -> None:
    change(small.path)
    small.release("v2.0.0")

    assert find_broken_rules(small, "v1.0.0", "v2.0.0", SETS, tmp_path) == []


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change.__name__)
def test_a_broken_rule_is_named(change: Callable[[Path], None], small: Template, tmp_path: Path) -> None:
    change(small.path)
    small.release("v2.0.0")
    found = find_broken_rules(small, "v1.0.0", "v2.0.0", SETS, tmp_path)

    assert any(BROKEN[change] in line for line in found), found
