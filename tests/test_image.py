"""The production image holds to its contract, and parity names what is wrong inside one."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers.engine import Engine
from containers.images import image
from containers.offered import OfferedInterpreter
from services import Service, until_ready

PYTHON = "/app/.venv/bin/python"


@pytest.fixture(scope="module", params=["fastapi", "flask"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    build_environment: Mapping[str, str],
    interpreter: OfferedInterpreter,
) -> Service:
    """A service with its image built."""
    good: Service = request.getfixturevalue(request.param)
    copied = good.copy(tmp_path_factory.mktemp(request.param) / "service")
    built = Service(copied.path, {**build_environment, **interpreter.environment, "CI": "true"})
    done = built.nox("image", "parity")
    assert done.returncode == 0, done.stdout
    return built


@pytest.fixture(scope="module")
def tag(service: Service) -> str:
    """The name of its image."""
    name = (service.path / "pyproject.toml").read_text().partition('name = "')[2].partition('"')[0]
    return f"localhost/{name}:lockstep"


@contextmanager
def container(engine: Engine, tag: str, *options: str) -> Iterator[tuple[str, str]]:
    """A running container and the address of its port."""
    name = engine("run", "--detach", "--publish", "127.0.0.1::8000", *options, tag).strip()
    try:
        address = f"http://{engine('port', name, '8000').split()[0]}"
        until_ready(address)
        yield name, address
    finally:
        engine("rm", "--force", name)


def test_it_runs_locked_down_as_any_user(service: Service, tag: str, engine: Engine) -> None:
    locked_down = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "77777:77777")
    with container(engine, tag, *locked_down) as (name, address):
        with urllib.request.urlopen(f"{address}/version", timeout=5) as answer:
            said = json.load(answer)
        first = engine("exec", name, PYTHON, "-c", "print(open('/proc/1/cmdline').read())")
        healthy = engine("exec", name, PYTHON, "-I", "-m", "lockstep_serve", "health")

    assert said["environment"] == service.report()["places"][0]["environment"]
    assert first.startswith(PYTHON)
    assert healthy == ""


def test_its_labels_say_which_version_commit_and_environment_it_is(service: Service, tag: str, engine: Engine) -> None:
    labels = json.loads(engine("inspect", "--format", "{{json .Config.Labels}}", tag))

    assert labels["lockstep.environment"] == service.report()["places"][0]["environment"]
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert labels["org.opencontainers.image.revision"] == service.run("git", "rev-parse", "HEAD").stdout.strip()


def test_its_own_user_is_a_number_and_not_root(tag: str, engine: Engine) -> None:
    assert engine("run", "--rm", tag, PYTHON, "-c", "import os; print(os.getuid())").strip() == "10001"


def test_it_has_no_shell_no_installer_and_no_tests(tag: str, engine: Engine, tmp_path: Path) -> None:
    files = image(engine, tag, tmp_path).files

    programs = {Path(name).name for name in files if Path(name).parent.name in {"bin", "sbin"}}
    assert programs
    assert programs & {"sh", "bash", "dash", "uv", "pip", "pip3", "gcc", "apt-get"} == set()
    assert not [name for name in files if "/site-packages/pytest" in name or "/tests/test_" in name]
    assert "app/uv.lock" in files


def test_a_stop_answers_the_request_in_flight(service: Service, tag: str, engine: Engine) -> None:
    settings = ("--env", "LOCKSTEP_PROVE=token", "--env", "SERVER_DRAIN_LEAD=0.5")
    with container(engine, tag, *settings) as (name, address), ThreadPoolExecutor(1) as pool:
        flying = pool.submit(lambda: urllib.request.urlopen(f"{address}/.lockstep/token/wait/2000", timeout=20).read())
        time.sleep(0.5)
        engine("stop", "--time", "30", name)
        code = engine("inspect", "--format", "{{.State.ExitCode}}", name).strip()

        assert flying.result() == b"waited"
        assert code in {"0", "143"}


ROOM = {
    "half a processor": ("--cpus 0.5", 1, "CPU quota 0.5"),
    "one processor and a half": ("--cpus 1.5", 2, "CPU quota 1.5"),
    "one processor by affinity": ("--cpuset-cpus 0", 1, "1 CPUs by affinity"),
    "little memory": ("--cpus 1.5 --memory 160m", 1, "CPU quota 1.5, memory limit 160 MiB"),
    "a number that was said": ("--cpus 0.5 --env WEB_CONCURRENCY=3", 3, "WEB_CONCURRENCY=3"),
}


@pytest.mark.parametrize("room", ROOM)
def test_the_number_of_workers_follows_the_container(service: Service, tag: str, engine: Engine, room: str) -> None:
    options, workers, because = ROOM[room]
    with container(engine, tag, *options.split()) as (name, _):
        boot = json.loads(engine("logs", name).splitlines()[0])

    if boot["model"] == "uvicorn":
        workers, because = 1, "one process a container, the orchestrator scales"
    assert (boot["workers"], boot["workers_because"]) == (workers, because)


def test_a_release_of_source_only_ships_a_small_layer(service: Service, tag: str, engine: Engine, tmp_path: Path) -> None:
    built = image(engine, tag, tmp_path)

    assert built.last.compressed < 200_000
    assert built.compressed < 40_000_000


def test_a_lock_that_is_stale_builds_no_image(service: Service, engine: Engine, tmp_path: Path) -> None:
    damaged = service.copy(tmp_path / "damaged")
    damaged.edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')
    done = damaged.lockstep("image")

    assert done.returncode == 1, done.stdout
    assert "The image cannot be built." in done.stdout
    assert "needs to be updated" in done.stdout


SITE = "/app/.venv/lib/python3.*/site-packages"
IMAGE_FAULTS: dict[str, tuple[str, set[str]]] = {
    "an edited module": ("echo evil >> $site/pydantic/main.py", {"bytes", "byte code"}),
    "a deleted module": ("rm $site/pydantic/main.py", {"bytes"}),
    "a stray .pth": ("echo > $site/evil.pth", {"strays"}),
    "another uv.lock": ("echo >> $site/../../../../uv.lock", {"inputs"}),
    "an edited service": ("echo '#' >> $site/lockstep/serve/server.py", {"bytes", "byte code", "source"}),
    "a package added by hand": (
        "mkdir $site/evil-1.0.dist-info && echo 'evil-1.0.dist-info/RECORD,,' > $site/evil-1.0.dist-info/RECORD",
        {"packages"},
    ),
}


@pytest.fixture
def damage(tag: str, engine: Engine, tmp_path: Path, build_environment: Mapping[str, str]) -> Callable[[str], str]:
    """Makes the image again with a fault in it; the shell for that comes from the build base, for there is none inside."""
    bases = dict(part.split("=", 1) for part in build_environment["LOCKSTEP_BUILD_ARGS"].split())
    settings = json.loads(engine("inspect", "--format", "{{json .Config.Env}}", tag))

    def make(fault: str) -> str:
        lines = [
            f"FROM {tag} AS good",
            f"FROM {bases['BUILD_IMAGE']} AS damaged",
            "COPY --from=good /app /app",
            f"RUN set -e; site=$(echo {SITE}); {fault}",
            f"FROM {bases['RUNTIME_IMAGE']}",
            *(f'ENV {name}="{value}"' for name, _, value in (setting.partition("=") for setting in settings)),
            "COPY --from=good /python /python",
            "COPY --from=damaged /app /app",
            "USER 10001:10001",
            'CMD ["/app/.venv/bin/python", "-m", "lockstep_serve", "serve"]',
        ]
        (tmp_path / "Dockerfile").write_text("\n".join(lines) + "\n")
        engine("build", "--tag", "localhost/damaged:test", tmp_path)
        return "localhost/damaged:test"

    return make


@pytest.mark.parametrize("fault", IMAGE_FAULTS)
def test_parity_names_a_fault_in_the_image_and_blames_no_other_place(
    service: Service, damage: Callable[[str], str], fault: str
) -> None:
    command, facets = IMAGE_FAULTS[fault]
    name = damage(command)
    done = service.lockstep("parity", name)

    findings = [f for f in service.report()["findings"] if not f["allowed"] and not f["unseen"]]
    assert done.returncode == 1, done.stdout
    assert {str(finding["facet"]) for finding in findings} == facets
    assert {str(finding["place"]) for finding in findings} == {"damaged:test"}
    assert all(finding["fix"] for finding in findings)


def test_an_image_made_again_without_a_fault_has_no_finding(service: Service, damage: Callable[[str], str]) -> None:
    done = service.lockstep("parity", damage("true"))

    assert done.returncode == 0, done.stdout
