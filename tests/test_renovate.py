"""`renovate.json` is what Renovate's own validator takes, and moves nothing of Lockstep's."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

VALIDATOR = shutil.which(os.environ.get("LOCKSTEP_RENOVATE_VALIDATOR", "renovate-config-validator"))


@pytest.fixture
def file(every_service: Mapping[str, Path]) -> Path:
    return every_service["fastapi-uvicorn-everywhere"] / "renovate.json"


def validate(file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(VALIDATOR), "--strict", "--no-global", file.name]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)


@pytest.fixture
def _validator(capfd: pytest.CaptureFixture[str]) -> None:
    """Renovate's validator; without one, whoever runs the tests sees that it was not asked."""
    if VALIDATOR is None:
        with capfd.disabled():
            print("\nNot asked: renovate-config-validator is not here (npm install renovate).", file=sys.stderr)
        pytest.skip("renovate-config-validator is not here")


@pytest.mark.usefixtures("_validator")
def test_the_validator_of_renovate_takes_it(file: Path) -> None:
    done = validate(file)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("_validator")
def test_the_validator_of_renovate_names_a_wrong_key(file: Path, tmp_path: Path) -> None:
    damaged = tmp_path / file.name
    damaged.write_text(file.read_text().replace('"enabledManagers"', '"enabledManager"'))
    done = validate(damaged)

    assert done.returncode != 0
    assert "enabledManager" in done.stdout + done.stderr


def test_renovate_moves_nothing_of_locksteps(file: Path) -> None:
    said: dict[str, Any] = json.loads(file.read_text())
    off = [rule for rule in said["packageRules"] if rule.get("enabled") is False]

    assert not {"copier", "pep723", "pyenv"} & {*said["enabledManagers"]}
    assert {".lockstep/**", "noxfile.py", ".gitlab-ci.yml"} <= {*said["ignorePaths"]}
    assert {"lockstep-serve", "lockstep-tool", "uv", "python"} <= {*off[0]["matchPackageNames"]}
    assert f">={said['constraints']['uv']}," in (file.parent / "uv.toml").read_text()
    assert said["minimumReleaseAge"] in (file.parent / "uv.toml").read_text()
