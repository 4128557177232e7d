"""What uv writes into every virtual environment besides what is installed there: asked of uv, and remembered."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lockstep_tool.hermetic import environment

__all__ = ["MadeByUv", "files_of_uv"]

MadeByUv = Mapping[str, str]  # name below the environment → the start of its sha256
FILE = Path(".nox", "made-by-uv.json")
MOST = 20  # environments that are remembered


def files_of_uv(root: Path, venv: Mapping[str, str], uv: str) -> MadeByUv:
    """The files of an environment that a fingerprint describes as `venv`, as the uv on this machine, of version `uv`,
    writes them; none when it cannot be asked.

    Remembered below `root`.
    """
    known = read_known(root / FILE)
    key = json.dumps([uv, venv["prefix"], venv["prompt"], venv["lib"]])
    if uv and key in known:
        return known[key]
    found = make_and_read(venv)
    if uv and found:
        path = root / FILE
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(dict([*known.items(), (key, found)][-MOST:]), indent=1), encoding="utf-8")
        partial.replace(path)
    return found


def read_known(path: Path) -> dict[str, dict[str, str]]:
    try:
        known: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def make_and_read(venv: Mapping[str, str]) -> dict[str, str]:
    """Have uv make one in a directory that ends with the same path, and take the beginning of that out of what it wrote."""
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        place = Path(folder).resolve()
        made = Path(f"{place}{venv['prefix']}")
        made.parent.mkdir(parents=True)
        command = ["uv", "venv", "--quiet", "--no-project", "--no-config", "--offline", "--python", sys.executable]
        command += ["--prompt", venv["prompt"]] if venv["prompt"] else []
        done = subprocess.run([*command, str(made)], env=environment(), capture_output=True, check=False)
        if done.returncode:
            return {}
        own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        texts = {
            path.relative_to(made).as_posix().replace(own, venv["lib"]): path.read_bytes()
            for path in sorted(made.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.name != "pyvenv.cfg"
        }
    return {
        name: hashlib.sha256(text.replace(os.fsencode(place), b"").replace(own.encode(), venv["lib"].encode())).hexdigest()[:16]
        for name, text in texts.items()
    }
