"""The site of the documentation is refused for a broken link, an orphan, and what a browser would fetch from elsewhere.

`uv run noxfile.py -s site` builds it; here its checks are given pages that are made on the spot.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from build_site import find_faults, gather, read_pages, relink
from pages import find_links
from snapshot import REPOSITORY

GOOD = {
    "index.html": '<link rel="stylesheet" href="style.css"><nav><a href="orphan.html">menu</a></nav>'
    '<article><a href="how-to/use.html#first">use</a> <a href="https://example.org/">else</a></article>',
    "how-to/use.html": '<article><h2 id="first">First</h2><a href="../index.html">back</a> '
    '<a href="shown.sh">shown</a></article>',
    "how-to/shown.sh": "true\n",
    "404.html": "<article></article>",
}
FAULTS: Mapping[str, tuple[str, str, str]] = {
    "a link that leads nowhere": (
        "index.html",
        '<article><a href="how-to/use.html">use</a> <a href="gone.html">gone</a></article>',
        "index.html: gone.html leads nowhere",
    ),
    "a heading that is not there": (
        "how-to/use.html",
        '<article><h2 id="second">Second</h2></article>',
        "index.html: how-to/use.html#first names a heading that is not there",
    ),
    "a page that only the menu names": ("orphan.html", "<article></article>", "orphan.html: no link leads to it"),
    "a font from elsewhere": (
        "how-to/use.html",
        '<link rel="preconnect" href="https://fonts.example.org"><article><h2 id="first">First</h2></article>',
        "how-to/use.html: fetches https://fonts.example.org",
    ),
    "a script from elsewhere": (
        "how-to/use.html",
        '<article><h2 id="first">First</h2></article><script src="//cdn.example.org/x.js"></script>',
        "how-to/use.html: fetches //cdn.example.org/x.js",
    ),
}


def write_site(folder: Path, files: Mapping[str, str]) -> list[str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return list(find_faults(folder, read_pages(folder)))


def test_a_good_site_has_no_fault(tmp_path: Path) -> None:
    assert write_site(tmp_path, GOOD) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault: str, tmp_path: Path) -> None:
    name, text, said = FAULTS[fault]

    assert said in write_site(tmp_path, {**GOOD, name: text})


def test_every_page_of_the_repository_is_in_the_menu(tmp_path: Path) -> None:
    menu = str(gather(REPOSITORY, tmp_path / "source"))
    left = {path.relative_to(tmp_path / "source").as_posix() for path in (tmp_path / "source").rglob("*.md")}

    assert {name for name in left if name not in menu and not name.startswith("production/without/")} == set()


def test_every_link_of_a_page_leads_into_the_site(tmp_path: Path) -> None:
    source = tmp_path / "source"
    gather(REPOSITORY, source)
    broken = [
        f"{page.relative_to(source)}: {link}"
        for page in source.rglob("*.md")
        for link in find_links(page)
        if "://" not in link and not (page.parent / link.partition("#")[0]).exists()
    ]

    assert not broken


def test_links_of_pages_that_lie_elsewhere_are_turned() -> None:
    text = "[a](docs/tutorial.md) [b](docs/decisions/) [c](findings/README.md) [d](https://example.org/docs/x.md) [e](#here)"

    assert relink(text, "README.md") == (
        "[a](tutorial.md) [b](decisions/index.md) [c](findings/index.md) [d](https://example.org/docs/x.md) [e](#here)"
    )
    assert relink("[a](../../README.md) [b](../glossary.md#words)", "docs/explanation/image.md") == (
        "[a](../index.md) [b](../glossary.md#words)"
    )
