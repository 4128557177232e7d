"""The one voice for each version: Python in `.python-version`, uv in `uv.toml`, nox in `noxfile.py.lock`."""

import re
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.toml_file import read_toml

__all__ = ["exact_python", "locked_nox", "lower_bound"]


def exact_python(root: Path) -> str:
    """The version in `.python-version`; it must be exact, or two places choose two patches."""
    said = (root / ".python-version").read_text(encoding="utf-8").strip()
    if not re.fullmatch(r"\d+\.\d+\.\d+", said):
        raise Refusal(
            "Python is not stated exactly.",
            [(".python-version", said or "empty")],
            "Write major, minor and patch, such as 3.13.9.",
        )
    return said


def lower_bound(root: Path) -> str:
    """The uv that CI and the image take: the lower bound of required-version."""
    said = str(read_toml(root / "uv.toml").get("required-version", ""))
    match = re.search(r"(?:>=|==|^)\s*(\d+\.\d+\.\d+)", said)
    if match is None:
        raise Refusal(
            "uv is not stated.",
            [("uv.toml", f"required-version = {said!r}")],
            'Write `required-version = ">=X.Y.Z,<X.Z"`.',
        )
    return match[1]


def locked_nox(root: Path) -> str:
    """The nox in `noxfile.py.lock`."""
    locked = read_toml(root / "noxfile.py.lock")["package"]
    found = [package["version"] for package in locked if package["name"] == "nox"]
    return str(found[0]) if found else "not locked"
