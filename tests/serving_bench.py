# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = [
#     "copier>=9.19",
#     "django>=5.2",
#     "fastapi[standard]>=0.120",
#     "flask>=3.1",
#     "granian>=2.5",
#     "hypercorn>=0.17",
#     "lockstep-serve",
#     "lockstep-tool[bench]",
#     "pyyaml>=6",
# ]
# [tool.uv]
# exclude-newer = "7 days"
# [tool.uv.sources]
# lockstep-serve = { path = "../lockstep/serve", editable = true }
# lockstep-tool = { path = "../lockstep/tool", editable = true }
# ///
"""What a service's clients get beside bare servers, in one run: speed, restarts, and ends.

`speed` loads each service and the bare hello of its framework under the same server in turns; `restarts` counts what
is lost; `ends` times SIGTERM to exit with something open. What was measured is kept in `.nox/report/serving-*.json` as
it comes, so that parts can be taken one after the other; the page is made of all of it, and keeps what was not measured.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lockstep_tool.bench.choosing import FRAMEWORKS, list_fitting_models
from lockstep_tool.bench.machine import describe_machine
from nobody import become_nobody
from serving.contestants import make_contestants
from serving.ends import measure_ends
from serving.page import render_page
from serving.restarts import measure_restarts
from serving.speed import measure_speed
from snapshot import snapshot

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "serving-figures.md"
REPORT = ROOT / ".nox" / "report"
PARTS = {"speed": measure_speed, "restarts": measure_restarts, "ends": measure_ends}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all unless said")
    options.add_argument("--frameworks", type=lambda said: said.split(","), default=list(FRAMEWORKS))
    options.add_argument("--models", type=lambda said: said.split(","), default=[], help="only these, separated by commas")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=3, help="of load in each turn; default 3")
    options.add_argument("--folder", type=Path, help="make the services there and keep them; those that are there are taken")
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options.add_argument("--only-page", action="store_true", help="measure nothing; render what was kept")
    chosen = options.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever starts this by nohup ignores it, and so would the servers
    if not chosen.only_page:
        with work_in(chosen.folder) as folder:
            for framework in chosen.frameworks:
                measure_framework(framework, folder, chosen)
    text = render_page({part: read_kept(part) for part in PARTS}, PAGE.read_text(encoding="utf-8"))
    print(text)
    if chosen.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def measure_framework(framework: str, folder: Path, chosen: argparse.Namespace) -> None:
    """All parts that were chosen; each figure is kept as soon as it is there."""
    models = [name for name in list_fitting_models(framework) if not chosen.models or name in chosen.models]
    contestants = make_contestants(framework, models, folder)
    for part in chosen.parts or PARTS:
        found: dict[str, Any] = read_kept(part).get(framework, {"figures": {}})
        found["machine"], found["loads"] = describe_machine(platform.python_version()), [os.getloadavg()[0]]
        for name, figures in PARTS[part](contestants, chosen.rounds, chosen.seconds):
            found["figures"][name] = figures
            found["loads"].append(os.getloadavg()[0])
            REPORT.mkdir(parents=True, exist_ok=True)
            name_file(part, framework).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def name_file(part: str, framework: str) -> Path:
    return REPORT / f"serving-{part}-{framework}.json"


def read_kept(part: str) -> dict[str, Any]:
    """By framework: the figures, the machine, and its loads while they were taken."""
    files = {framework: name_file(part, framework) for framework in FRAMEWORKS}
    return {framework: json.loads(file.read_text(encoding="utf-8")) for framework, file in files.items() if file.exists()}


@contextmanager
def work_in(folder: Path | None) -> Iterator[Path]:
    """A folder with the template as a repository, in which services are made."""
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockstep-serving-")))
        place.mkdir(parents=True, exist_ok=True)
        become_nobody(place)
        if not (place / "template").exists():
            snapshot(place / "template", "v0.0.0")
        yield place


if __name__ == "__main__":
    sys.exit(main())
