"""Read what only a machine with a checkout has: the uv and nox that run, and settings that could move what uv does."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

from lockstep_tool.hermetic import KEPT, configurations, name_moving

__all__ = ["read_machine", "running_uv"]

# Keys of a uv.toml that move no verdict. keyring-provider is named: it decides whose credentials uv sends.
HARMLESS = KEPT - {"keyring-provider"} | {"link-mode", "preview", "publish-url", "pypy-install-mirror"}


def read_machine(nox: str = "") -> dict[str, Any]:
    """`tools` maps uv and nox to the version that runs (`nox` is the version of the caller, where that is one);
    `uv_settings` are variables, and keys with the file that has them.
    """
    uv = running_uv(os.environ.get("PATH", ""))
    tools = {"uv": uv} if uv else {}
    return {
        "tools": {**tools, "nox": nox} if nox else tools,
        "uv_settings": [*sorted(name_moving()), *read_configurations()],
    }


@cache
def running_uv(_: str) -> str:
    """The version of the uv that a search path leads to; empty where there is none."""
    try:
        said = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=False).stdout.split()
    except OSError:
        return ""
    return said[1] if len(said) > 1 else ""


def read_configurations() -> Iterator[str]:
    """Settings of a person's and the machine's uv.toml that could move what uv resolves or installs."""
    for path in configurations():
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            yield f"{path} ({error})"
            continue
        if moving := sorted(set(settings) - HARMLESS):
            yield f"{', '.join(moving)} in {path}"
