#!/usr/bin/env -S uv run --locked --script
# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = ["zensical>=0.0.73,<0.1"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""Build the documentation as a site in `build/site`; a broken link fails, and so does a page that no link leads to.

The repository's Markdown stays as it is: it is copied, README.md as the first page, with links as they are in the site.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath, relpath
from urllib.parse import unquote, urlsplit

__all__ = ["Page", "find_faults", "gather", "read_pages", "relink"]

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "build"
SECTIONS = (
    ("How to", "how-to"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Decisions", "decisions"),
)
# Directories that a page links to: a page lists what is in them.
LISTED = {"decisions": "Decisions", "production/without": "The same without Lockstep"}
# Pages that lie elsewhere in the repository, and where they are in the site.
ELSEWHERE = {
    "README.md": "index.md",
    "findings/README.md": "findings/index.md",
    "lockstep/serve/README.md": "production/index.md",
}
FEATURES = (
    "content.code.copy",
    "navigation.footer",
    "navigation.indexes",
    "navigation.sections",
    "navigation.top",
    "search.highlight",
)
SETTINGS = """\
[project]
site_name = "Lockstep"
docs_dir = "source"
site_dir = "site"
use_directory_urls = false
extra_css = ["site.css"]
nav = {nav}

[project.theme]
font = false
language = "en"
features = {features}

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"

[project.markdown_extensions]
tables = {{}}
toc.permalink = true
"pymdownx.highlight" = {{}}
"pymdownx.superfences" = {{}}
"""


@dataclass
class Page(HTMLParser):
    """What one built page names: `links` of its text, `anchors`, and `loads`, which a browser fetches by itself."""

    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    loads: list[str] = field(default_factory=list)
    within: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.within = self.within or tag == "article"
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        if tag == "a" and self.within and "href" in said:
            self.links.append(said["href"])
        if tag in {"script", "img", "iframe"} and "src" in said:
            self.loads.append(said["src"])
        if tag == "link" and said.get("rel") in {"stylesheet", "preconnect", "preload"}:
            self.loads.append(said["href"])

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag != "article"


def gather(root: Path, folder: Path) -> Sequence[object]:
    """Copy every page into `folder`, and return what the menu of the site is."""
    shutil.copytree(
        root / "docs", folder, ignore=shutil.ignore_patterns("*.new.md", "*.changed.md", "*.repaired.md", "*.removed.md")
    )
    copied = {f"docs/{page.relative_to(folder)}" for page in folder.rglob("*.md")}
    shutil.copytree(root / "lockstep" / "serve" / "without", folder / "production" / "without")
    shutil.copytree(root / "findings", folder / "findings", ignore=shutil.ignore_patterns("README.md"))
    shutil.copy(root / "tests" / "site.css", folder)
    for name in (*ELSEWHERE, *copied):
        text = (root / name).read_text(encoding="utf-8")
        (folder / place_in_site(name)).write_text(relink(text, name), encoding="utf-8")
    for directory, title in LISTED.items():
        names = "".join(f"- [{title_of(page)}]({page.name})\n" for page in sorted((folder / directory).glob("*.md")))
        (folder / directory / "index.md").write_text(f"# {title}\n\n{names}", encoding="utf-8")
    menu: list[object] = [{"Lockstep": "index.md"}, {"Tutorial": "tutorial.md"}]
    for title, directory in SECTIONS:
        pages = sorted((folder / directory).glob("*.md"), key=lambda page: (page.name != "index.md", place_of(page)))
        menu.append({title: [{title_of(page): f"{directory}/{page.name}"} for page in pages]})
    pages = sorted((folder / "changes").glob("v*.md"), key=lambda page: [int(word) for word in page.stem[1:].split(".")])
    releases = [f"changes/{page.name}" for page in reversed(pages)]
    more = ("glossary.md", "changes/README.md", *releases, "findings/index.md", "production/index.md")
    return [*menu, {"More": [{title_of(folder / name): name} for name in more]}]


def place_in_site(path: str) -> str:
    """Where a file of the repository is in the site."""
    return ELSEWHERE.get(path, path.removeprefix("docs/").replace("lockstep/serve/", "production/"))


def relink(text: str, name: str) -> str:
    """Links of a page of the repository, as they are from its place in the site."""

    def replace(found: re.Match[str]) -> str:
        path, _, anchor = found[1].partition("#")
        if "://" in path or not path:
            return found[0]
        target = normpath(f"{Path(name).parent.as_posix()}/{path}")
        place = place_in_site(target)
        place = relpath(f"{place}/index.md" if (ROOT / target).is_dir() else place, Path(place_in_site(name)).parent)
        return f"]({place}{'#' * bool(anchor)}{anchor})"

    return re.sub(r"\]\(([^)\s]+)\)", replace, text)


def title_of(page: Path) -> str:
    """Its first heading, without marks."""
    found = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return re.sub(r"[`*]", "", found[1]) if found else page.stem


def place_of(page: Path) -> str:
    """What the menu is sorted by: what a reader sees there; the number of a decision is its name."""
    return page.name if page.name[0].isdigit() else title_of(page).lower()


def read_pages(site: Path) -> dict[str, Page]:
    """Every built page by its path in the site."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = pages[path.relative_to(site).as_posix()] = Page()
        page.feed(path.read_text(encoding="utf-8"))
    return pages


def find_faults(site: Path, pages: Mapping[str, Page]) -> Iterator[str]:
    """Links that lead nowhere, pages that no link leads to from the first, and what a browser would fetch from elsewhere."""
    reached, left = {"index.html"}, ["index.html"]
    while left:
        here = left.pop()
        for link in pages[here].links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = normpath(f"{Path(here).parent.as_posix()}/{unquote(parts.path)}") if parts.path else here
            if not (site / target).is_file():
                yield f"{here}: {link} leads nowhere"
            elif target in pages and parts.fragment and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{here}: {link} names a heading that is not there"
            elif target in pages and target not in reached:
                reached.add(target)
                left.append(target)
    yield from (f"{name}: no link leads to it" for name in pages if name not in {*reached, "404.html"})
    for name, page in pages.items():
        if outside := [load for load in page.loads if urlsplit(load).netloc]:
            yield f"{name}: fetches {outside[0]}"


def main() -> int:
    """1 when the builder or one of the checks finds something."""
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir()
    menu = gather(ROOT, BUILT / "source")
    (BUILT / "zensical.toml").write_text(SETTINGS.format(nav=as_toml(menu), features=json.dumps(FEATURES)), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    if code := subprocess.run(command, cwd=BUILT, check=False).returncode:
        return code
    site = BUILT / "site"
    pages = read_pages(site)
    faults = list(find_faults(site, pages))
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    print(*faults, f"{len(pages)} pages, {size:.1f} MB, in {site.relative_to(ROOT)}", sep="\n")
    return 1 if faults else 0


def as_toml(value: object) -> str:
    """Lists, tables in one line, and strings."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {as_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    assert isinstance(value, Sequence)
    return f"[{', '.join(map(as_toml, value))}]"


if __name__ == "__main__":
    sys.exit(main())
