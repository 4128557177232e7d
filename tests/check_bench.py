"""Measure `check` over many rendered services: seconds for each, growth with their number, and processors used."""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from snapshot import snapshot
from written import UPDATE_FIGURES, describe_run, write_part

ANSWERS = sorted((Path(__file__).parent / "answers").glob("*.yml"))


def render_services(folder: Path, count: int) -> Iterator[Path]:
    """Each set of answers rendered once, and copied until there are enough."""
    template = snapshot(folder / "template", "v0.1.0")
    rendered: list[Path] = []
    for number in range(count):
        service = folder / f"service-{number:03}"
        if number < len(ANSWERS):
            done = template.copy(service, yaml.safe_load(ANSWERS[number].read_text(encoding="utf-8")))
            assert done.returncode == 0, done.stderr
            rendered.append(service)
        else:
            shutil.copytree(rendered[number % len(rendered)], service)
        yield service


def time_check(paths: list[Path], jobs: int) -> tuple[float, float]:
    """Seconds by the clock and of processors, for one call."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "lockstep_tool", "check", "--jobs", str(jobs), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=False)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout.decode()
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a row for an eighth, a quarter, half and all of them, by one process and by as many as there are processors."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("count", nargs="?", type=int, default=200, help="of services; default 200")
    options.add_argument("--write", action="store_true", help=f"keep it in {UPDATE_FIGURES.name}")
    chosen = options.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rows = [f"{'services':>8} {'jobs':>4} {'seconds':>8} {'each':>7} {'processors used':>16}"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "template").mkdir()
        paths = list(render_services(folder, chosen.count))
        print(rows[0])
        for jobs in dict.fromkeys((1, cores)):
            for share in (8, 4, 2, 1):
                some = paths[: max(chosen.count // share, 1)]
                took, used = time_check(some, jobs)
                rows.append(f"{len(some):>8} {jobs:>4} {took:>8.2f} {took / len(some):>7.3f} {used / took:>16.2f}")
                print(rows[-1], flush=True)
    if chosen.write:
        said = f"`uv run noxfile.py -s check_bench -- --write` looked at rendered services {describe_run()}."
        write_part(UPDATE_FIGURES, "What a look at many services costs", "\n".join([said, "", "```text", *rows, "```"]))


if __name__ == "__main__":
    main()
