"""The source of truth for each version: Python in `.python-version`, uv in `uv.toml`, nox in `noxfile.py.lock`."""

import re
from collections.abc import Mapping
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.lockfile import Lock

__all__ = ["SOURCES", "exact_python", "locked_nox", "lower_bound"]

SOURCES = {"Python": ".python-version", "uv": "uv.toml", "nox": "noxfile.py.lock"}


def exact_python(text: str) -> str:
    """The version in `.python-version`, such as 3.13.9; it must be exact, or two environments choose two patches."""
    stated = text.strip()
    if not re.fullmatch(r"\d+\.\d+\.\d+", stated):
        raise Refusal(
            "Python is not stated exactly.",
            [(".python-version", stated or "empty")],
            "Write major, minor and patch, such as 3.13.9.",
        )
    return stated


def lower_bound(uv: Mapping[str, Any]) -> str:
    """The uv that CI and the image take: the lower bound of required-version in `uv.toml`."""
    stated = str(uv.get("required-version", ""))
    match = re.search(r"(?:>=|==|^)\s*(\d+\.\d+\.\d+)", stated)
    if match is None:
        raise Refusal(
            "uv is not stated.",
            [("uv.toml", f"required-version = {stated!r}")],
            'Write `required-version = ">=X.Y.Z,<X.Z"`.',
        )
    return match[1]


def locked_nox(lock: Lock) -> str:
    """The nox in `noxfile.py.lock`."""
    return next((str(package["version"]) for package in lock.named("nox")), "not locked")
