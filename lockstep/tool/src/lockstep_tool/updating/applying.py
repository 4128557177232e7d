"""Run Copier on a second tree of the service, and render what the service's own version and answers give.

Copier is given the clone in place of the template's address, so all but the fetch happens without a network, and both
its renderings and ours are of the same commits. The answers get the address back afterwards.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from lockstep_serve.errors import Refusal
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.updating.checkout import git, git_environment
from lockstep_tool.updating.origin import Origin

__all__ = ["Rendering", "apply_update"]

SECONDS = 300
REFUSED = "none of the templates given were found:"  # how Copier quotes the template's own words
NOBODY = "{}\n"  # a person's defaults and trusted addresses are not the service's answers


@dataclass
class Rendering:
    """What the version and the answers that the service comes from give, made while other things go on.

    A context manager, which ends Copier when the rest is broken off.
    """

    folder: Path
    process: subprocess.Popen[str]

    @classmethod
    def begin(cls, tree: Path, origin: Origin, folder: Path, scratch: Path) -> Self:
        file = scratch / "answers.yml"
        answers = yaml.safe_load((tree / ANSWERS).read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({k: v for k, v in answers.items() if not k.startswith("_")}), encoding="utf-8")
        words = [f"--data-file={file}", f"--vcs-ref={origin.before}", str(origin.folder), str(folder)]
        process = subprocess.Popen(
            copier_command("copy", *words),
            env=copier_environment(scratch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return cls(folder, process)

    def wait(self) -> Path | None:
        """The folder; None when that version refuses the answers, so that nobody can say what the team wrote."""
        return self.folder if self.process.wait(SECONDS) == 0 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()


def apply_update(tree: Path, origin: Origin, data: Mapping[str, str], scratch: Path) -> None:
    """Update the service in `tree`; raises Refusal when the template refuses."""
    write_address(tree, str(origin.folder))
    if git(tree, "status", "--porcelain"):
        git(tree, "commit", "--quiet", "--no-verify", "--all", "--message", "Name the clone as the template")
    words = [f"--vcs-ref={origin.after}", *(f"--data={name}={value}" for name, value in data.items()), str(tree)]
    done = subprocess.run(
        copier_command("update", *words),
        env=copier_environment(scratch),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise explain_refusal(done.stderr)
    write_address(tree, origin.address)


def copier_command(command: str, *words: str) -> list[str]:
    """It asks nothing, runs no code of the template's, and says only what fails."""
    return [sys.executable, "-m", "copier", command, "--defaults", "--quiet", *words]


def copier_environment(scratch: Path) -> dict[str, str]:
    nobody = scratch / "nobody.yml"
    nobody.write_text(NOBODY, encoding="utf-8")
    return {**git_environment(), "COPIER_SETTINGS_PATH": str(nobody)}


def write_address(tree: Path, address: str) -> None:
    """Write the template's address into the answers, and change nothing else there."""
    path = tree / ANSWERS
    line = yaml.safe_dump({"_src_path": address}, width=10**6, allow_unicode=True).strip()
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^_src_path:.*$", lambda _: line, text, count=1, flags=re.MULTILINE), encoding="utf-8")


def explain_refusal(stderr: str) -> Refusal:
    """The template's own words, or Copier's last ones."""
    if REFUSED in stderr:
        parts = stderr.partition(REFUSED)[2].strip().split("\n\n")
        rows = [re.split(r"\s{3,}", line.strip(), maxsplit=1) for part in parts[1:-1] for line in part.splitlines()]
        return Refusal(parts[0], [(row[0], " ".join(row[1:])) for row in rows], parts[-1])
    last = [line for line in stderr.strip().splitlines() if line.strip()][-3:]
    return Refusal("Copier cannot update this service.", [("copier", line) for line in last], "Mend what it names.")
