"""The check `repository wheels`: whether each wheel that lies in the repository is the one that was locked.

uv itself does not notice that the content of such a wheel changed when it locks, nor when it checks the lock.
"""

from collections.abc import Iterator, Mapping, Sequence

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.locks.lock_wheels import LockedWheel, locked_wheels, stated_paths
from lockstep_tool.service import TOOL_LOCK, Service
from lockstep_tool.toml_file import read_toml

__all__ = ["CHECK", "compare_wheels"]

TOOL = ".lockstep"


def find(service: Service) -> Iterator[Finding]:
    """What is wrong with the wheels of every lock."""
    yield from compare_wheels(service, service.locks)
    for name in (one for one in service.locks if one in {"uv.lock", TOOL_LOCK}):
        for wheel in locked_wheels(name, service.locked(name)):
            yield from compare_versions(service, wheel)


def compare_wheels(service: Service, locks: Sequence[str]) -> Iterator[Finding]:
    """One finding for each wheel, with the locks that name it."""
    by_path: dict[str, list[LockedWheel]] = {}
    for name in locks:
        for wheel in locked_wheels(name, service.locked(name)):
            by_path.setdefault(wheel.path, []).append(wheel)
    for path, wheels in by_path.items():
        yield from compare_bytes(service, path, wheels)
        for wheel in wheels:
            yield from compare_names(wheel, project_of(service, wheel.lock))


def project_of(service: Service, lock: str) -> Mapping[str, object]:
    """The pyproject.toml that a lock answers."""
    return read_toml(service.root / TOOL / "pyproject.toml") if lock == TOOL_LOCK else service.project


def compare_bytes(service: Service, path: str, wheels: list[LockedWheel]) -> Iterator[Finding]:
    """A wheel that is missing, or has other bytes than a lock says."""
    if path.startswith(("../", "/")):
        yield CHECK.finding(
            "A wheel lies outside the repository.",
            where=tuple((wheel.spot, f"{path}   <- nobody else has it") for wheel in wheels),
            fix="Put it into the repository, name it in `[tool.uv.sources]`, and run `uv lock`.",
        )
        return
    found = service.files.sha256(path)
    if all(wheel.hash == found for wheel in wheels):
        return
    others = [name for name in service.files.named(f"{path.split('-')[0]}-*.whl") if name != path]
    yield CHECK.finding(
        "A wheel in the repository is not the one that is locked." if found else "A locked wheel is not in the repository.",
        where=(
            (path, f"{found or 'missing'}   <- differs"),
            *((wheel.spot, wheel.hash) for wheel in wheels),
            *((name, "another version") for name in others if not found),
        ),
        fix=remedy(path, wheels[0]),
    )


def remedy(path: str, wheel: LockedWheel) -> str:
    """The tool's own wheels go through `update`; a team's may be replaced on purpose."""
    if path.startswith(f"{TOOL}/"):
        return f"Run `git checkout -- {TOOL}`; a deliberate change goes through `uv run noxfile.py -s update`."
    return f"Run `git checkout -- {path}`. Where it was replaced on purpose: `uv lock --upgrade-package {wheel.package}`."


def compare_versions(service: Service, wheel: LockedWheel) -> Iterator[Finding]:
    """Lockstep's wheel of a release that is another one than it was: its name, version and locks may all say the same."""
    released = wheel.path.startswith(f"{TOOL}/") and ".dev" not in wheel.version  # `1.0.0.dev0` is built anew with every change
    if released and (where := service.history.changed(wheel.path)):
        yield CHECK.finding(
            "A wheel of a release of Lockstep was replaced by another one of the same name.",
            where=((wheel.path, f"changed in {where}   <- differs"), (wheel.spot, wheel.hash[:23])),
            fix=f"Run `git log -p -- {wheel.path}`, and compare it with the hashes that its release lists. "
            "A wheel of your own has a version of its own, such as 1.0.0+ours.",
        )


def compare_names(wheel: LockedWheel, project: Mapping[str, object]) -> Iterator[Finding]:
    """A wheel of another project or version than its package, or one that pyproject.toml does not name."""
    if not wheel.belongs:
        yield CHECK.finding(
            "A wheel in the repository is locked as what it is not.",
            where=((wheel.spot, f"{wheel.path} is no file of {wheel.package} {wheel.version}   <- differs"),),
            fix=f"Run `git checkout -- {wheel.lock}`, or `uv lock` where the wheel was replaced on purpose.",
        )
    stated = stated_paths(project, wheel.package)
    if wheel.stated not in stated:
        said = ", ".join(stated) or f"{wheel.package} is not in [tool.uv.sources]"
        yield CHECK.finding(
            "A wheel in the repository is not the one that pyproject.toml names.",
            where=(
                (wheel.lock.replace("uv.lock", "pyproject.toml"), said),
                (wheel.spot, f"{wheel.stated}   <- differs"),
            ),
            fix=f"Run `git checkout -- {wheel.lock}`, or name the wheel in `[tool.uv.sources]` and run `uv lock`.",
        )


CHECK = Check(
    name="repository wheels",
    session="lock",
    asks="Whether each wheel that lies in the repository, `.lockstep/` included, is there, has the locked bytes, and is the "
    "one that `[tool.uv.sources]` names.",
    why="uv locks such a wheel by hash, and does not notice a change of its content until it installs; and who replaces it can "
    "write its hash into the lock.",
    allowed="Never.",
    fix="git checkout -- PATH",
    find=find,
)
