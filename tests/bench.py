"""Measure speed and size, each beside what it is compared with, in one run; `--write` keeps the
table.

Times are medians of interleaved runs on the machine at hand; only the ratios between columns mean something elsewhere.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from copier import run_copy

from containers.bases import bring_bases
from containers.building import build_settings
from containers.engine import Engine, NoEngine, find_engine
from containers.images import image
from containers.interpreter import interpreter_of
from containers.offered import offered
from growth import fit_line, measure_growth
from lockstep_tool.environments.probe import probe_program
from lockstep_tool.environments.verdicts import recall_verdicts
from services import Service
from written import describe_run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "figures.md"
# What is known of the figures that do not hold; printed only under those.
REASONS = {
    "birth": "Copier checks all of this repository out, compiles each expression of a question whenever it is needed, and takes "
    "about 10 ms for each of the service's files: it compiles each part of its path, and asks git for a setting. "
    "A repository with nothing but the template in it would be copied in four fifths of the time.",
    "birth, in process": "For the same reasons: a one-file template has one file to render and one question to ask.",
    "the one command": "What is beyond the limit is uv and nox, which start before anything is looked at, and the sessions that "
    "have no counterpart by hand: `lock`, `pins` and `prove`.",
    "… after a change of source": "`prove` has no counterpart by hand: it starts servers, waits for requests to overlap, and "
    "restarts and stops them. Most of that is waiting.",
    "fingerprint": "Every installed file is read and hashed, so what counts is bytes; the packages that are added here are among "
    "the largest that services have. Before that, uv is asked whether the environment is the locked one.",
    "parity, first": "Two environments are read whole, and the byte code of each package is compared with what its source "
    "compiles to; the verdicts are kept.",
    "parity, warm": "Every file of two environments is still read and hashed.",
    "parity in a container": "All byte code of an image is compiled anew and compared when it is looked at for the first time; "
    "the verdicts are kept for this image.",
    "image": "`lockstep_serve` has grown, and lies in the image with its byte code.",
}
ONLY_BUILD = (
    "import sys; from pathlib import Path; from lockstep_tool.images.image import build_image; "
    "from lockstep_tool.service import Service; build_image(Service(Path.cwd()), sys.argv[1])"
)
SESSIONS = ("lock", "pins", "lint", "types", "tests", "prove")
ONE_FILE = {
    "copier.yml": "_subdirectory: template\nname:\n  type: str\n  default: x\n",
    "template/one.txt.jinja": "{{ name }}\n",
}


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, what it came to, what it may be at most, and how it was measured."""

    name: str
    value: float
    limit: float
    unit: str
    how: str

    def row(self) -> str:
        held = "yes" if self.value <= self.limit else "**no**"
        return f"| {self.name} | {self.value:.2f} {self.unit} | {self.limit:g} {self.unit} | {held} | {self.how} |"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options.add_argument("--runs", type=int, default=5, help="runs of each, interleaved")
    chosen = options.parse_args()
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a service would name it
    with tempfile.TemporaryDirectory() as folder, built_here() as (engine, settings):
        figures = [*measure_birth(Path(folder), chosen.runs), *measure_one_command(Path(folder), chosen.runs, settings)]
        figures += measure_looking(Path(folder), chosen.runs)
        if engine is not None:
            figures += list(measure_images(engine, Path(folder), chosen.runs, settings))
    page = write_page(figures, engine)
    print(page)
    if chosen.write:
        PAGE.write_text(page, encoding="utf-8")
    return int(any(figure.value > figure.limit for figure in figures))


@contextmanager
def built_here() -> Iterator[tuple[Engine | None, Mapping[str, str]]]:
    """The engine and the settings to build with: this machine's own bases and interpreter, or none of both."""
    try:
        engine = find_engine()
    except NoEngine as reason:
        print(reason, file=sys.stderr)
        yield None, {}
        return
    with tempfile.TemporaryDirectory() as folder, offered(interpreter_of(Path(sys.executable)), Path(folder)) as offer:
        yield engine, {**build_settings(bring_bases(engine), offer), **offer.environment}


def run_command(*command: str | Path, cwd: Path | None = None, settings: Mapping[str, str] | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(settings or {})}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def time_act(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def time_in_turns(runs: int, *acts: Callable[[], object]) -> list[float]:
    """Median seconds of each act; they take turns, so that a busy moment meets all of them."""
    print(f"  {runs} turns of {len(acts)} …", file=sys.stderr, flush=True)
    turns = [[time_act(act) for act in acts] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def copy_template(template: Path, folder: Path, *data: str) -> None:
    run_command(sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data, "--vcs-ref", "HEAD", template, folder)


def commit_template(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A committed clone of this template, or a template of `files`."""
    if files is None:
        run_command("git", "clone", "--quiet", "--no-hardlinks", ROOT, folder)
        return folder
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", "one"],
    ):
        run_command("git", *words, cwd=folder)
    return folder


def measure_birth(folder: Path, runs: int) -> Iterator[Figure]:
    """copier copy of this template against that of a template of one file; what it makes."""
    this, one = commit_template(folder / "this"), commit_template(folder / "one", ONE_FILE)
    number = iter(range(10**6))
    data: dict[str, object] = {"python": platform.python_version()}

    def by_command(template: Path, *words: str) -> Callable[[], object]:
        fixed = ("uvx", "--quiet", f"copier=={version('copier')}", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD")
        return lambda: run_command(*fixed, *words, template, folder / f"born-{next(number)}")

    def in_process(template: Path) -> Callable[[], object]:
        return lambda: run_copy(str(template), folder / f"born-{next(number)}", data, defaults=True, quiet=True, vcs_ref="HEAD")

    ours, theirs = time_in_turns(runs, by_command(this, "--data", f"python={data['python']}"), by_command(one))
    yield Figure("birth", ours / theirs, 1.25, "x", "`uvx copier copy` of this template against that of a one-file template")
    ours, theirs = time_in_turns(runs, in_process(this), in_process(one))
    yield Figure("birth, in process", ours / theirs, 1.6, "x", "the same without what starts uvx and Python")
    files = [path for path in make_service(folder).rglob("*") if path.is_file() and ".git" not in path.parts]
    yield Figure("files at birth", len(files), 50, "files", "with the default answers")
    lines = [line for path in this.glob("template/**/*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    yield Figure("Python in the template", len(lines), 4000, "lines", "all of `template/`, for every answer")


def make_service(folder: Path) -> Path:
    """A fresh service with the defaults."""
    path = folder / "bench-service"
    if not path.exists():
        copy_template(folder / "this", path, "--data", f"python={platform.python_version()}")
    return path


def measure_one_command(folder: Path, runs: int, settings: Mapping[str, str]) -> Iterator[Figure]:
    """What the one command does without an engine, warm, against the tools by hand."""
    service = make_service(folder)
    module = next((service / "src").glob("*/hello.py"))

    def by_command() -> None:
        run_command("uv", "run", "-q", "noxfile.py", "-s", *SESSIONS, cwd=service, settings=settings)

    def by_hand() -> None:
        for command in (
            "uv sync -q --locked",
            ".venv/bin/ruff check -q",
            ".venv/bin/ruff format -q --check",
            ".venv/bin/mypy",
            ".venv/bin/pytest -q",
        ):
            run_command(*command.split(), cwd=service, settings=settings)

    def changed(act: Callable[[], None]) -> Callable[[], None]:
        def change_and_act() -> None:
            module.write_text(f"{module.read_text()}\n\n# one more line\n")  # formatted, so that `lint` goes on
            act()

        return change_and_act

    by_hand()
    by_command()
    ours, theirs = time_in_turns(runs, by_command, by_hand)
    how = f"`{'`, `'.join(SESSIONS)}`, warm, against `uv sync`, ruff, mypy and pytest by hand"
    yield Figure("the one command", ours / theirs, 1.25, "x", f"{how}; nothing has changed")
    ours, theirs = time_in_turns(runs, changed(by_command), changed(by_hand))
    yield Figure("… after a change of source", ours / theirs, 2, "x", "the same, each after a change of one module")


def measure_looking(folder: Path, runs: int) -> Iterator[Figure]:
    """What looking into an environment costs as it grows."""
    found = measure_growth(Service(make_service(folder), {}), folder, max(runs, 3))
    counts = [point.packages for point in found]
    for name, seconds, limit in (
        ("fingerprint", [point.fingerprint for point in found], 0.2),
        ("parity, first", [point.parity_first for point in found], 1.5),
        ("parity, warm", [point.parity for point in found], 0.6),
    ):
        line = fit_line(counts, seconds)
        seen = ", ".join(f"{s:.2f} s for {n}" for n, s in zip(counts, seconds, strict=True))
        how = f"processor time for 50 packages by the line {line.start:.3f} s + {line.each * 1000:.2f} ms a package; seen: {seen}"
        yield Figure(name, line.at(50), limit, "s of CPU", how)
        yield Figure(f"{name}, off its line", line.worst, 0.2, "of it", "the largest distance of what was seen from that line")


def measure_images(engine: Engine, folder: Path, runs: int, settings: Mapping[str, str]) -> Iterator[Figure]:
    """The image: its size, its rebuild, and what looking into it adds to starting it."""
    service = make_service(folder)
    tag = f"localhost/{service.name}:lockstep"
    python = "/app/.venv/bin/python"

    def build() -> None:
        run_command(sys.executable, "-B", "-c", ONLY_BUILD, engine.command, cwd=service, settings=settings)

    def whole() -> None:
        run_command(sys.executable, "-m", "lockstep_tool", "image", cwd=service, settings=settings)

    engine("builder", "prune", "--force", "--all") if engine.command == "docker" else None
    cold = time_act(build)
    # A line in a module of the service: what a release usually is.
    module = next((service / "src").glob("*/hello.py"))
    rebuilds = []
    for turn in range(3):
        module.write_text(module.read_text() + f"\n# turn {turn}\n")
        rebuilds.append(time_act(build))
    yield Figure(
        "rebuild",
        statistics.median(rebuilds) / cold,
        0.25,
        "x",
        "the build after a change of source only, against a cold one",
    )
    built, judged = time_in_turns(runs, build, whole)
    yield Figure("the image's contract", judged - built, 6, "s", "what `image` adds to an unchanged build")
    saved = image(engine, tag, folder)
    yield Figure("image", saved.compressed / 1e6, 31.8, "MB", "all layers, gzip, FastAPI on the slim base that the tests make")
    modules = [name for name in saved.files if "/lockstep_" in name and name.endswith(".py")]
    yield Figure("modules of Lockstep in the image", len(modules), 60, "modules", "those of lockstep_serve, and none of the tool")
    yield Figure("source-only layer", saved.last.compressed / 1e3, 200, "kB", "what a release ships when only source changed")
    start, looked = time_in_turns(
        runs,
        lambda: engine("run", "--rm", "--network", "none", tag, python, "-c", "pass"),
        lambda: subprocess.run(
            [engine.command, "run", "--rm", "--interactive", "--network", "none", tag, python, "-B", "-"],
            input=probe_program(recall_verdicts(tag)),
            capture_output=True,
            check=True,
        ),
    )
    yield Figure("parity in a container", looked - start, 1.5, "s", "what the probe adds to the start of a container")


def write_page(figures: list[Figure], engine: Engine | None) -> str:
    """The page."""
    said = f"{engine.command} {engine.version}" if engine else "no container engine, so no figure of containers"
    head = "| figure | measured | at most | held | how |\n|---|---|---|---|---|"
    rows = "\n".join(figure.row() for figure in figures)
    missed = [f"**{f.name}**: {REASONS[f.name]}" for f in figures if f.value > f.limit and f.name in REASONS]
    reasons = "\n## What does not hold, and why\n\n" + "\n\n".join(missed) + "\n" if missed else ""
    return (
        f"# Figures\n\nWritten by `uv run noxfile.py -s bench -- --write` {describe_run()}, {said}.\n"
        f"Medians of interleaved runs in one run; ratios mean something elsewhere, seconds do not.\n\n{head}\n{rows}\n{reasons}"
    )


if __name__ == "__main__":
    sys.exit(main())
