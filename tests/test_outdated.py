"""What is older than the cool-down asks is named, here with an index on loopback; the session `outdated` asks the real one."""

import os
import subprocess
from pathlib import Path

import pytest

from outdated import find_newer, name_outdated
from stand_in_index import Index, stand_in_index

PROJECT = """\
[project]
name = "born"
version = "0"
requires-python = ">=3.11"
dependencies = ["tiny"]
[tool.uv]
package = false
exclude-newer = "7 days"
[[tool.uv.index]]
url = "{address}/simple"
default = true
"""


def lock_from(index: Index, folder: Path) -> dict[str, str]:
    """A project there that is locked from this index; the environment to ask it in."""
    env = {**os.environ, "UV_CACHE_DIR": str(folder / "cache"), "UV_HTTP_RETRIES": "0"}
    (folder / "pyproject.toml").write_text(PROJECT.format(address=index.address))
    subprocess.run(["uv", "lock", "--quiet", "--project", str(folder)], env=env, check=True)
    return env


@pytest.mark.parametrize(
    ("uploaded", "code", "said"),
    [
        ("2026-02-01T00:00:00Z", 1, "born: tiny 1.0 → 1.1\n1 are older"),
        ("2999-01-01T00:00:00Z", 0, "Every locked package is the newest"),
    ],
    ids=["a version that is old enough", "a version within the cool-down"],
)
def test_a_newer_version_is_named_when_it_is_old_enough(
    uploaded: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand_in_index() as index:
        index.publish("tiny", "1.0")
        env = lock_from(index, tmp_path)
        before = (tmp_path / "uv.lock").read_bytes()
        index.publish("tiny", "1.1", uploaded=uploaded)

        assert name_outdated({"born": ("--project", str(tmp_path), "--refresh")}, env) == code
    assert said in capsys.readouterr().out
    assert (tmp_path / "uv.lock").read_bytes() == before


def test_without_an_index_it_says_that_nothing_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stand_in_index() as index:
        index.publish("tiny", "1.0")
        env = lock_from(index, tmp_path)

    assert name_outdated({"born": ("--project", str(tmp_path), "--refresh")}, env) == 2
    assert "born: nothing was asked" in capsys.readouterr().out


def test_a_package_that_is_locked_for_several_pythons_counts_by_its_newest_version() -> None:
    said = "Update gevent v26.9.0 -> v25.5.1, v26.9.0\nUpdate numpy v2.3.0, v2.4.0 -> v2.3.0, v2.5.0\nAdd more v1.0\n"

    assert list(find_newer(said)) == ["numpy 2.4.0 → 2.5.0"]
