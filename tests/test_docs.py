"""The pages do what they say: their commands run, and their links lead somewhere."""

import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest

from conftest import committed
from databases import serve_database
from pages import INSTALL, find_links, find_missing, read_page
from reader import Reader
from snapshot import UNUSED, Template, git, snapshot

ROOT = Path(__file__).parents[1]
ENGINE, IN_TEMPLATE = "<!-- needs an engine -->", "<!-- starts in the template -->"
DATABASE = "<!-- needs PostgreSQL -->"
FRAMEWORKS = {name: f"<!-- in a {name.title()} service -->" for name in ("flask", "django")}
FIRST = [ROOT / "README.md", ROOT / "docs" / "tutorial.md"]
FOLLOWED = {path: path.read_text(encoding="utf-8") for path in [*FIRST, *sorted((ROOT / "docs" / "how-to").glob("*.md"))]}
WITH_AN_IMAGE = [path for path, text in FOLLOWED.items() if ENGINE in text]
OF_THE_TEMPLATE = [path for path, text in FOLLOWED.items() if ENGINE not in text and IN_TEMPLATE in text]
OF_A_SERVICE = [path for path, text in FOLLOWED.items() if ENGINE not in text and IN_TEMPLATE not in text]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MOVED = "<!-- the template has moved -->"

# What its reader's one command runs after an update; the README's and the tutorial's run all.
FEWER = 'import nox\n\nnox.options.sessions = ["lock", "pins", "prove"]\n'
TOOL = re.compile(r"lockstep(-\w+)?")  # in .nox/: an environment that no page changes


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A reader's own settings of Copier: a Python that this machine has is the default answer."""
    file = tmp_path_factory.mktemp("settings") / "copier.yml"
    file.write_text(f"defaults:\n  python: {platform.python_version()}\n")
    return {"COPIER_SETTINGS_PATH": str(file)}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The working tree as a reader has it: cloned, with a tag."""
    return snapshot(tmp_path_factory.mktemp("reader") / "lockstep", "v0.1.0")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What services are made from and updated to."""
    return snapshot(tmp_path_factory.mktemp("origin") / "lockstep", "v0.1.0", UNUSED)


@pytest.fixture(scope="module")
def kept(origin: Template) -> Path:
    """A service under version control, in which all guides are followed, one after the other."""
    folder = origin.path.parent / "made before" / "orders-api"
    done = origin.copy(folder, {})
    assert done.returncode == 0, done.stderr
    (folder / "nox_local.py").write_text(FEWER)
    committed(folder)
    git(folder, "tag", "begin")
    return folder


@pytest.fixture
def other_service(origin: Template, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a service of another framework than the default one, for one page."""

    def make_service(framework: str) -> Path:
        folder = tmp_path / "orders-api"
        done = origin.copy(folder, {"framework": framework})
        assert done.returncode == 0, done.stderr
        return committed(folder).path

    return make_service


@pytest.fixture
def service(kept: Path) -> Path:
    """The same as it began: of what the page before left, only the tool is still there."""
    git(kept, "checkout", "--quiet", "--force", "-B", "main", "begin")
    git(kept, "clean", "--quiet", "-ffd")
    for path in kept.glob(".nox/*"):
        if path.is_file():
            path.unlink()
        elif not TOOL.fullmatch(path.name):
            shutil.rmtree(path)
    return kept


@pytest.fixture
def follow(settings: Mapping[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Do what a page says, in the template or in a service."""

    def follow_page(path: Path) -> None:
        page, text = read_page(path), FOLLOWED[path]
        engine = request.getfixturevalue("build_environment") if ENGINE in text else None
        [framework] = [name for name, mark in FRAMEWORKS.items() if mark in text] or [""]
        if framework:
            start = request.getfixturevalue("other_service")(framework)
        else:
            of_template = path in FIRST or IN_TEMPLATE in text
            start = request.getfixturevalue("clone").path if of_template else request.getfixturevalue("service")
        if MOVED in text:
            origin: Template = request.getfixturevalue("origin")
            ignored = origin.path / "template" / ".dockerignore"
            ignored.write_text(ignored.read_text() + "\n# A new line of Lockstep's.\n")
            origin.release("v0.2.0")
        with serve_database(tmp_path) if DATABASE in text else nullcontext("") as address:
            database = {"ORDERS_API_DATABASE_URL": address} if address else {}
            Reader(start, {**settings, **database}, tmp_path).follow(page, engine)

    return follow_page


# A class each, so that test processes share them out; those that build an image of the same name stay with one.
class TestPagesWithAnImage:
    @pytest.mark.parametrize("path", WITH_AN_IMAGE, ids=lambda path: path.stem)
    def test_a_reader_can_do_what_the_page_says(self, path: Path, follow: Callable[[Path], None]) -> None:
        follow(path)


class TestGuidesOfTheTemplate:
    @pytest.mark.parametrize("path", OF_THE_TEMPLATE, ids=lambda path: path.stem)
    def test_a_reader_can_do_what_the_page_says(self, path: Path, follow: Callable[[Path], None]) -> None:
        follow(path)


class TestGuidesOfAService:
    @pytest.mark.parametrize("path", OF_A_SERVICE[::2], ids=lambda path: path.stem)
    def test_a_reader_can_do_what_the_page_says(self, path: Path, follow: Callable[[Path], None]) -> None:
        follow(path)


class TestMoreGuidesOfAService:
    """The other half, in a service of its own: one process with all of them would be the last to end."""

    @pytest.mark.parametrize("path", OF_A_SERVICE[1::2], ids=lambda path: path.stem)
    def test_a_reader_can_do_what_the_page_says(self, path: Path, follow: Callable[[Path], None]) -> None:
        follow(path)


def test_what_is_not_run_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """Few blocks are left out, and whoever runs the tests sees which and why; stderr is what parallel workers can reach."""
    named = list(not_run())
    with capfd.disabled():
        print("\nNot run from the pages:", *named, sep="\n  ", file=sys.stderr)

    assert len(named) <= 18


def not_run() -> Iterator[str]:
    for page in map(read_page, FOLLOWED):
        for step in page.steps:
            place = f"{page.path.relative_to(ROOT)}:{step.line}"
            if step.not_run:
                yield f"{place}: {step.not_run}"
            if any(command.text.startswith(INSTALL) for command in step.commands) and not step.not_run:
                yield f"{place}: `{INSTALL.strip(' &')}` would change this machine; what follows it is run"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    dead = [target for target in find_links(path) if not leads_somewhere(path, target)]

    assert dead == []


def leads_somewhere(page: Path, target: str) -> bool:
    """A file of the repository, and in it the heading behind `#`; other sites are not asked."""
    if target.startswith("https://"):
        return True
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.exists() or not anchor:
        return file.exists()
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_a_page_that_promises_what_is_not_printed_fails(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\n$ echo one 1.23 abc1234def\none 4 fedcba9\n$ echo two\nthree\n```\n")

    with pytest.raises(AssertionError, match=r"page\.md:4: `echo two` does not print\nthree"):
        Reader(tmp_path, {}, tmp_path).follow(read_page(path))


def test_a_page_whose_command_fails_fails(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\n$ mkdir one && cd one\n$ test -d ../one\n$ false\n```\n")

    with pytest.raises(AssertionError, match=r"page\.md:4: `false` ends with 1"):
        Reader(tmp_path, {}, tmp_path).follow(read_page(path))


@pytest.mark.parametrize(
    ("promised", "printed", "lacking"),
    [
        (("a …", "b"), "a 1\nx\nb", None),
        (("b", "a …"), "a 1\nx\nb", "a …"),
        (("took 0.3 s",), "took 12 s", None),
        (("…",), "", None),
        (("a b",), "a b c", "a b"),
    ],
)
def test_output_is_compared_loosely_and_in_order(promised: tuple[str, ...], printed: str, lacking: str | None) -> None:
    assert find_missing(promised, printed) == lacking
