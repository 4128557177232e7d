"""Measure `update --preview` beside bare `copier update`, on the same service and in turns."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from history import two_versions
from snapshot import git, snapshot
from written import UPDATE_FIGURES, describe_run, write_part

NOBODY = {
    "GIT_AUTHOR_NAME": "Nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.org",
    "GIT_COMMITTER_NAME": "Nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.org",
}


def time_command(command: Sequence[str], folder: Path) -> float:
    """Seconds of one command; AssertionError when it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    assert done.returncode == 0, done.stdout + done.stderr
    return took


def main() -> None:
    """Print the median of each, and how many times as long a preview takes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("rounds", nargs="?", type=int, default=5, help="of both; default 5")
    options.add_argument("--write", action="store_true", help=f"keep it in {UPDATE_FIGURES.name}")
    chosen = options.parse_args()
    os.environ |= NOBODY
    for name in ("VIRTUAL_ENV", "UV_PROJECT", "UV_LOCKED", "UV_PROJECT_ENVIRONMENT"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        history = two_versions(snapshot(folder / "template", "v0.1.0"), folder / "history")
        service = folder / "orders-api"
        done = history.copy(service, {"project_name": "orders-api"}, tag="v0.1.0")
        assert done.returncode == 0, done.stderr
        git(service, "init", "--quiet")
        git(service, "add", "--all")
        git(service, "commit", "--quiet", "--message", "Born")
        time_command(["uv", "run", "--quiet", "noxfile.py", "-s", "update", "--", "--preview"], service)  # makes the environment
        script = [str(service / ".nox" / "lockstep-update" / "bin" / "lockstep"), "update", "--preview"]
        bare, preview = list[float](), list[float]()
        for number in range(chosen.rounds):
            copy = folder / f"bare-{number}"
            shutil.copytree(service, copy, symlinks=True)
            git(copy, "update-index", "-q", "--refresh")
            bare.append(time_command([sys.executable, "-m", "copier", "update", "--defaults", "--quiet"], copy))
            preview.append(time_command(script, service))
            print(f"round {number + 1}: copier update {bare[-1]:.2f} s, update --preview {preview[-1]:.2f} s", flush=True)
    one, other = statistics.median(bare), statistics.median(preview)
    print(f"median: copier update {one:.2f} s, update --preview {other:.2f} s: {other / one:.2f} times")
    if chosen.write:
        lines = (
            "`uv run noxfile.py -s update_bench -- --write` takes turns with bare `copier update` on the same service,",
            f"which gets other wheels and other packages: {chosen.rounds} turns {describe_run()}.",
            "The preview updates a second tree and says what would become of the first.",
            f"It took {other / one:.2f} times as long: {other:.1f} s against {one:.1f} s, medians. At most 2 was the aim.",
        )
        write_part(UPDATE_FIGURES, "What a preview costs", "\n".join(lines))


if __name__ == "__main__":
    main()
