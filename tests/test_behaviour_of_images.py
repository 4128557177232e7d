"""A container of the image answers as this machine does, or the request that tells them apart is named."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from containers.engine import Engine
from containers.offered import OfferedInterpreter
from services import Service

NAME = "behaving-api"  # its own, so that no other test moves the tag
TAG = f"localhost/{NAME}:lockstep"
DERIVED = "localhost/lockstep-derived:test"
FRAMEWORKS = ("fastapi-uvicorn", "flask-gunicorn-gthread", "django-gunicorn-gthread")


@pytest.fixture(scope="module")
def service(
    render: Render,
    tmp_path_factory: pytest.TempPathFactory,
    build_environment: Mapping[str, str],
    interpreter: OfferedInterpreter,
    request: pytest.FixtureRequest,
) -> Service:
    """A service with its image built, after its whole comparison was found good."""
    good = committed(render({**read_answers(request.param), "project_name": NAME}))
    summary = tmp_path_factory.mktemp("summary") / "summary.md"
    ci = {"CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    built = Service(good.path, {**build_environment, **interpreter.environment, **ci})
    done = built.nox("image", "parity")
    assert done.returncode == 0, done.stdout
    return built


@pytest.mark.parametrize("service", FRAMEWORKS, indirect=True)
def test_the_environment_id_is_said_alike_by_whatever_runs(service: Service, engine: Engine) -> None:
    promised = service.report()["places"][0]["environment"]
    label = json.loads(engine("inspect", "--format", "{{json .Config.Labels}}", TAG))["lockstep.environment"]
    summary = Path(service.settings["GITHUB_STEP_SUMMARY"]).read_text()
    secrets = [f"--env={name}={'x' * 64}" for name in ("BEHAVING_API_SECRET_KEY",)]
    container = engine("run", "--detach", "--read-only", "--tmpfs", "/tmp", *secrets, TAG).strip()
    try:
        said = engine("exec", container, "/app/.venv/bin/python", "-c", ASK)
        boot = json.loads(engine("logs", container).splitlines()[0])
    finally:
        engine("rm", "--force", container)

    assert json.loads(said)["environment"] == promised
    assert boot["environment"] == promised
    assert label == promised
    assert all(f"{place}  {promised}" in " ".join(summary.split(" ")) for place in ("promise", "ci     ", "image  "))


ASK = """
import time, urllib.request
for _ in range(1500):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8000/version").read().decode())
        break
    except OSError:
        time.sleep(0.02)
"""

DERIVATIONS = {
    "a setting that the image brings along": (
        "ENV BEHAVING_API_GREETING=Moin",
        (1, "✗ behaviour   lockstep-derived:test: GET /hello/Ada: body of "),
    ),
    "an image that does not start": (
        "ENV BEHAVING_API_LOG_LEVEL=loud",
        (2, f"? behaviour   lockstep-derived:test: {DERIVED} does not start, or does not answer"),
    ),
    "nothing else": ("ENV NOBODY_READS=this", (0, "0 differences matter")),
}


@pytest.mark.parametrize("service", FRAMEWORKS[1:2], indirect=True)
@pytest.mark.parametrize("what", DERIVATIONS)
def test_an_image_that_answers_otherwise_is_named_by_the_request(
    service: Service, engine: Engine, tmp_path: Path, what: str
) -> None:
    line, (code, told) = DERIVATIONS[what]
    (tmp_path / "Dockerfile").write_text(f"FROM {TAG}\n{line}\n")
    engine("build", "--tag", DERIVED, tmp_path)
    done = service.lockstep("parity", DERIVED)

    assert done.returncode == code, done.stdout
    assert told in done.stdout
    assert {str(f["place"]) for f in service.report()["findings"] if not f["allowed"]} <= {"lockstep-derived:test"}
    assert engine("ps", "--all", "--quiet", "--filter", f"ancestor={DERIVED}") == ""
