"""GitHub's workflows, run by `act` on this machine: what the provider alone has is replaced by stand-ins."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from .fetched import ACT, fetch_pypi
from .place import Place, commit_all
from .target import Target

__all__ = ["STAND_INS", "TARGET"]

PIPX = ("pipx==1.18.4", "pip==26.3")
# In the place of an action that cannot be fetched: it keeps what it was to upload, where a later step could take it from.
UPLOAD = """\
name: a local stand-in for actions/upload-artifact
inputs: {name: {required: true}, path: {required: true}, include-hidden-files: {}, if-no-files-found: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$STAND_IN/${{ inputs.name }}" && cp -r "${{ inputs.path }}." "$STAND_IN/${{ inputs.name }}/"
"""
# Every run begins without what another one kept, as the first of a branch does.
CACHE = """\
name: a local stand-in for actions/cache
inputs: {path: {required: true}, key: {required: true}, restore-keys: {}}
runs: {using: composite, steps: [{shell: bash, run: "true"}]}
"""
# Signing is the provider's.
ATTEST = """\
name: a local stand-in for actions/attest
inputs: {subject-name: {}, subject-digest: {}, sbom-path: {}, push-to-registry: {}, create-storage-record: {}}
runs: {using: composite, steps: [{shell: bash, run: "true"}]}
"""
STAND_INS = {"upload-artifact": UPLOAD, "cache": CACHE, "attest": ATTEST}
PASSED_ON = re.compile(r"UV_|LOCKSTEP_|DOCKER_|SSL_|PIP_|GIT_|COPIER_|HTTPS?_PROXY|NO_")


class Act:
    """`act` on one service; `kept` is where its stand-in puts artifacts."""

    def __init__(self, place: Place, service: Path) -> None:
        self.service = service
        self.folder = Path(tempfile.mkdtemp(dir=place.folder))
        self.kept = self.folder / "artifacts"
        for name, text in STAND_INS.items():
            (self.folder / name).mkdir()
            (self.folder / name / "action.yml").write_text(text)
        self.program = fetch_pypi(ACT) / "bin" / "act"
        (self.folder / "pipx").mkdir()
        given = {**os.environ, **place.settings}
        self.settings = {
            **given,
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "UV_CACHE_DIR": output("uv", "cache", "dir").strip(),
            "PIPX_HOME": str(self.folder / "pipx"),
            "PIPX_BIN_DIR": str(self.folder / "bin"),
            "PATH": f"{self.folder / 'bin'}:{fetch_pypi(*PIPX) / 'bin'}:{given['PATH']}",
            "STAND_IN": str(self.kept),
        }

    def run(self, event: str, workflow: str, **payload: str) -> tuple[int, str]:
        """The exit code and the log of one workflow."""
        (self.folder / "event.json").write_text(json.dumps(payload))
        file = self.service / ".github" / "workflows" / workflow
        actions = set(re.findall(rf"actions/(?:{'|'.join(STAND_INS)})@\w+", file.read_text()))
        here = [f"{action}={self.folder / action.partition('@')[0].removeprefix('actions/')}" for action in actions]
        passed = [f"{name}={value}" for name, value in self.settings.items() if PASSED_ON.match(name) or name == "STAND_IN"]
        done = subprocess.run(
            [
                self.program, event, "--workflows", file, "--eventpath", self.folder / "event.json",
                "--platform", "ubuntu-24.04=-self-hosted", "--action-cache-path", self.folder / "actions",
                *(word for one in here for word in ("--local-repository", one)),
                *(word for one in passed for word in ("--env", one)),
            ],
            cwd=self.service, env=self.settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, timeout=3000,
        )  # fmt: skip
        return done.returncode, done.stdout


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def failed_steps(log: str) -> list[str]:
    """The steps that went red."""
    return re.findall(r"❌  Failure - Main (.+?)(?: \[[^]]*\])?$", log, re.MULTILINE)


def green_steps(log: str) -> list[str]:
    return re.findall(r"✅  Success - Main (.+?)(?: \[[^]]*\])?$", log, re.MULTILINE)


def run(place: Place) -> Iterator[str]:
    """The one command on every push, the release, the proposal of an update."""
    service = place.make_service("hub-api", ci="github", deploy=["compose", "kubernetes"])
    act = Act(place, service.path)
    yield f"{output(str(act.program), '--version').strip()}, actions by local stand-ins"

    code, log = act.run("push", "lockstep.yml")
    assert code == 0, log
    assert {"ci.json", "image.json", "report.json"} <= {path.name for path in (act.kept / "lockstep").iterdir()}, log
    assert re.search(r"Summary - [\s\S]*0 differences matter", log), log
    yield "`lockstep.yml` is green on a good service, keeps its reports as an artifact and writes the summary"

    code, log = act.run("push", "release.yml", ref="refs/tags/v0.1.0")
    command = "uv run --locked noxfile.py -s"
    steps = [str(step.get("run")) for step in read_steps(service.path, "release.yml", "image")]
    assert f"{command} image -- --twice" in steps
    assert code != 0
    assert {f"{command} image -- --twice", f"{command} sbom"} <= set(green_steps(log)), log
    assert [one for one in failed_steps(log) if "docker login" not in one] == [], log
    yield "`release.yml` builds twice, lists what is inside, and stops at the login to the registry"

    (place.template.path / "NEWS").write_text("A version that changes nothing in a service.\n")
    place.template.release("v0.2.0")
    code, log = act.run("workflow_dispatch", "lockstep-update.yml")
    assert f"{command} update -- --propose .nox/report/update" in green_steps(log), log
    assert (act.kept / "lockstep-update").is_dir(), log
    assert all("gh run download" in one for one in failed_steps(log)), log
    yield "`lockstep-update.yml` tries the update, keeps it, and stops where it asks the provider for it"

    app = service.package() / "app.py"
    app.write_text(f'{app.read_text()}\n\nwrong: int = "word"\n')
    commit_all(service.path, "Plant a fault")
    code, log = act.run("push", "lockstep.yml")
    assert code != 0, log
    assert failed_steps(log) == ["uv run --locked noxfile.py"], log
    assert "* types: aborted" in log, log
    assert all(f"* {session}: success" in log for session in ("lock", "pins", "lint", "tests", "prove", "image", "parity")), log
    yield "it is red on a wrong type, by the step of the one command and by its session `types` alone"


def read_steps(service: Path, workflow: str, job: str) -> list[dict[str, object]]:
    document = yaml.safe_load((service / ".github" / "workflows" / workflow).read_text())
    steps: list[dict[str, object]] = document["jobs"][job]["steps"]
    return steps


TARGET = Target("GitHub", run)
