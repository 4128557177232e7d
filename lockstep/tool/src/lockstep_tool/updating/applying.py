"""Run Copier on a second tree of the service, bring the lock along, and render what the service was born as.

Copier is given the clone in place of the template's address, so all but the fetch happens without a network, and both
its renderings and ours are of the same commits. The answers get the address back afterwards.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lockstep_serve.errors import Refusal
from lockstep_tool.locks.relock import relock
from lockstep_tool.updating.checkout import ANSWERS, environment, git
from lockstep_tool.updating.origin import Origin

__all__ = ["Born", "apply", "bring_lock"]

SECONDS = 300
REFUSED = "none of the templates given were found:"  # how Copier quotes the template's own words
NOBODY = "{}\n"  # a person's defaults and trusted addresses are not the service's answers


@dataclass
class Born:
    """A rendering of the version and the answers that the service comes from, made while other things go on."""

    folder: Path
    process: subprocess.Popen[str]

    @classmethod
    def begin(cls, tree: Path, origin: Origin, folder: Path, scratch: Path) -> "Born":
        answers = scratch / "answers.yml"
        said = yaml.safe_load((tree / ANSWERS).read_text(encoding="utf-8"))
        answers.write_text(yaml.safe_dump({k: v for k, v in said.items() if not k.startswith("_")}), encoding="utf-8")
        words = ["copy", f"--data-file={answers}", f"--vcs-ref={origin.before}", str(origin.folder), str(folder)]
        process = subprocess.Popen(
            copier(*words),
            env=settings(scratch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return cls(folder, process)

    def done(self) -> Path | None:
        """The folder; None when that version refuses the answers, so that nobody can say what the team wrote."""
        try:
            return self.folder if self.process.wait(SECONDS) == 0 else None
        finally:
            self.process.kill()


def apply(tree: Path, origin: Origin, data: Mapping[str, str], scratch: Path) -> None:
    """Update the service in `tree`; raises Refusal when the template refuses."""
    remember(tree, str(origin.folder))
    if git(tree, "status", "--porcelain"):
        git(tree, "commit", "--quiet", "--no-verify", "--all", "--message", "Name the clone as the template")
    words = [
        "update",
        f"--vcs-ref={origin.after}",
        *(f"--data={name}={value}" for name, value in data.items()),
        str(tree),
    ]
    done = subprocess.run(
        copier(*words),
        env=settings(scratch),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise refused(done.stderr)
    remember(tree, origin.address)


def copier(command: str, *words: str) -> list[str]:
    """Copier's command: it asks nothing, runs no code of the template's, and says only what fails."""
    return [sys.executable, "-m", "copier", command, "--defaults", "--quiet", *words]


def settings(scratch: Path) -> dict[str, str]:
    nobody = scratch / "nobody.yml"
    nobody.write_text(NOBODY, encoding="utf-8")
    return {**environment(), "COPIER_SETTINGS_PATH": str(nobody)}


def remember(tree: Path, address: str) -> None:
    """Write the template's address into the answers, and change nothing else there."""
    path = tree / ANSWERS
    line = yaml.safe_dump({"_src_path": address}, width=10**6, allow_unicode=True).strip()
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^_src_path:.*$", lambda _: line, text, count=1, flags=re.MULTILINE), encoding="utf-8")


def refused(said: str) -> Refusal:
    """The template's own words, or Copier's last ones."""
    if REFUSED in said:
        parts = said.partition(REFUSED)[2].strip().split("\n\n")
        rows = [re.split(r"\s{3,}", line.strip(), maxsplit=1) for part in parts[1:-1] for line in part.splitlines()]
        return Refusal(parts[0], [(row[0], " ".join(row[1:])) for row in rows], parts[-1])
    told = [line for line in said.strip().splitlines() if line.strip()][-3:]
    return Refusal("Copier cannot update this service.", [("copier update", line) for line in told], "Mend what it names.")


def bring_lock(tree: Path) -> str:
    """Relock the second tree and settle the lock's conflict; returns why that cannot be done, or nothing."""
    if not (tree / "uv.lock").exists():
        return "uv.lock is not there"
    try:
        relock(tree)
    except Refusal as refusal:
        return " / ".join([refusal.wrong, *(said for _, said in refusal.where)])
    if git(tree, "ls-files", "--unmerged", "--", "uv.lock"):
        git(tree, "add", "--", "uv.lock")
    return ""
