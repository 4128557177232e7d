"""The page of the targets: a run replaces its own row, and the page that is kept has a row for each target."""

from pathlib import Path

from targets.__main__ import TARGETS
from targets.page import PAGE, failed_row, write_row

ORDER = ["Compose", "Kubernetes"]


def test_a_run_replaces_its_own_row_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write_row("Kubernetes", "podman 1", ["it answers"], ORDER, page)
    write_row("Compose", "Compose 1", ["up", "healthy"], ORDER, page)
    write_row("Kubernetes", "podman 2", failed_row("there is no podman\n\nat all"), ORDER, page)
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| ") and "run by" not in line]

    assert [row[0] for row in rows] == ["| Compose", "| Kubernetes"]
    assert rows[0][3] == "up<br>healthy |"
    assert rows[1][1] == "podman 2"
    assert rows[1][3] == "**not run**: there is no podman |"


def test_every_target_has_its_row() -> None:
    rows = {line.split(" | ")[0].removeprefix("| ") for line in PAGE.read_text().splitlines()}

    assert set(TARGETS) <= rows
