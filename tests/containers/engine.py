"""The container engine: docker or podman, whichever really answers."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .programs import output_of

__all__ = ["Engine", "NoEngine", "find_engine"]

# `docker version` needs the server for its second half; podman has no server, and `podman info` opens its storage.
QUESTIONS = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info", "--format", "{{.Version.Version}}"),
}


class NoEngine(Exception):  # read as a sentence where it is raised and caught
    """No engine answers; the message says what each said, and what to do."""


@dataclass(frozen=True)
class Engine:
    """A command line that builds and runs containers here."""

    command: str
    version: str

    def __call__(self, *arguments: str | Path) -> str:
        """Standard output of one engine command that must succeed."""
        return output_of(self.command, *arguments)

    def has(self, image: str) -> bool:
        """Whether `image` is in the engine's own store."""
        asked = subprocess.run([self.command, "image", "inspect", image], capture_output=True, check=False)
        return asked.returncode == 0

    def bring(self, archive: Path, image: str) -> None:
        """Make the root file system in `archive` (tar) known as `image`, unless it is already."""
        if not self.has(image):
            self("import", archive, image)


def find_engine() -> Engine:
    """The first of docker and podman that answers. Raises `NoEngine`."""
    answers = []
    for command, question in QUESTIONS.items():
        if shutil.which(command) is None:
            answers.append(f"  {command:<8}  not installed")
            continue
        asked = subprocess.run([command, *question], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip():
            return Engine(command, asked.stdout.strip())
        complaint = (asked.stderr.strip() or "no answer").splitlines()[-1]
        answers.append(f"  {command:<8}  {complaint}")
    said = "\n".join(answers)
    raise NoEngine(f'No container engine answers.\n\n{said}\n\nStart one, or on Debian run `eval "$(.ci/engine start)"`.')
