"""Find the container engine, build the image and look into it: docker or podman, whichever answers."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.fingerprint import markers
from lockstep_tool.markers import with_python

__all__ = ["NO_ANSWER", "PYTHON_IN_IMAGE", "build", "environment", "find", "identity", "markers_of_image", "run"]

# `docker version` must reach its server; podman has none, and `podman info` opens its storage.
ASK = {"docker": ("version", "--format", "{{.Server.Version}}"), "podman": ("info", "--format", "{{.Version.Version}}")}
MOMENT = "315532800"  # 1980-01-01, as the Dockerfile has it for every file
BUILD_LOG = Path(".nox", "report", "build.log")
LAST_LINES = 40
NO_ANSWER = 124  # the code of a command that took too long, as `timeout` has it
PYTHON_IN_IMAGE = "/app/.venv/bin/python"


def find(wanted: str = "") -> str:
    """The engine that answers (`wanted` or LOCKSTEP_ENGINE chooses); raises Refusal with code 2 when none does."""
    wanted = wanted or os.environ.get("LOCKSTEP_ENGINE", "")
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
        f"Start {installed[0]}, then run this again." if installed else "Install docker or podman, then run this again.",
        code=COULD_NOT_LOOK,
    )


def run(
    command: list[str],
    *,
    stdin: bytes | None = None,
    timeout: float | None = None,
    settings: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, with `settings` over this environment, and keep what it says; NO_ANSWER after `timeout` seconds."""
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, timeout=timeout, check=False, env=environment(settings or {})
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, NO_ANSWER, "", f"no answer within {timeout:g} s")
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `settings` over it."""
    return {**os.environ, **settings}


def identity(engine: str, image: str) -> str:
    """The digest of the image's configuration, by which the engine knows it."""
    said = run([engine, "image", "inspect", "--format", "{{.Id}}", image]).stdout.strip()
    return f"sha256:{said.removeprefix('sha256:')}"


def build(engine: str, root: Path, tag: str, given: Mapping[str, str], *, fresh: bool = False) -> None:
    """Build the image `tag` from the checkout, with the build arguments `given`, and not from the cache when `fresh`; what
    the engine says goes to `.nox/report/build.log`, and its last lines to the terminal when it fails.

    Settings of a company's network come from the environment: LOCKSTEP_BUILD_ARGS (NAME=value, separated by spaces),
    LOCKSTEP_BUILD_NETWORK, LOCKSTEP_BUILD_CA and LOCKSTEP_BUILD_UV_TOML (files, given as secrets and never kept).
    Raises Refusal when the build fails.
    """
    arguments = [f"{name}={value}" for name, value in given.items()]
    arguments += os.environ.get("LOCKSTEP_BUILD_ARGS", "").split()
    command = [engine, "build", "--tag", tag, *(part for a in arguments for part in ("--build-arg", a))]
    if network := os.environ.get("LOCKSTEP_BUILD_NETWORK"):
        command += ["--network", network]
    for secret, variable in (("ca", "LOCKSTEP_BUILD_CA"), ("uv_toml", "LOCKSTEP_BUILD_UV_TOML")):
        if path := os.environ.get(variable):
            command += ["--secret", f"id={secret},src={path}"]
    if fresh:
        command += ["--no-cache"]
    if engine == "podman":  # OCI images carry no health check; podman 4 knows no SOURCE_DATE_EPOCH, 5.8 refuses both
        command += ["--format", "docker", "--timestamp", MOMENT]
    else:
        command += ["--build-arg", f"SOURCE_DATE_EPOCH={MOMENT}"]
    settings = environment({"DOCKER_BUILDKIT": "1"})
    settings.pop("SOURCE_DATE_EPOCH", None)  # podman takes it from here as well
    log = root / BUILD_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"building {tag} …", flush=True)
    with log.open("wb") as said:
        done = subprocess.run([*command, str(root)], check=False, env=settings, stdout=said, stderr=said)
    if done.returncode:
        print("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]), flush=True)
        raise Refusal(
            "The image cannot be built.",
            [(" ".join(command[:4]), f"exit {done.returncode}; its last lines stand above"), (str(BUILD_LOG), "has all of them")],
            "Mend what the first failing step says; behind a proxy or a mirror, see docs/operating.md.",
        )


def markers_of_image(python: str) -> dict[str, str]:
    """The values that decide dependencies in an image built here: Linux on this machine's architecture."""
    values = {"os_name": "posix", "platform_system": "Linux", "sys_platform": "linux"}
    return with_python({**markers(), **values}, python)
