"""What a session writes into a page takes the place of what it wrote before, and of nothing else."""

from pathlib import Path

import pytest

from written import write_part

PAGE = "# Figures\n\nOf two sessions.\n\n## One\n\nold\n\n## Two\n\nkept\n"


@pytest.mark.parametrize(
    ("heading", "after"),
    [
        ("One", "# Figures\n\nOf two sessions.\n\n## One\n\nnew\n\n## Two\n\nkept\n"),
        ("Two", "# Figures\n\nOf two sessions.\n\n## One\n\nold\n\n## Two\n\nnew\n"),
    ],
)
def test_one_part_is_replaced(heading: str, after: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    write_part(page, heading, "\nnew\n")

    assert page.read_text() == after


def test_a_part_without_its_heading_is_not_put_anywhere(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(ValueError, match=r"page\.md has no heading 'Three'"):
        write_part(page, "Three", "new")

    assert page.read_text() == PAGE
