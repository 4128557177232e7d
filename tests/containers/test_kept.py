"""What is kept is made once, whole or not at all, also when several processes want it together."""

import subprocess
import sys
from pathlib import Path

import pytest

from .kept import kept, key_of

RACE = """
import sys, time
from pathlib import Path
from containers.kept import kept
def make(directory: Path) -> None:
    print("made", flush=True)
    time.sleep(0.2)
    (directory / "whole").touch()
assert (kept("thing", make) / "whole").exists()
"""


def test_of_several_processes_one_makes_it(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "LOCKSTEP_CONTAINERS": str(tmp_path)}
    racers = [subprocess.Popen([sys.executable, "-c", RACE], env=environment, stdout=subprocess.PIPE, text=True) for _ in "1234"]
    said = [racer.communicate()[0] for racer in racers]

    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]
    assert "".join(said) == "made\n"


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKSTEP_CONTAINERS", str(tmp_path))

    def fail(directory: Path) -> None:
        (directory / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept("thing", fail)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_key_changes_with_any_part_and_with_where_parts_end() -> None:
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of(b"ab", "d")}) == 4
