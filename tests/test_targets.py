"""The page of the targets: a run replaces its own row, and the page that is kept has a row for each target."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from containers.engine import Engine
from snapshot import Template
from targets.__main__ import TARGETS, run_target
from targets.github import STAND_INS
from targets.page import PAGE, failed_row, write_row
from targets.place import Place
from targets.target import Target

ORDER = ["Compose", "Kubernetes"]


def test_a_run_replaces_its_own_row_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write_row("Kubernetes", "podman 1", ["it answers"], ORDER, page, seconds=1)
    write_row("Compose", "Compose 1", ["up", "healthy"], ORDER, page, seconds=1)
    write_row("Kubernetes", "podman 2", failed_row("there is no podman\n\nat all"), ORDER, page, seconds=150)
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| ") and "run by" not in line]

    assert [row[0] for row in rows] == ["| Compose", "| Kubernetes"]
    assert rows[0][3] == "up<br>healthy |"
    assert rows[1][1] == "podman 2"
    assert rows[1][2].endswith(", 2 min")
    assert rows[1][3] == "**not run**: there is no podman |"


def test_a_run_writes_what_it_has_seen_and_where_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: object) -> Iterator[str]:
        yield "a machine"
        yield "it starts"
        raise AssertionError("no answer\nafter a minute")

    page = tmp_path / "page.md"
    monkeypatch.setitem(TARGETS, "Moon", Target("Moon", run))
    monkeypatch.setattr("targets.__main__.write_row", partial(write_row, page=page))
    place = Place(tmp_path, Template(tmp_path), Engine("none", "0"), {})

    assert run_target("Moon", place, write=True) == 1
    assert "| it starts<br>**not seen**: what comes next, no answer |" in page.read_text()


def test_every_target_has_its_row() -> None:
    page = PAGE.read_text()
    rows = {line.split(" | ")[0].removeprefix("| ") for line in page.splitlines()}

    assert set(TARGETS) <= rows
    assert "**not run**" not in page
    assert "**not seen**" not in page


def test_each_action_of_a_workflow_has_its_stand_in() -> None:
    texts = [path.read_text() for path in (Path(__file__).parents[1] / "template").rglob("*.y*ml*")]
    used = set(re.findall(r"uses: actions/([\w-]+)@", "".join(texts)))

    assert used - {"checkout"} == set(STAND_INS)  # act has that one itself
