"""Run services where they really run: a provider's workflow, Compose, Kubernetes' files, systemd, other machines and Pythons.

Each target makes its services from the working tree. `--write` keeps what was seen as a row of the page.
"""

import argparse
import os
import subprocess
import sys
import time
import traceback

from containers.programs import CannotMake

from . import arm64, compose, github, gitlab, kubernetes, pythons, systemd
from .page import PAGE, failed_row, write_row
from .place import Place, open_place

ALL = (github.TARGET, gitlab.TARGET, compose.TARGET, kubernetes.TARGET, systemd.TARGET, arm64.TARGET, *pythons.TARGETS)
TARGETS = {target.name: target for target in ALL}

NOT_RUN = 2


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", help=f"of {', '.join(TARGETS)}; else all")
    options.add_argument("--write", action="store_true", help=f"put their rows into {PAGE.name}")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(TARGETS):
        options.error(f"no target: {', '.join(sorted(unknown))}")
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a service would name it
    try:
        with open_place() as place:
            codes = [run_target(name, place, write=chosen.write) for name in chosen.names or TARGETS]
    except CannotMake as reason:
        print(reason, file=sys.stderr)
        return NOT_RUN
    # What cannot run here says so in its row, and is red where it was asked for by name.
    return max((code for code in codes if code != NOT_RUN or chosen.names), default=NOT_RUN)


def run_target(name: str, place: Place, *, write: bool) -> int:
    """Say what is seen as it is seen; 0 when all of it was, 1 when it was not, 2 when the target cannot run here."""
    print(f"\n{name}", flush=True)
    began, seen, by = time.monotonic(), list[str](), "-"

    def keep(*points: str) -> None:
        if write:
            write_row(name, by, points, list(TARGETS), seconds=time.monotonic() - began)

    try:
        points = TARGETS[name].run(place)
        by = next(points)
        print(f"  {by}", flush=True)
        for point in points:
            print(f"  ✓ {point} ({time.monotonic() - began:.0f} s)", flush=True)
            seen.append(point)
            keep(*seen, "**not seen**: what comes next, for the run was not ended")  # at once: some take an hour
    except CannotMake as reason:
        print(f"  not run: {reason}", flush=True)
        keep(*failed_row(str(reason)))
        return NOT_RUN
    except (AssertionError, subprocess.SubprocessError) as error:
        print(f"  ✗ {''.join(traceback.format_exception(error))}", flush=True)
        keep(*seen, f"**not seen**: what comes next, {str(error).splitlines()[0]}")
        return 1
    keep(*seen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
