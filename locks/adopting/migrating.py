"""Have `migrate-to-uv` say in uv's words what Poetry or Pipenv ask for."""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from adopting.checkout import Checkout, copy_files, read_text

__all__ = ["migrate"]

READS = ("pyproject.toml", "poetry.lock", "poetry.toml", "Pipfile", "Pipfile.lock")


def migrate(here: Checkout, manager: str) -> tuple[dict[str, Any], list[str]]:
    """pyproject.toml as it would be, and what could not be migrated. It works in another folder, and locks nothing."""
    program = Path(sys.executable).with_name("migrate-to-uv")
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
        copy_files(here, Path(folder), [name for name in READS if name in here.files])
        name_sources(Path(folder, "Pipfile"))
        command = [str(program), "--skip-lock", "--skip-uv-checks", "--ignore-errors", "--package-manager", manager, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        warnings = [line for line in done.stderr.splitlines() if line.startswith(("warning: ", "error: "))]
        said = [line.partition(": ")[2] for line in warnings if "build backend" not in line.lower()]
        try:
            return tomllib.loads(Path(folder, "pyproject.toml").read_text(encoding="utf-8")), said
        except (OSError, tomllib.TOMLDecodeError) as error:
            return {}, [*said, str(error)]


def name_sources(pipfile: Path) -> None:
    """Each source of a Pipfile has a name in what is migrated: `migrate-to-uv` needs one, and Pipenv does not."""
    if not pipfile.is_file():
        return
    blocks = re.split(r"^(?=\[)", read_text(pipfile), flags=re.MULTILINE)
    named = [
        block.replace("[[source]]", f'[[source]]\nname = "source-{number}"', 1)
        if block.startswith("[[source]]") and not re.search(r"^name\s*=", block, re.MULTILINE)
        else block
        for number, block in enumerate(blocks)
    ]
    pipfile.write_text("".join(named), encoding="utf-8")
