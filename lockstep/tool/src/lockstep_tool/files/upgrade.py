"""Move uv, Python and the locked packages together, with every echo of them; all of it, or nothing."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.files import pins
from lockstep_tool.files import statements_of_versions as voices
from lockstep_tool.files.faults import judge, mend
from lockstep_tool.files.ranges import holds
from lockstep_tool.files.statements import statements
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock, read_lock
from lockstep_tool.locks.lock_registry import UNREACHABLE

__all__ = ["upgrade"]

# What uv says → what is wrong, what to do, the exit code. The first that fits is told.
REASONS: Sequence[tuple[tuple[str, ...], str, str, int]] = (
    (
        ("No interpreter found", "No download found", "Failed to install cpython", "python-build-standalone", "pyenv:"),
        "That Python is not to be had here",
        "Choose one of `uv python list`, or connect and run this again.",
        COULD_NOT_LOOK,
    ),
    (UNREACHABLE, "The index cannot be asked", "Connect and run this again.", COULD_NOT_LOOK),
)
INPUTS = ("uv.toml", ".python-version", "pyproject.toml", "uv.lock")


def upgrade(root: Path, *, uv: str = "", python: str = "", packages: Sequence[str] = (), keep: bool = False) -> list[str]:
    """Return what moved, as a table. Raises Refusal, with every file as it was, when something cannot be moved.

    `uv` and `python` are exact versions, or empty to stay; without `packages` all of them move, with `keep` none.
    """
    judge("pins", pins.faults(root))
    before, old = pins.truth(root), read_lock(root / "uv.lock")
    known(old, packages)
    with all_or_nothing(root, before):
        state(root, {**before, **{tool: said for tool, said in (("uv", uv), ("Python", python)) if said}})
        mend(root, (fault for fault in pins.faults(root) if fault.facet == "versions"))
        judge("pins", pins.faults(root))
        chosen = [word for name in packages for word in ("--upgrade-package", name)] or ["--upgrade"]
        lock(root, [] if keep else chosen)
        looked_at = pins.check(root)
    rows = [*moved(before, pins.truth(root)), *packages_moved(old, read_lock(root / "uv.lock"))]
    closing = "Now run `uv run noxfile.py`, and commit what changed." if rows else "Nothing moved: all is as new as allowed."
    return [*table(rows), closing, "", *looked_at]


@contextmanager
def all_or_nothing(root: Path, truth: dict[str, str]) -> Iterator[None]:
    """Put every file back that an upgrade may write, when it does not come to its end."""
    echoes = {voice.found.file for voice in voices.where(root, truth)}
    saved = {name: (root / name).read_bytes() for name in sorted({*INPUTS, *echoes})}
    try:
        yield
    except BaseException:
        for name, content in saved.items():
            (root / name).write_bytes(content)
        raise


def known(lock: Lock, packages: Sequence[str]) -> None:
    for name in packages:
        if not list(lock.named(re.sub(r"[-_.]+", "-", re.split(r"[=<>~!]", name)[0]).lower())):
            raise Refusal(
                f"{name} is not locked, so it cannot be moved.",
                [("uv.lock", f"no [[package]] named {name}")],
                f"Spell it as uv.lock does, or add it: `uv add {name}`.",
            )


def state(root: Path, wanted: dict[str, str]) -> None:
    """Write the versions into their sources, and widen the ranges around them; raises Refusal for no version."""
    for tool in ("uv", "Python"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", wanted[tool]):
            raise Refusal(
                f"{tool} {wanted[tool]} is not an exact version.",
                [("upgrade", wanted[tool])],
                "Write major, minor and patch, such as 3.13.9.",
            )
    major, minor, _ = wanted["uv"].split(".")
    (root / ".python-version").write_text(wanted["Python"] + "\n", encoding="utf-8")
    for file, expression in (
        ("uv.toml", r'^required-version\s*=\s*"([^"]+)"'),
        ("pyproject.toml", r'"uv_build([^"]+)"'),
    ):
        for found in statements(root, file, expression):
            lowest = re.search(r"[\d.]+", found.match[1])
            if not holds(found.match[1], wanted["uv"]) or (file == "uv.toml" and lowest and lowest[0] != wanted["uv"]):
                replace(root, file, found.number, found.match.span(1), f">={wanted['uv']},<{major}.{int(minor) + 1}")


def replace(root: Path, file: str, number: int, span: tuple[int, int], text: str) -> None:
    lines = (root / file).read_text(encoding="utf-8").splitlines(keepends=True)
    lines[number - 1] = lines[number - 1][: span[0]] + text + lines[number - 1][span[1] :]
    (root / file).write_text("".join(lines), encoding="utf-8")


def lock(root: Path, options: Sequence[str]) -> None:
    """Have the stated uv make the lock, which is another program than the one that runs when uv itself moves."""
    wanted = pins.truth(root)["uv"]
    running = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=False).stdout.split()[1:2]
    program = ["uv"] if running == [wanted] else ["uv", "tool", "run", f"uv@{wanted}"]
    command = [*program, "lock", "--no-progress", "--project", str(root), *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        wrong, remedy, code = next(
            ((wrong, remedy, code) for signs, wrong, remedy, code in REASONS if any(s in done.stderr for s in signs)),
            ("uv cannot lock", "Mend what uv names, then run this again.", DIFFERENT),
        )
        told = [("uv lock", line.strip()) for line in done.stderr.splitlines() if line.strip()]
        raise Refusal(f"{wrong}, so nothing was moved.", told[-4:], remedy, code=code)


def moved(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(tool, before[tool], after[tool]) for tool in ("uv", "Python") if before[tool] != after[tool]]


def packages_moved(old: Lock, now: Lock) -> list[tuple[str, str, str]]:
    """Name, versions before, versions now; several where platforms differ."""

    def versions(lock: Lock, name: str) -> str:
        return ", ".join(str(package.get("version", "")) for package in lock.named(name)) or "-"

    names = sorted({str(package["name"]) for package in [*old.packages, *now.packages]})
    rows = [(name, versions(old, name), versions(now, name)) for name in names]
    return [row for row in rows if row[1] != row[2]]


def table(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    wide = [max([len(row[column]) for row in rows] + [7]) for column in (0, 1)]
    lines = [f"  {name:<{wide[0]}}  {was:<{wide[1]}}  {now}" for name, was, now in [("moved", "from", "to"), *rows]]
    return [*lines, ""] if rows else []
