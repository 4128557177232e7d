"""What CI runs is the one tool and nothing beside it, with as few rights as that takes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render, read_answers
from services import Service

WORKFLOWS = ["audit", "lockstep", "release"]
ALLOWED = (
    r"pipx install uv==\S+",
    r"uv run --locked noxfile\.py( -s .+)?",
    r'docker login ghcr\.io .+ --password-stdin <<< "\$TOKEN"',
)


@pytest.fixture(scope="module")
def gitlab(render: Render) -> Path:
    return render({**read_answers("fastapi-uvicorn"), "ci": "gitlab"})


def workflow(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / ".github" / "workflows" / f"{name}.yml").read_text())


def steps(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for job in document["jobs"].values():
        yield from job["steps"]


def test_no_workflow_has_a_known_weakness(fastapi: Service) -> None:
    """To the last detail; test_rendering.py holds every workflow to its schema."""
    paths = [fastapi.path / ".github" / "workflows" / f"{name}.yml" for name in WORKFLOWS]
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", "--persona", "pedantic"]
    done = subprocess.run([*command, "--min-severity", "low", *paths], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_logic_of_its_own(fastapi: Service, name: str) -> None:
    commands = [step["run"] for step in steps(workflow(fastapi.path, name)) if "run" in step]

    assert [one for one in commands if not any(re.fullmatch(pattern, one) for pattern in ALLOWED)] == []


def test_only_the_job_that_pushes_may_write_and_it_runs_no_tests(fastapi: Service) -> None:
    rights = {
        (name, job): {right for right, level in said["permissions"].items() if level == "write"}
        for name in WORKFLOWS
        for job, said in workflow(fastapi.path, name)["jobs"].items()
    }
    commands = [step.get("run") for step in workflow(fastapi.path, "release")["jobs"]["image"]["steps"]]

    assert {key: value for key, value in rights.items() if value} == {
        ("release", "image"): {"packages", "id-token", "attestations"}
    }
    assert "uv run --locked noxfile.py" not in commands
    assert workflow(fastapi.path, "release")["jobs"]["image"]["needs"] == "check"
    assert all(workflow(fastapi.path, name)["permissions"] == {} for name in WORKFLOWS)


def test_a_release_is_built_twice_before_it_is_pushed_and_what_was_pushed_is_attested(fastapi: Service) -> None:
    done = [str(step.get("run") or step["uses"]) for step in workflow(fastapi.path, "release")["jobs"]["image"]["steps"]]
    order = [
        next(place for place, said in enumerate(done) if part in said)
        for part in ("image -- --twice", "-s sbom", "docker login", "-s publish", "actions/attest@")
    ]
    attested = [step["with"] for step in steps(workflow(fastapi.path, "release")) if "attest@" in step.get("uses", "")]

    assert order == sorted(order)
    assert [one.get("sbom-path") for one in attested] == [None, ".nox/report/sbom/image.cdx.json"]
    assert {one["subject-digest"] for one in attested} == {"${{ steps.image.outputs.digest }}"}


def test_an_audit_that_finds_something_stops_nothing_else(fastapi: Service, gitlab: Path) -> None:
    audit = workflow(fastapi.path, "audit")
    pipeline = yaml.safe_load((gitlab / ".gitlab-ci.yml").read_text())

    assert "schedule" in audit[True]
    assert not any("-s audit" in json.dumps(workflow(fastapi.path, name)) for name in ("lockstep", "release"))
    assert pipeline["release"]["needs"] == ["lockstep"]
    assert [rule.get("allow_failure", False) for rule in pipeline["audit"]["rules"]] == [False, True]


def test_the_pipeline_of_gitlab_runs_the_same_commands(fastapi: Service, gitlab: Path) -> None:
    pipeline = yaml.safe_load((gitlab / ".gitlab-ci.yml").read_text())
    ours = {
        line for job in pipeline.values() if isinstance(job, dict) for line in job.get("script", ()) if line.startswith("uv ")
    }
    theirs = {str(step.get("run")) for name in WORKFLOWS for step in steps(workflow(fastapi.path, name))}

    def bare(commands: set[str]) -> set[str]:
        return {command.partition('"')[0] for command in commands if command.startswith("uv ")}

    assert bare(ours) == bare(theirs)


def unpinned(text: str) -> str:
    return re.sub(r"(actions/attest@)\w{40} # \S+", r"\1v4", text)


def by_hand(text: str) -> str:
    return text.replace("uv run --locked noxfile.py -s image -- --twice", "docker build .")


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "an action by its tag": (unpinned, "An action is not pinned to a commit."),
    "an image built by hand": (by_hand, "docker build .   <- differs from"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_pins_looks_at_the_release_too(fastapi: Service, tmp_path: Path, fault: str) -> None:
    plant, said = FAULTS[fault]
    damaged = fastapi.copy(tmp_path / "damaged")
    file = damaged.path / ".github" / "workflows" / "release.yml"
    file.write_text(plant(file.read_text()))
    done = damaged.lockstep("pins")

    assert done.returncode == 1, done.stdout
    assert said in done.stdout
    assert ".github/workflows/release.yml:" in done.stdout
