"""What an update shows fits one screen, and says how much more there is."""

from typing import Any

import pytest

from lockstep_tool.files.template_address import is_only_here
from lockstep_tool.updating.report import format_report, format_screen


@pytest.fixture
def document() -> dict[str, Any]:
    """More of everything than fits."""
    question = {"name": "hedgehogs", "answer": 7, "help": "How many hedgehogs are there in the garden, all in all?"}
    return {
        "service": "orders-api",
        "template": "https://example.org/lockstep.git",
        "from": "v0.1.0",
        "to": "v9.0.0",
        "answers": {},
        "notes": [{"version": f"v{number}.0.0", "text": "`update` now does more. " * 9} for number in range(2, 10)],
        "decide": {"new_questions": [question] * 5, "questions_gone": ["fur"], "values_without_a_place": []},
        "goes": [],
        "files": {"added": ["a"], "changed": ["b"] * 30, "removed": []},
        "packages": [{"name": f"package-{number}", "from": "1.0.0", "to": "2.0.0"} for number in range(9)],
        "findings": [{"file": f"file-{number}", "what": "both sides changed", "fix": "Edit it."} for number in range(12)],
    }


def test_more_than_fits_is_one_screen_that_says_how_much_more_there_is(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = format_screen(document).splitlines()

    assert len(lines) <= 21
    assert max(map(len, lines)) <= 80
    assert "Needs a hand: 12" in lines
    assert "  file-0: both sides changed" in lines
    assert "  and 8 more" in lines
    assert "Files: 1 added, 30 changed, 0 removed" in lines
    assert lines[-1] == "Packages: package-0 1.0.0 → 2.0.0, package-1 1.0.0 → 2.0.0 and 7 more"


def test_all_of_it_has_every_row(document: dict[str, Any]) -> None:
    text = format_report(document)

    assert "file-11: both sides changed. Edit it." in text
    assert text.count("hedgehogs") == 5 * 3
    assert "package-8 1.0.0 → 2.0.0" in text


def test_what_fits_is_shown_whole(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    document["findings"] = document["findings"][:4]
    document["notes"] = []
    text = format_screen(document)

    assert "file-3: both sides changed" in text
    assert "What the template changed" not in text


def test_an_address_of_one_machine_comes_first_of_what_is_to_be_decided(document: dict[str, Any]) -> None:
    lines = format_screen({**document, "template": "/home/ada/lockstep"}).splitlines()
    after = " ".join(" ".join(lines[lines.index("Needs a decision") + 1 :]).split())

    assert after.startswith("the template's address is on this machine alone: /home/ada/lockstep;")
    assert "`uv run noxfile.py -s update -- --from ADDRESS`" in after


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("/home/ada/lockstep", True),
        ("~/lockstep", True),
        ("../lockstep", True),
        ("file:///srv/lockstep", True),
        ("https://example.org/acme/lockstep.git", False),
        ("ssh://git@example.org/acme/lockstep.git", False),
        ("git@example.org:acme/lockstep.git", False),
        ("gh:acme/lockstep", False),
        ("git+https://example.org/acme/lockstep", False),
        ("", False),
    ],
)
def test_an_address_of_one_machine_is_known_by_its_form(address: str, here: bool) -> None:
    assert is_only_here(address) is here
