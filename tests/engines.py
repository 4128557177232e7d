"""Build one service by each engine that is supported, compare each image with its contract, build it again, compare them all.

Docker comes from three suites of Debian, each in a folder of its own below /var/tmp; podman is this machine's, and that of two
suites of Debian, in a container. One engine runs at a time, so none may be running. `--write` keeps the page; the rows of engines
that were not looked at stay.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import built_here, commit_template, copy_template, run_command
from containers.bases import Base, archive_of, image_of
from containers.engine import Engine, find_engine
from containers.kept import kept_directory
from lockstep_tool.images.rebuilding import merge_layers
from lockstep_tool.images.saved import save_image
from services import Service

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "image-engines.md"
SUITES = ("bookworm", "trixie", "sid")
PROGRAMS = ("crun", "netavark", "aardvark-dns", "catatonit", "iptables", "nftables")
PODMANS = {
    "podman of sid": Base("podman-sid", ("podman", *PROGRAMS), variant="minbase", suite="sid"),
    "podman of experimental": Base(
        "podman-experimental", ("podman/experimental", *PROGRAMS), variant="minbase", suite="sid", beside="experimental"
    ),
}
TAG = "localhost/engines-api:lockstep"
ENGINES = (*SUITES, "podman", *PODMANS)
# A container has no systemd and no journal, and podman in it no storage that it may mount.
CONTAINED = '[containers]\nlog_driver = "k8s-file"\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'
# What podman needs where limits may not be raised, and where the kernel has control groups of both kinds.
CONTAINERS = '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]\n[engine]\nruntime = "runc"\n'


@dataclass(frozen=True)
class Seen:
    """What one engine made of the service: `again` and `contract` in the tool's own words, digests of what it built."""

    name: str
    contract: str
    again: str
    layers: tuple[str, ...] = ()
    files: str = ""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options.add_argument("--only", action="append", help=f"of {', '.join(ENGINES)}; else all")
    chosen = options.parse_args()
    os.environ.pop("PYTHONPATH", None)  # by which these modules are found; a service would name it
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder) / "engines-api"
        copy_template(commit_template(Path(folder) / "template"), service, "--data", f"python={platform.python_version()}")
        name = ("-c", "user.name=e", "-c", "user.email=e@localhost")
        for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-qm", "one"]):
            run_command("git", *words, cwd=service)
        made = [try_engine(service, which) for which in chosen.only or ENGINES]
    page = write_page(made)
    print(page)
    if chosen.write:
        PAGE.write_text(page, encoding="utf-8")
    return int(any(seen.contract != "kept" for seen in made))


def try_engine(service: Path, which: str) -> Seen:
    """Build by one engine, twice, with its own base images of the same files."""
    print(f"  {which} …", file=sys.stderr, flush=True)
    with use_engine(which), built_here() as (engine, settings):
        if engine is None or engine.command != ("docker" if which in SUITES else "podman"):
            return Seen(which, "not looked at", "not looked at")
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
def use_engine(which: str) -> Iterator[None]:
    """One of them and no other, for as long as the block lasts."""
    if which in SUITES:
        with start_docker(which):
            yield
    elif which == "podman":
        with use_podman({"CONTAINERS_CONF": CONTAINERS}):
            yield
    else:
        with start_docker("trixie"), contain_podman(find_engine(), PODMANS[which]) as command, use_podman({}, command):
            yield


@contextmanager
def use_podman(files: Mapping[str, str], command: str = "") -> Iterator[None]:
    """podman, this machine's or by a line of shell, without docker; `files` are contents by the variable that names them."""
    with tempfile.TemporaryDirectory() as folder:
        programs = {"docker": "exit 1"} | ({"podman": command} if command else {})
        Path(folder, "bin").mkdir()
        for name, line in programs.items():
            Path(folder, "bin", name).write_text(f"#!/bin/sh\n{line}\n")
            Path(folder, "bin", name).chmod(0o755)
        for name, text in files.items():
            Path(folder, name).write_text(text)
        named = {name: str(Path(folder, name)) for name in files}
        path = f"{folder}/bin:{os.environ['PATH']}"
        with override_environment({**named, "PATH": path, "DISABLE_HC_SYSTEMD": "true", "LOCKSTEP_ENGINE": "podman"}):
            yield


@contextmanager
def contain_podman(engine: Engine, base: Base) -> Iterator[str]:
    """podman in a container of Docker, on this host's network and with its temporary folder; the line of shell that calls it."""
    docker = str(shutil.which(engine.command))
    folders = {tempfile.gettempdir(), str(kept_directory())}
    words = [word for folder in sorted(folders) for word in ("--volume", f"{folder}:{folder}")]
    name = engine(
        "run", "--detach", "--init", "--privileged", "--cgroupns=private", "--network", "host", "--tmpfs", "/run",
        "--volume", "/var/lib/containers", *words, image_of(engine, archive_of(base)), "sleep", "infinity",
    ).strip()  # fmt: skip
    try:
        for file, text in (("containers.conf", CONTAINED), ("policy.json", POLICY)):
            engine("exec", name, "sh", "-c", f"mkdir -p /etc/containers; cat > /etc/containers/{file} <<'END'\n{text}\nEND")
        yield f'exec {docker} exec --interactive --env DISABLE_HC_SYSTEMD=true --workdir "$PWD" {name} podman "$@"'
    finally:
        engine("rm", "--force", "--volumes", name)


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
    """The page, with the rows that it has of engines that were not looked at now."""
    first = next((seen for seen in made if seen.layers and "26." in seen.name), None)
    before = PAGE.read_text(encoding="utf-8").splitlines()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in before if re.match(r"\| (docker|podman) ", line)}
    for seen in made:
        layers, files = "-", "-"
        if first and seen.layers and seen is not first:
            same = sum(one == other for one, other in zip(seen.layers, first.layers, strict=False))
            layers = f"{same} of {len(first.layers)} the same"
            files = "the same" if seen.files == first.files else "differ"
        again = seen.again if "|" in seen.again else f"{seen.again} | -"
        rows[seen.name] = f"| {seen.name} | {seen.contract} | {again} | {layers} | {files} |"
    against = first.name if first else "docker 26"
    return "\n".join(
        [
            "# The image, by each engine\n",
            f"Written by `uv run noxfile.py -s engines -- --write`, on {platform.system()} {platform.machine()}.",
            "One service of the default answers is built by each engine, compared with its contract, and built again.",
            "The base images have the same files everywhere; each engine imported them itself.\n",
            f"| engine | contract | layers, twice | image id, twice | layers against {against} | files against {against} |",
            "|---|---|---|---|---|---|",
            *rows.values(),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
