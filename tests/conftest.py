"""Fixtures: the template as a tagged repository, and services rendered from it, each set of answers once."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from history import two_versions
from nobody import become_nobody
from one_command import LAPTOP, WITH_IMAGE, Ran, choose_sessions, run_once
from services import Service
from shared import make_once, shared_folder
from snapshot import UNUSED, Template, git, snapshot
from stand_in_index import Index, stand_in_index

ANSWERS = {path.stem: path for path in sorted((Path(__file__).parent / "answers").glob("*.yml"))}

# What takes longest is begun first, so that at the end no test process waits for another.
LONGEST = (
    "test_docs", "test_every_model", "test_environment", "test_image", "test_image_contract", "test_adopt", "test_updates",
    "test_update_session", "test_random", "test_versions", "test_switching", "test_rendering", "test_refusals", "test_bench",
    "test_django", "test_one_command", "test_serving", "test_metrics", "test_telemetry", "test_systemd", "test_deploy_proxy",
    "test_bad_input", "test_release", "test_detach", "test_deploy", "test_faults", "test_born_locked", "test_publish",
)  # fmt: skip

DISK_GB = 15

pytest_plugins = ["deploying.plugin", "containers.plugin"]

Render = Callable[[Mapping[str, object]], Path]


def pytest_report_header() -> str:
    """A disk that is full looks like hundreds of other faults."""
    folder = tempfile.gettempdir()
    return f"disk: {shutil.disk_usage(folder).free / 1e9:.0f} GB are free in {folder}; a whole run takes up to {DISK_GB}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort modules, and leave the order in each."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session", autouse=True)
def nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on who runs it."""
    home = tmp_path_factory.mktemp("nobody")
    become_nobody(home)
    os.environ["MYPY_CACHE_DIR"] = str(home / "mypy")  # one for all services, but not for two processes


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, nobody: None) -> Template:
    """The working tree without UNUSED, tagged v0.1.0. Tests that change it take a copy."""
    return Template(make_once(shared_folder(tmp_path_factory, "template"), lambda folder: made_template(folder)))


def made_template(folder: Path) -> None:
    folder.mkdir()
    snapshot(folder, "v0.1.0", UNUSED)


@pytest.fixture(scope="session")
def history(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with two versions to go between. Tests that change it take a copy."""

    def make(folder: Path) -> None:
        two_versions(template, folder)

    return Template(make_once(shared_folder(tmp_path_factory, "history"), make))


@pytest.fixture(scope="session")
def render(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Make a service from answers, once for all test processes. Tests that change it take a copy."""

    def make(answers: Mapping[str, object]) -> Path:
        name = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]

        def copy(folder: Path) -> None:
            done = template.copy(folder / "service", answers)
            assert done.returncode == 0, done.stderr
            commit(folder / "service")

        return make_once(shared_folder(tmp_path_factory, name), copy) / "service"

    return make


@pytest.fixture(scope="session")
def every_service(render: Render) -> Mapping[str, Path]:
    """A service of each combination in tests/answers, by its name. Tests that change one take a copy."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(ANSWERS, pool.map(lambda name: render(read_answers(name)), ANSWERS), strict=True))


@pytest.fixture(scope="session")
def fastapi(render: Render) -> Service:
    """The default service, committed as its team would."""
    return Service(render(read_answers("fastapi-uvicorn")), {})


@pytest.fixture(scope="session")
def flask(render: Render) -> Service:
    """The same with the other interface."""
    return Service(render(read_answers("flask-gunicorn-gthread")), {})


@pytest.fixture(scope="session")
def ran(render: Render, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Ran]:
    """What the one command said of a combination: as CI runs it for those with an image, else what takes no engine."""

    def run(combination: str) -> Ran:
        settings, answers = {"CI": "true"}, read_answers(combination)
        if combination in WITH_IMAGE:
            settings |= request.getfixturevalue("build_environment")
            settings |= request.getfixturevalue("interpreter").environment
            answers["project_name"] = f"{combination}-api"  # which is the name of its image
        if combination == LAPTOP:
            settings |= {"CI": "", "LOCKSTEP_ENGINE": "no-such-engine"}
        sessions = () if combination in {*WITH_IMAGE, LAPTOP} else choose_sessions(combination)
        return run_once(shared_folder(tmp_path_factory, f"ran-{combination}"), lambda: render(answers), settings, *sessions)

    return run


@pytest.fixture
def index() -> Iterator[Index]:
    """A company's index on loopback, with one package that needs another."""
    with stand_in_index() as index:
        index.publish("tiny", "1.0", "smaller")
        index.publish("smaller", "1.0")
        yield index


@pytest.fixture(scope="session")
def offline() -> None:
    """Skip, aloud, where the network cannot be taken from a process."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        pytest.skip("not looked at: the network cannot be taken away here (it takes root and unshare)")


def read_answers(name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(ANSWERS[name].read_text(encoding="utf-8"))
    return found


def committed(folder: Path) -> Service:
    """A service in git, as its team has it."""
    if not (folder / ".git").exists():
        commit(folder)
    return Service(folder, {})


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Born from Lockstep")
