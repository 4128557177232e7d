"""Programs of the machine that containers are made with: found, or named together with what installs them."""

import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["PACKAGES", "CannotMake", "output_of", "require", "uv_binary"]

PACKAGES = {"ldd": "libc-bin", "strip": "binutils", "patchelf": "patchelf", "mmdebstrap": "mmdebstrap"}


class CannotMake(Exception):  # read as a sentence where it is raised and caught
    """An image or an interpreter cannot be made here; the message says what is missing and what to do."""


def require(*names: str) -> None:
    """Raise `CannotMake` unless every one of `names` is on PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        packages = " ".join(PACKAGES[name] for name in missing)
        raise CannotMake(
            f"A program that makes the tests' images is missing.\n\n  not on PATH   {', '.join(missing)}\n\n"
            f"Install it with `apt-get install {packages}`, or run `.ci/run`, which does."
        )


def output_of(*command: str | Path) -> str:
    """Standard output of a command that must succeed; its complaint becomes the exception's note."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        error.add_note(f"{error.stdout}{error.stderr}")
        raise


def uv_binary() -> Path:
    """The uv program itself; `uv` on PATH may be a shell script of pyenv's that stands in for it."""
    if not os.environ.get("UV"):
        # uv tells what it runs where it is: https://docs.astral.sh/uv/reference/environment/#uv
        tell = 'import os; print(os.environ["UV"])'
        return Path(output_of("uv", "run", "--no-project", "--no-config", "python", "-c", tell).strip())
    return Path(os.environ["UV"]).resolve()
