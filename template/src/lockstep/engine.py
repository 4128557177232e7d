# Lockstep's: the container engine. Change it by `copier update`, not by hand.
"""Find the container engine, build the image and look into it: docker or podman, whichever answers."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lockstep.errors import COULD_NOT_LOOK, Refusal
from lockstep.fingerprint import markers
from lockstep.markers import with_python

__all__ = ["PYTHON_IN_IMAGE", "build", "find", "markers_of_image", "run"]

# `docker version` must reach its server; podman has none, and `podman info` opens its storage.
ASK = {"docker": ("version", "--format", "{{.Server.Version}}"), "podman": ("info", "--format", "{{.Version.Version}}")}
PYTHON_IN_IMAGE = "/app/.venv/bin/python"


def find() -> str:
    """The engine that answers (LOCKSTEP_ENGINE chooses); raises Refusal with code 2 when none does."""
    wanted = os.environ.get("LOCKSTEP_ENGINE")
    silent = []
    for engine in (wanted,) if wanted else ASK:
        if shutil.which(engine) is None:
            silent.append((engine, "not installed"))
            continue
        asked = run([engine, *ASK.get(engine, ASK["docker"])], timeout=20)
        if asked.returncode == 0:
            return engine
        silent.append((engine, (asked.stderr.strip().splitlines() or ["does not answer"])[-1]))
    installed = [engine for engine, said in silent if said != "not installed"]
    raise Refusal(
        "not looked at: the container engine does not answer" if installed else "not looked at: no container engine",
        silent,
        f"Start {installed[0]}, then run this again."
        if installed
        else "Install docker or podman, then run this again.",
        code=COULD_NOT_LOOK,
    )


def run(
    command: list[str], *, stdin: bytes | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says."""
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {timeout:g} s")
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
    )


def build(engine: str, root: Path, tag: str, given: Mapping[str, str]) -> None:
    """Build the image `tag` from the checkout, with the build arguments `given`; progress goes to the terminal.

    Settings of a company's network come from the environment: LOCKSTEP_BUILD_ARGS (NAME=value, separated by spaces),
    LOCKSTEP_BUILD_NETWORK, LOCKSTEP_BUILD_CA and LOCKSTEP_BUILD_UV_TOML (files, given as secrets and never kept).
    Raises Refusal when the build fails.
    """
    arguments = [f"{name}={value}" for name, value in given.items()]
    arguments += ["SOURCE_DATE_EPOCH=0", *os.environ.get("LOCKSTEP_BUILD_ARGS", "").split()]
    command = [engine, "build", "--tag", tag, *(part for a in arguments for part in ("--build-arg", a))]
    if network := os.environ.get("LOCKSTEP_BUILD_NETWORK"):
        command += ["--network", network]
    for secret, variable in (("ca", "LOCKSTEP_BUILD_CA"), ("uv_toml", "LOCKSTEP_BUILD_UV_TOML")):
        if path := os.environ.get(variable):
            command += ["--secret", f"id={secret},src={path}"]
    if engine == "podman":
        command += ["--format", "docker"]  # OCI images carry no health check
    done = subprocess.run([*command, str(root)], check=False, env={**os.environ, "DOCKER_BUILDKIT": "1"})
    if done.returncode:
        raise Refusal(
            "The image cannot be built.",
            [(" ".join(command[:4]), f"exit {done.returncode}; its last lines stand above")],
            "Mend what the first failing step says; behind a proxy or a mirror, see docs/operating.md.",
        )


def markers_of_image(python: str) -> dict[str, str]:
    """The values that decide dependencies in an image built here: Linux on this machine's architecture."""
    values = {"os_name": "posix", "platform_system": "Linux", "sys_platform": "linux"}
    return with_python({**markers(), **values}, python)
