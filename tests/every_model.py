"""Put every framework with every server model through the whole one command as CI runs it, with image and parity.

The template's tests do so for three of them. Of the others they leave out the image, and, under models whose code is the same as
that of another, what looks at the code.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from bench import built_here
from nobody import become_nobody
from one_command import FIT, SESSIONS
from services import Service
from snapshot import Template, git, snapshot

ANSWERS = Path(__file__).parent / "answers"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-k", dest="word", default="", help="only the combinations with this in their name")
    chosen = options.parse_args()
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a service would name it
    names = [f"{framework}-{model}" for framework, models in FIT.items() for model in models]
    with tempfile.TemporaryDirectory() as folder, built_here() as (engine, settings):
        if engine is None:
            return 2
        become_nobody(Path(folder))
        template = snapshot(Path(folder, "template"), "v0.1.0")
        wrong = [name for name in names if chosen.word in name and not is_green(template, Path(folder, name), settings)]
    print("\nnot green: " + ", ".join(wrong) if wrong else "\nall are green")
    return int(bool(wrong))


def is_green(template: Template, folder: Path, settings: Mapping[str, str]) -> bool:
    """Whether everything holds of one combination; what does not is printed."""
    began, summary = time.monotonic(), folder.with_suffix(".md")
    answers = yaml.safe_load((ANSWERS / f"{folder.name}.yml").read_text(encoding="utf-8"))
    made = template.copy(folder, {**answers, "project_name": f"{folder.name}-api"})
    assert made.returncode == 0, made.stderr
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Born from Lockstep"]):
        git(folder, *words)
    service = Service(folder, {**settings, "CI": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    done = service.nox()
    green = done.returncode == 0 and all(f"* {session}: success" in done.stdout for session in SESSIONS)
    if green:
        report = service.report()
        ids = {row["id"] for row in report["environments"]}
        green = len(ids) == 1 and all(finding["severity"] == "allowed" for finding in report["findings"])
    print(f"  {'✓' if green else '✗'} {folder.name} ({time.monotonic() - began:.0f} s)", flush=True)
    if not green:
        print(done.stdout, file=sys.stderr)
    return green


if __name__ == "__main__":
    sys.exit(main())
