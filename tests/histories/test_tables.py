"""What was tried is summed up by version."""

from .cells import Cell, Verdict
from .tables import by_version


def test_a_table_sums_up_each_version_untouched_and_lived_in() -> None:
    one = Cell("v1.0.0", "flask", {"server": "gunicorn-gthread"}, lived=True)
    other = Cell("v1.0.0", "fastapi", {"server": "uvicorn"}, lived=True)
    untouched = Cell("v1.0.0", "flask", {"server": "gunicorn-gthread"}, lived=False)
    verdicts = {
        one: Verdict(conflicts=("pyproject.toml",), written=99, seconds=6.2),
        other: Verdict(written=101, lost=("README.md   Ours.   <- lost",), wrong=("a", "b"), seconds=5.1),
        untouched: Verdict(seconds=4.4),
    }

    assert by_version(verdicts).splitlines() == [
        "version  services   updates  in conflict  lines written  lines lost  wrong  seconds",
        "v1.0.0   untouched        1            0              0           0      0        4",
        "v1.0.0   lived-in         2            1            200           1      2       11",
    ]
