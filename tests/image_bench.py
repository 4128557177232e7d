"""Build the same service by Lockstep's Dockerfile and by those that a user would take instead, side by side in one run.

All take their Python and their tools from the same local bases; `--write` keeps the page.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench import built_here, commit_template, copy_template, run_command, time_act
from containers.bases import PACKAGING, archive_of, bring_bases, image_of
from containers.engine import Engine
from containers.images import Image, image
from containers.interpreter import interpreter_of
from services import until_ready

ROOT = Path(__file__).parents[1]
RIVALS = ROOT / "tests" / "rivals"
PAGE = ROOT / "docs" / "explanation" / "image-figures.md"
BUILD = """
import sys
from pathlib import Path
from lockstep_tool import engine
engine.build(sys.argv[1], Path.cwd(), sys.argv[2], {})
"""
ROWS = {
    "cold build": ("s", "nothing cached"),
    "after a change of source": ("s", "one line of one module"),
    "after a new dependency": ("s", "one small package more"),
    "size": ("MB", "all layers, gzip"),
    "layers for a change of source": ("kB", "what a registry has not yet, gzip"),
    "to the first answer": ("s", "from `run` to readiness"),
    "memory": ("MB", "of the container after a hundred requests"),
}


WHY = """\
## Where another is less, and why

**Builds.** Lockstep's build unpacks an interpreter of its own, compiles byte code that is checked by its source's hash, \
gives every file the same moment, and copies interpreter, packages and service as a layer each.
That is what makes the image small, the same bits twice, and a change of source a layer of some kilobytes; \
it costs a second or two where nothing is cached.
The others start from a base that has its interpreter already, and no two of their builds are the same bits.

**What is shipped.** Those of the others that have two stages copy their environment as one layer, \
so that a line of source ships every package again.
With pip in one stage it is the service's wheel alone: Lockstep's layer has its byte code, too, \
and `uv.lock`, by which environments are compared.
"""


@dataclass
class Candidate:
    """A folder with the service, the command that builds it, and what was measured."""

    name: str
    folder: Path
    tag: str
    command: Sequence[str | Path]
    settings: Mapping[str, str]
    requirements: tuple[str, ...] = ()
    seen: dict[str, float] = field(default_factory=dict)

    def build(self) -> None:
        if self.requirements:  # pip builds the wheel by a backend that it fetches; uv brings that along
            run_command("uv", "build", "--quiet", "--wheel", "--clear", cwd=self.folder)
        run_command(*self.command, cwd=self.folder, settings=self.settings)

    def lock(self) -> None:
        """What this way of building reads besides the sources."""
        if self.requirements:
            words = ("export", "--quiet", "--locked", "--no-default-groups", "--no-emit-project", *self.requirements)
            run_command("uv", *words, "--output-file", "requirements.txt", cwd=self.folder)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options.add_argument("--runs", type=int, default=3, help="runs of what is quick")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, built_here() as (engine, settings):
        if engine is None:
            return 2
        candidates = prepare_candidates(engine, Path(folder), settings)
        measure_candidates(engine, Path(folder), candidates, chosen.runs)
    page = write_page(candidates, engine)
    print(page)
    if chosen.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


def prepare_candidates(engine: Engine, folder: Path, settings: Mapping[str, str]) -> list[Candidate]:
    """The same service once for each way of building it."""
    service = folder / "service"
    copy_template(commit_template(folder / "template"), service, "--data", f"python={platform.python_version()}")
    base = build_python_slim(engine, folder / "base")
    arguments = {"PYTHON_IMAGE": base, "UV_IMAGE": bring_bases(engine)["UV_IMAGE"]}
    found = []
    own = shutil.copytree(service, folder / "lockstep")
    tag = "localhost/lockstep-bench:lockstep"
    found.append(Candidate("Lockstep", own, tag, [sys.executable, "-B", "-c", BUILD, engine.command, tag], settings))
    for name, dockerfile, requirements in (
        ("uv, two stages", "uv-multistage", ()),
        ("uv, one stage", "uv-one-stage", ()),
        ("pip", "pip", ("--no-hashes",)),
        ("pip with hashes", "pip-hashes", ("--format=requirements-txt",)),
    ):
        context = shutil.copytree(service, folder / dockerfile)
        (context / ".dockerignore").write_text(".git\n.nox\n.venv\n")
        tag = f"localhost/lockstep-bench:{dockerfile}"
        words: list[str | Path] = [
            engine.command,
            "build",
            "--quiet",
            "--network",
            "host",
            "--file",
            RIVALS / f"{dockerfile}.Dockerfile",
        ]
        words += [part for a, value in arguments.items() for part in ("--build-arg", f"{a}={value}")]
        found.append(Candidate(name, context, tag, [*words, "--tag", tag, "."], {"DOCKER_BUILDKIT": "1"}, requirements))
    for candidate in found:
        candidate.lock()
    return found


def build_python_slim(engine: Engine, folder: Path) -> str:
    """A local image in the shape of python:slim, with the interpreter that runs this."""
    folder.mkdir()
    shutil.copy(interpreter_of(Path(sys.executable)).archive, folder / "python.tar.gz")
    bundle = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    shutil.copy(bundle, folder / "certificates.pem")
    run_command("uvx", "--quiet", "pip", "download", "--quiet", "--no-deps", "--dest", folder / "pip", "pip")
    tag = "localhost/lockstep-bench:python-slim"
    arguments = ["--build-arg", f"PACKAGING={image_of(engine, archive_of(PACKAGING))}"]
    engine("build", "--quiet", "--file", RIVALS / "python-slim.Dockerfile", *arguments, "--tag", tag, folder)
    return tag


def measure_candidates(engine: Engine, folder: Path, candidates: Sequence[Candidate], runs: int) -> None:
    """Every row of one way, then of the next: a cold build takes everybody's cache away."""
    for candidate in candidates:
        engine("builder", "prune", "--force", "--all")
        candidate.seen["cold build"] = time_step(candidate, "cold build", candidate.build)
        before = image(engine, candidate.tag, folder)
        candidate.seen["size"] = before.compressed / 1e6
        module = next((candidate.folder / "src").glob("*/hello.py"))
        times = []
        for turn in range(runs):
            module.write_text(f"{module.read_text()}\n# turn {turn}\n")
            times.append(time_step(candidate, "after a change of source", candidate.build))
        candidate.seen["after a change of source"] = statistics.median(times)
        candidate.seen["layers for a change of source"] = count_new_bytes(before, image(engine, candidate.tag, folder)) / 1e3
        candidate.seen["to the first answer"], candidate.seen["memory"] = time_first_answer(engine, candidate, runs)
        run_command("uv", "add", "--quiet", "--no-sync", "six", cwd=candidate.folder)
        candidate.lock()
        candidate.seen["after a new dependency"] = time_step(candidate, "after a new dependency", candidate.build)


def time_step(candidate: Candidate, what: str, act: Callable[[], object]) -> float:
    print(f"  {candidate.name}: {what} …", file=sys.stderr, flush=True)
    return time_act(act)


def count_new_bytes(before: Image, after: Image) -> int:
    """Compressed bytes of the layers that were not there before."""
    known = {layer.digest for layer in before.layers}
    return sum(layer.compressed for layer in after.layers if layer.digest not in known)


def time_first_answer(engine: Engine, candidate: Candidate, runs: int) -> tuple[float, float]:
    """Seconds from `run` to readiness, the median; megabytes after a hundred requests."""
    times, memory = [], 0.0
    for _ in range(runs):
        began = time.perf_counter()
        name = engine("run", "--detach", "--publish", "127.0.0.1::8000", candidate.tag).strip()
        try:
            address = f"http://{engine('port', name, '8000').split()[0]}"
            until_ready(address)
            times.append(time.perf_counter() - began)
            subprocess.run(["curl", "--silent", *[f"{address}/hello/Ada"] * 100], check=True, stdout=subprocess.DEVNULL)
            memory = read_megabytes(json.loads(engine("stats", "--no-stream", "--format", "{{json .}}", name))["MemUsage"])
        finally:
            engine("rm", "--force", name)
    return statistics.median(times), memory


def read_megabytes(said: str) -> float:
    """`45.2MiB / 23GiB` → 47.4."""
    [number, unit] = re.findall(r"([\d.]+)([kKMG]i?B)", said)[0]
    sizes = {"kB": 1e-3, "KiB": 1.024e-3, "MB": 1.0, "MiB": 1.048576, "GB": 1e3, "GiB": 1073.741824}
    return float(number) * sizes[unit]


def write_page(candidates: Sequence[Candidate], engine: Engine) -> str:
    """The page."""
    head = f"| | {' | '.join(candidate.name for candidate in candidates)} |\n|---|{'---|' * len(candidates)}"
    rows = []
    for name, (unit, how) in ROWS.items():
        seen = [candidate.seen[name] for candidate in candidates]
        said = [f"**{value:,.1f}**" if value == min(seen) else f"{value:,.1f}" for value in seen]
        rows.append(f"| {name}, {unit}: {how} | {' | '.join(said)} |")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, {engine.command} {engine.version}"
    return "\n".join(
        [
            "# The image, beside others\n",
            f"Written by `uv run noxfile.py -s images -- --write` on {datetime.now(UTC):%Y-%m-%d}, on {machine}.",
            "The same service of the default answers, started by the same command, built the ways that people take instead:",
            "as uv's Docker example has it, as the backend of the full-stack FastAPI template, as FastAPI's documentation,",
            "and with pip and hashes.",
            "Their texts are in `tests/rivals/`, in our words.",
            "Their base is made here, in the shape of python:slim, and Lockstep's in that of distroless.",
            "For those with pip, the service's wheel is built before, within the time that is measured.",
            "Seconds mean something beside each other only. The least of a row is bold.\n",
            head,
            *rows,
            "",
            WHY,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
