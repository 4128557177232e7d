"""Run the checks of `pins`, and say what was compared."""

from collections.abc import Iterator
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import name_few
from lockstep_tool.checks.mending import mend
from lockstep_tool.checks.pins.deploy_files import compared_files
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.checks.report import judge, run_checks
from lockstep_tool.files.proxy import proxy_files
from lockstep_tool.files.start_commands import start_commands
from lockstep_tool.files.versions_stated import repetitions
from lockstep_tool.service import Service
from lockstep_tool.versions import SOURCES

__all__ = ["check_pins", "compare_nox", "mend_pins"]


def check_pins(service: Service) -> list[str]:
    """Raise Refusal for all that disagrees; return what was compared, with the warnings below it."""
    for name in ("Dockerfile", "noxfile.py"):
        service.files.text(name)  # or it would pass without having been looked at
    warnings = judge("pins", run_checks(checks_of("pins"), service))
    return [*what_was_compared(service), *warnings]


def mend_pins(root: Path) -> list[str]:
    """Rewrite what repeats a source of truth otherwise, never the source; return what was rewritten."""
    return [f"mended {spot}" for spot in mend(root, run_checks(checks_of("pins"), Service(root)))]


def compare_nox(service: Service, running: str) -> None:
    """Raise Refusal when the nox that runs is not the one that is locked."""
    locked = service.versions["nox"]
    if running != locked:
        raise Refusal(
            "This is not the nox that the service locks.",
            [(SOURCES["nox"], locked), ("running", f"{running}   <- differs")],
            "Run `uv run noxfile.py`: it takes the locked one.",
        )


def what_was_compared(service: Service) -> Iterator[str]:
    """Each version with its source of truth and where it is repeated, and the files that repeat something else."""
    found = list(repetitions(service.files, service.versions))
    for tool, version in service.versions.items():
        spots = dict.fromkeys(one.found.spot for one in found if one.tool == tool)
        yield f"{tool} {version}: {SOURCES[tool]}" + (f", repeated in {name_few([*spots])}" if spots else ", stated nowhere else")
    if files := sorted({*compared_files(service), *proxy_files(service.files)}):
        yield f"server.toml agrees with {', '.join(files)}"
    if files := sorted({started.file for started, _ in start_commands(service.files)}):
        yield f"one start command in {', '.join(files)}"
