"""Release the template: check, write the version, build the wheels, gather the notes, commit and tag. Nothing is pushed.

python -m release v1.2.0 | --notes
"""

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from lockstep_serve.errors import Refusal
from notes import FOLDER, find_faults, join_notes, select_waiting
from snapshot import git

__all__ = ["BUILD", "CHECKS", "LONG", "PROJECTS", "SESSIONS", "STATED", "WHEELS", "commit", "main", "release"]

ROOT = Path(__file__).parents[1]
# Both distributions have the template's version; whatever else repeats it is made from these files.
PROJECTS = tuple(Path("lockstep", name, "pyproject.toml") for name in ("serve", "tool"))
RELEASES = "\n## Releases\n"
STATED = re.compile(r'^version = "(?P<version>[^"]+)"$', re.MULTILINE)
WHEELS = Path("template", ".lockstep")
VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Everything that a pull request runs, then what takes too long for it: two at once, the longest first.
MENU = ("uv", "run", "--locked", "noxfile.py")
CHECKS: Sequence[Sequence[str]] = ((*MENU, "-s", "outdated"), MENU)
SESSIONS = ("targets", "histories", "faults", "every_model", "adoptions", "engines")
LONG: Sequence[Sequence[str]] = tuple((*MENU, "-s", session) for session in SESSIONS)
AT_ONCE = 2
# Which of them passed, at which commit: a release that was stopped goes on there. And what the long ones said.
PASSED = Path(".nox", "release.json")
LOGS = Path(".nox", "release")
# What follows from the version: both wheels, the locks that name them, and the locks of the two workspaces.
BUILD: Sequence[Sequence[str]] = (
    (sys.executable, "locks/wheels.py"),
    ("uv", "run", "--quiet", "--locked", "--script", "locks/generate.py"),
    ("uv", "lock", "--quiet", "--project", "lockstep"),
    ("uv", "lock", "--quiet", "--project", "tests"),
    ("uv", "lock", "--quiet", "--script", "tests/model_bench.py"),
    ("uv", "lock", "--quiet", "--script", "tests/serving_bench.py"),
)
# What was checked had the version before: the tests of both distributions also hold with the new one.
AGAIN = (*MENU, "-s", "units")


def main(words: Sequence[str]) -> int:
    """0 with the next step; 1 with the reason of a refusal."""
    parser = argparse.ArgumentParser(prog="release", description="Make a version of the template: a commit and a tag, here.")
    parser.add_argument("version", nargs="?", default="", help="such as v1.2.0")
    parser.add_argument("--notes", action="store_true", help="only show what the notes would become")
    options = parser.parse_args(words)
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a check that runs a service would name it
    try:
        if options.notes:
            waiting = select_waiting(read_notes(ROOT))
            print(gather_notes(ROOT, options.version or "The next version") if waiting else "No note waits for a release.")
        else:
            print(release(ROOT, options.version, CHECKS, LONG, again=(AGAIN,)))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def release(
    root: Path,
    version: str,
    checks: Sequence[Sequence[str]],
    long: Sequence[Sequence[str]] = (),
    build: Sequence[Sequence[str]] = BUILD,
    again: Sequence[Sequence[str]] = (),
) -> str:
    """Commit and tag when nothing speaks against it; returns the next step. Raises Refusal, and then nothing has changed.

    The `long` checks run two at once, after the others. `build` follows each change of the version, `again` also tests what
    was built for the release.
    """
    refuse_old_version(root, version)
    refuse_changes(root, "The working tree is not clean, so what is tested is not what would be tagged.")
    gather_notes(root, version)
    refuse_unclear_version(root)
    head = git(root, "rev-parse", "HEAD").strip()
    passed = run_checks(root, head, checks, long)
    if git(root, "rev-parse", "HEAD").strip() != head:
        raise Refusal("There is another commit than the one that was checked.", [("HEAD", f"was {head[:7]}")], "Release again.")
    commit_and_tag(root, version, head, passed, build, again)
    branch = git(root, "branch", "--show-current").strip() or "HEAD:main"
    return f"""\
{version} is committed and tagged here, with its notes in {FOLDER / version}.md; one more commit begins what follows.

Look at it, then publish it to where services find it; they see it from then on:

    git show {version}
    git push --atomic origin {branch} {version}

To take it back before that:

    git tag --delete {version} && git reset --hard {head[:12]}"""


def commit_and_tag(
    root: Path,
    version: str,
    head: str,
    passed: Sequence[str],
    build: Sequence[Sequence[str]],
    again: Sequence[Sequence[str]],
) -> None:
    """Write, build, commit and tag; all of it is taken back when one of them fails."""
    text = gather_notes(root, version)
    number, (major, minor, patch) = version.removeprefix("v"), numbers(version)
    try:
        build_version(root, number, (*build, *again))
        text += "\n".join(["", "## Wheels", "", "```text", *hash_wheels(root, number), "```", "", "## Checks", "", *passed, ""])
        (root / FOLDER / f"{version}.md").write_text(text, encoding="utf-8")
        list_release(root / FOLDER / "README.md", version)
        git(root, "rm", "--quiet", *(str(FOLDER / name) for name in select_waiting(read_notes(root))))
        commit(root, f"Release {version}")
        git(root, "tag", "--annotate", version, "--message", text, "--cleanup", "verbatim")
        build_version(root, f"{major}.{minor}.{patch + 1}.dev0", build)  # a wheel of a release never changes under its name
        commit(root, f"Begin after {version}")
    except BaseException as error:  # Ctrl-C, too
        git(root, "reset", "--quiet", "--hard", head)
        subprocess.run(["git", "-C", str(root), "tag", "--delete", version], capture_output=True, check=False)
        git(root, "clean", "--quiet", "--force", "-d", "--", str(FOLDER), str(WHEELS))
        if not isinstance(error, subprocess.CalledProcessError):
            raise
        command = " ".join(map(str, error.cmd[:6]))
        rows = [(command, line) for line in (error.stderr or "").strip().splitlines()[-4:]]
        raise Refusal(
            "A step of the release fails.", rows or [(command, "failed")], "Mend what it names, and release again."
        ) from error


def run_checks(root: Path, head: str, checks: Sequence[Sequence[str]], long: Sequence[Sequence[str]]) -> list[str]:
    """A line for each, with its day and minutes; those that passed at this commit are not run again. Raises Refusal."""
    file = root / PASSED
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    passed: dict[str, str] = kept.get("passed", {}) if kept.get("commit") == head else {}

    def keep(check: Sequence[str], took: str) -> None:
        refuse_changes(root, "A check has changed the working tree.")
        passed[" ".join(check)] = took
        file.parent.mkdir(exist_ok=True)
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps({"commit": head, "passed": passed}), encoding="utf-8")
        whole.replace(file)

    for check in (*checks, *long):
        if " ".join(check) in passed:
            print(f"passed before: {' '.join(check)}", flush=True)
    for check in checks:
        if " ".join(check) not in passed:
            keep(check, run_check(root, check))
    for check, took in run_beside(root, [check for check in long if " ".join(check) not in passed]):
        keep(check, took)
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return [f"- `{words}`: {passed[words]} ({where})" for words in map(" ".join, (*checks, *long))]


def run_beside(root: Path, checks: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], str]]:
    """Each with its day and minutes as it passes. After one that fails none is begun, and at the end its Refusal is raised."""
    (root / LOGS).mkdir(parents=True, exist_ok=True)
    refusals, stopped = list[Refusal](), Event()

    def run_next(check: Sequence[str]) -> str:
        if stopped.is_set():
            return ""
        try:
            return run_check(root, check, root / LOGS / f"{check[-1]}.log")
        except Refusal as refusal:
            stopped.set()
            refusals.append(refusal)
            print(f"failed: {' '.join(check)}; what runs beside it goes to its end, and counts", flush=True)
            return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        works = {pool.submit(run_next, check): check for check in checks}
        try:
            for work in as_completed(works):
                if took := work.result():
                    yield works[work], took
        finally:
            stopped.set()  # Ctrl-C
    if refusals:
        raise refusals[0]


def run_check(root: Path, check: Sequence[str], log: Path | None = None) -> str:
    """Its day and minutes; what it says goes to the log, where there is one. Raises Refusal when it fails."""
    words = " ".join(check)
    print(f"checking: {words}" + (f" (says so in {log.relative_to(root)})" if log else ""), flush=True)
    began = time.monotonic()
    with log.open("wb") if log else nullcontext() as out:
        code = subprocess.run(check, cwd=root, stdout=out, stderr=out, check=False).returncode
    took = f"{datetime.now(UTC):%Y-%m-%d}, {(time.monotonic() - began) / 60:.0f} minutes"
    if code:
        rows = [(words, f"ended with {code}"), *([(str(log.relative_to(root)), "has what it said")] if log else [])]
        raise Refusal("A check fails, so there is no tag.", rows, "Mend what it names, commit, and release again.")
    if log:
        print(f"passed: {words}, {took}", flush=True)
    return took


def build_version(root: Path, version: str, commands: Sequence[Sequence[str]]) -> None:
    """State it, and build what follows from it."""
    state_version(root, version)
    for command in commands:
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def list_release(page: Path, version: str) -> None:
    """Name it on the page, above earlier ones."""
    text = page.read_text(encoding="utf-8")
    before, heading, after = text.partition(RELEASES)
    if not heading:
        before, after = f"{text.rstrip()}\n", "\n"
    page.write_text(f"{before}{RELEASES}\n- [{version}]({version}.md)\n{after.removeprefix(chr(10))}", encoding="utf-8")


def state_version(root: Path, version: str) -> None:
    for project in PROJECTS:
        text = (root / project).read_text(encoding="utf-8")
        (root / project).write_text(STATED.sub(f'version = "{version}"', text), encoding="utf-8")


def hash_wheels(root: Path, version: str) -> list[str]:
    """A line for each wheel, as `sha256sum` has it; raises Refusal when they are not those of this version."""
    wheels = sorted((root / WHEELS).glob("*.whl"))
    expected = [f"lockstep_{name}-{version}-py3-none-any.whl" for name in ("serve", "tool")]
    if [wheel.name for wheel in wheels] != expected:
        rows = [(str(WHEELS), wheel.name) for wheel in wheels] or [(str(WHEELS), "has no wheel")]
        raise Refusal("The wheels are not those of the version.", rows, "Mend `locks/wheels.py`, and release again.")
    return [f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}" for wheel in wheels]


def refuse_old_version(root: Path, version: str) -> None:
    """Refuse what is no version, or none after the last one."""
    if not VERSION.fullmatch(version):
        raise Refusal("That is no version.", [("version", version or "(none)")], "Say `-- v1.2.0`: three numbers behind a v.")
    last = git(root, "tag", "--list", "v[0-9]*", "--sort=-version:refname").split()[:1]
    if last and numbers(version) <= numbers(last[0]):
        rows = [("asked for", version), ("last tag", last[0])]
        raise Refusal("The version does not come after the last one.", rows, f"Choose one after {last[0]}.")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def refuse_changes(root: Path, wrong: str) -> None:
    """Refuse a tree with changes, also with files that git does not know."""
    if changed := git(root, "status", "--porcelain").splitlines():
        raise Refusal(wrong, [("git status", line) for line in changed[:8]], "Commit or remove them, and release again.")


def refuse_unclear_version(root: Path) -> None:
    """Refuse unless each distribution states its version once."""
    for project in PROJECTS:
        found = STATED.findall((root / project).read_text(encoding="utf-8"))
        if len(found) != 1:
            rows = [(str(project), f'has {len(found)} lines like `version = "1.2.0"`')]
            raise Refusal("The version is not stated once.", rows, "Write it there once.")


def gather_notes(root: Path, version: str) -> str:
    """What the notes become; raises Refusal when one of them is not as docs/changes/README.md says."""
    notes = read_notes(root)
    if wrong := find_faults(notes):
        rows = [(spot, what) for spot, _, what in (line.partition("   ") for line in wrong)]
        raise Refusal("The notes are not complete.", rows, f"Write them as {FOLDER / 'README.md'} says.")
    return join_notes(version, notes)


def read_notes(root: Path) -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((root / FOLDER).iterdir())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
