"""Judge the wheels in `.lockstep/`: Copier replaces one that a team changed without a word."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.checks.lock import tool, wheels
from lockstep_tool.service import Service

__all__ = ["FOLDER", "is_wheel", "judge_wheels", "read_wheel_version", "refuse_changed_wheels"]

FOLDER = ".lockstep"
FIX = (
    f"Bring it back: `git checkout HEAD -- {FOLDER}`; where it is committed, `git log -- {FOLDER}` names the commit. "
    f"If the change is meant, lock it and commit it first: `uv lock --project {FOLDER} --upgrade-package NAME`, "
    "and the same without `--project`."
)


def refuse_changed_wheels(root: Path) -> None:
    """Raise Refusal when a wheel in `.lockstep/` is not the one that is locked, or is in no lock."""
    if findings := list(judge_wheels(root)):
        raise Refusal(
            f"A wheel in {FOLDER}/ is not the one that is locked, and an update would replace it without asking.",
            [row for finding in findings for row in finding.where],
            FIX,
        )


def judge_wheels(root: Path) -> Iterator[Finding]:
    """What the checks of `lock` say of the wheels in `.lockstep/`; raises Refusal for a lock that is none."""
    service = Service(root)
    locks = [name for name in service.locks if service.files.has(name)]
    findings = [*wheels.compare_wheels(service, locks), *tool.find(service)]
    for finding in findings:
        if any(is_wheel(spot) for spot, _ in finding.where):
            yield finding


def is_wheel(path: str) -> bool:
    """Whether this path, relative to the service's root, is a wheel of Lockstep's."""
    return path.startswith(f"{FOLDER}/") and path.endswith(".whl")


def read_wheel_version(path: str) -> tuple[str, str]:
    """Distribution and version of a wheel, by its file name."""
    name = PurePosixPath(path).name
    try:
        distribution, version, *_ = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return name, ""
    return str(distribution), str(version)
