"""Judge what is around a place's environment: its clock, its uv and nox and their settings, its user and limits."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lockstep_tool.declared import Promise
from lockstep_tool.environments.finding import Finding, Place
from lockstep_tool.hermetic import KEPT, MOVING, configurations

__all__ = ["around_here", "surroundings"]

SAYS = {"uv": "uv.toml", "nox": "noxfile.py.lock"}
FILES = 1024  # what a server with a thousand connections needs, and what most systems give
# Keys of a uv.toml that move no verdict. keyring-provider is named: it decides whose credentials uv sends.
HARMLESS = KEPT - {"keyring-provider"} | {"link-mode", "preview", "publish-url", "pypy-install-mirror"}


def surroundings(place: Place, promise: Promise) -> list[Finding]:
    """Findings of the facets `time`, `uv settings`, `tools` and `process`."""
    return [finding for rule in (time, uv_settings, tools, process) for finding in rule(place, promise)]


def around_here() -> dict[str, Any]:
    """What only a machine with a checkout has: the uv and nox that run, and settings that could move what uv does."""
    said = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=False).stdout.split()
    tools = {"uv": said[1]} if len(said) > 1 else {}
    with suppress(PackageNotFoundError):  # the tool may be called without it
        tools["nox"] = version("nox")
    return {"tools": tools, "uv_settings": [*sorted(MOVING & set(os.environ)), *configured()]}


def configured() -> Iterator[str]:
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


def time(place: Place, _: Promise) -> Iterator[Finding]:
    zone = place.fingerprint["time"]["zone"]
    if zone != "UTC":
        yield Finding("time", f"is in {zone}, not in UTC", fix="set TZ=UTC there", allowed=place.kind == "laptop")


def uv_settings(place: Place, _: Promise) -> Iterator[Finding]:
    for said in place.fingerprint.get("uv_settings", ()):
        yield Finding("uv settings", f"{said}: uv typed by hand does something else", fix=f"take {said} away")


def tools(place: Place, promise: Promise) -> Iterator[Finding]:
    there = place.fingerprint.get("tools", {})
    for name in sorted(set(there) & set(promise.tools)):
        if there[name] != promise.tools[name]:
            run = f"uvx uv@{promise.tools['uv']} run noxfile.py" if name == "uv" else "uv run noxfile.py"
            said = f"{name} is {there[name]}, {SAYS[name]} says {promise.tools[name]}"
            yield Finding("tools", said, fix=run, allowed=name == "uv" and place.kind == "laptop", at=SAYS[name])


def process(place: Place, _: Promise) -> Iterator[Finding]:
    seen = place.fingerprint["process"]
    if place.kind in {"image", "container"} and seen["user"] == 0:
        yield Finding("process", "runs as root", fix="run it as the image's own user: leave `--user 0` out")
    if place.kind == "container" and (seen["open_files"] or FILES) < FILES:
        said = f"may open {seen['open_files']} files, fewer than {FILES}"
        yield Finding("process", said, fix=f"--ulimit nofile={FILES}, or the like of your orchestrator")
