"""The workflows of this repository: what they run exists."""

import re
import subprocess
from pathlib import Path

import yaml

from release import SESSIONS

ROOT = Path(__file__).parents[1]


def test_each_long_session_is_one_of_the_noxfile() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "long.yml").read_text())
    listed = subprocess.run(["uv", "run", "--quiet", "noxfile.py", "-l"], cwd=ROOT, capture_output=True, text=True, check=True)
    offered = set(re.findall(r"^[*-] (\S+)", listed.stdout, re.MULTILINE))
    wanted = workflow["jobs"]["long"]["strategy"]["matrix"]["session"]

    assert set(wanted) <= offered
    assert set(SESSIONS) <= set(wanted)  # what a release is checked by is not looked at for the first time then
