"""Build one service by each engine that is supported, compare each image with its contract, build it again, compare them all.

Docker comes from three suites of Debian, each in a folder of its own below /var/tmp; podman from three as well, in a
container of the second. A Docker that runs already stands for that of trixie, and the others run beside it. `--write` keeps
the page.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import built_here, commit_template, copy_template, run_command
from containers.engine import find_engine
from containers.kept import kept_directory
from containers.podman import PODMANS, start_podman
from lockstep_tool.images.rebuilding import merge_layers
from lockstep_tool.images.saved import save_image
from services import Service

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "image-engines.md"
SUITES = ("bookworm", "trixie", "sid")
SILENT = "not looked at: it does not answer on this machine"
MAY_BE_SILENT = {"podman experimental"}  # podman 6, beside control groups of version 1
TAG = "localhost/engines-api:lockstep"
CERTIFICATES = "/etc/ssl/certs"  # which a build may be given as a secret
PODMAN = "podman "
# What a service's tool takes for podman, and for docker while podman is looked at.
PODMAN_PROGRAM = """\
#!/usr/bin/python3
import os, sys
given = [f"--env={{name}}" for name in os.environ if name not in {{"PATH", "TMPDIR"}} and not name.startswith("DOCKER_")]
os.execv("{docker}", ["docker", "exec", "--interactive", *given, "{container}", "podman", *sys.argv[1:]])
"""
NO_DOCKER = "#!/bin/sh\nexit 1\n"


@dataclass(frozen=True)
class Seen:
    """What one engine made of the service: `again` and `contract` in the tool's own words, digests of what it built."""

    name: str
    contract: str
    again: str
    layers: tuple[str, ...] = ()
    files: str = ""

    def is_good(self) -> bool:
        return self.contract == "kept" or (self.contract == SILENT and self.name in MAY_BE_SILENT)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options.add_argument("--only", default="", help="a part of their names, which are the suites, and `podman SUITE`")
    chosen = options.parse_args()
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a service would name it
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder) / "engines-api"
        copy_template(commit_template(Path(folder) / "template"), service, "--data", f"python={platform.python_version()}")
        name = ("-c", "user.name=e", "-c", "user.email=e@localhost")
        for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-qm", "one"]):
            run_command("git", *words, cwd=service)
        made = [try_engine(service, which) for which in (*SUITES, *(PODMAN + suite for suite in PODMANS)) if chosen.only in which]
    page = write_page(made)
    print(page)
    if chosen.write:
        PAGE.write_text(page, encoding="utf-8")
    return int(not made or any(not seen.is_good() for seen in made))


def try_engine(service: Path, which: str) -> Seen:
    """Build by one engine, twice, with its own base images of the same files."""
    print(f"  {which} …", file=sys.stderr, flush=True)
    running = start_podman_of(which.removeprefix(PODMAN)) if which.startswith(PODMAN) else start_docker(which)
    with running, built_here() as (engine, settings):
        if engine is None:
            print(f"  {which} is NOT LOOKED AT: it does not answer on this machine", file=sys.stderr)
            return Seen(which, SILENT, "-")
        name = f"{engine.command} {engine.version}"
        said = Service(service, settings).lockstep("image", "--engine", engine.command, "--twice").stdout
        print(said, file=sys.stderr)
        if "contract     kept" not in said:
            return Seen(name, said.strip().splitlines()[-1], "not looked at")
        with save_image(engine.command, TAG) as image:
            layers = tuple(layer.digest for layer in image.layers)
            files = hashlib.sha256(json.dumps(merge_layers(image), sort_keys=True).encode()).hexdigest()
        return Seen(name, "kept", read_twice(said), layers, files)


def read_twice(said: str) -> str:
    """Two cells: the layers of both builds, and the image ids."""
    if found := re.search(r"are the same bits, (the same image id|other image ids)", said):
        return f"the same | {'the same' if found[1].startswith('the') else 'differs'}"
    differing = re.search(r"(?m)^ +image twice +(.+)$", said)
    return f"differ: {differing[1] if differing else 'see above'} | differs"


@contextmanager
def start_docker(suite: str) -> Iterator[None]:
    """Docker of a suite of Debian, for as long as the block lasts."""
    folder = f"/var/tmp/lockstep-engine-{suite}"
    start = f'settings=$(.ci/engine start {folder} {suite}) && eval "$settings" && env -0'
    done = subprocess.run(["bash", "-c", start], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    try:
        with override_environment(dict(one.split("=", 1) for one in done.stdout.decode().split("\0") if one)):
            yield
    finally:
        subprocess.run([".ci/engine", "stop", folder], cwd=ROOT, check=True)


@contextmanager
def start_podman_of(suite: str) -> Iterator[None]:
    """podman of a suite of Debian, with this machine's network and the paths that a build is given."""
    with tempfile.TemporaryDirectory() as folder, start_docker("trixie"):
        docker = shutil.which("docker")
        paths = [f"--volume={path}:{path}" for path in (tempfile.gettempdir(), kept_directory(), CERTIFICATES)]
        with start_podman(find_engine(), suite, "--network=host", *paths) as container:
            for name, text in (("podman", PODMAN_PROGRAM.format(docker=docker, container=container)), ("docker", NO_DOCKER)):
                program = Path(folder, name)
                program.write_text(text)
                program.chmod(0o755)
            with override_environment({"PATH": f"{folder}:{os.environ['PATH']}", "LOCKSTEP_ENGINE": "podman"}):
                yield


@contextmanager
def override_environment(settings: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def write_page(made: list[Seen]) -> str:
    """The page."""
    first = next((seen for seen in made if seen.layers and "26." in seen.name), None)
    rows = []
    for seen in made:
        layers, files = "-", "-"
        if first and seen.layers and seen is not first:
            same = sum(one == other for one, other in zip(seen.layers, first.layers, strict=False))
            layers = f"{same} of {len(first.layers)} the same"
            files = "the same" if seen.files == first.files else "differ"
        again = seen.again if "|" in seen.again else f"{seen.again} | -"
        rows.append(f"| {seen.name} | {seen.contract} | {again} | {layers} | {files} |")
    against = first.name if first else "docker 26"
    machine = f"{platform.system()} {platform.machine()}"
    return "\n".join(
        [
            "# The image, by each engine\n",
            f"Written by `uv run noxfile.py -s engines -- --write` on {datetime.now(UTC):%Y-%m-%d}, on {machine}.",
            "One service of the default answers is built by each engine, compared with its contract, and built again.",
            "The base images have the same files everywhere; each engine imported them itself.\n",
            f"| engine | contract | layers, twice | image id, twice | layers against {against} | files against {against} |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
