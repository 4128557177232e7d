"""What only a container shows of the production image: how it runs, what is in it, what it follows, and what differs in it."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers.engine import Engine
from one_command import WITH_IMAGE, Ran
from services import PATIENCE, Service, until_ready

PYTHON = "/app/.venv/bin/python"
SITE = "/app/.venv/lib/python3.*/site-packages"
DAMAGED, DERIVED = "localhost/damaged:test", "localhost/lockstep-derived:test"
LOCKED_DOWN = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "77777:77777")
MODULES = 60  # of Lockstep, at most


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


# Every file of a container, seen from inside.
FILES = """
import os
for folder, _, files in os.walk("/"):
    if not folder.startswith(("/proc", "/sys", "/dev")):
        print(*(os.path.join(folder, file) for file in files), sep="\\n")
"""


@pytest.mark.parametrize("combination", WITH_IMAGE)
def test_it_runs_locked_down_says_its_environment_and_has_nothing_of_the_tool(
    ran: Callable[[str], Ran], engine: Engine, combination: str
) -> None:
    done = ran(combination)
    declared = done.environments()["declared"]
    secret = f"{done.service.name.replace('-', '_').upper()}_SECRET_KEY={'x' * 64}"
    labels = json.loads(engine("inspect", "--format", "{{json .Config.Labels}}", done.tag))
    with container(engine, done.tag, *LOCKED_DOWN, "--env", secret) as (name, address):
        with urllib.request.urlopen(f"{address}/version", timeout=PATIENCE) as answer:
            version = json.load(answer)
        boot = json.loads(engine("logs", name).splitlines()[0])
        health = engine("exec", name, PYTHON, "-I", "-m", "lockstep_serve", "health")
        files = engine("exec", name, PYTHON, "-I", "-c", FILES).split()

    assert declared == version["environment"] == boot["environment"] == labels["lockstep.environment"]
    assert labels["org.opencontainers.image.revision"] == done.service.run("git", "rev-parse", "HEAD").stdout.strip()
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert health == ""
    assert 0 < len([file for file in files if "/site-packages/lockstep_serve/" in file and file.endswith(".py")]) <= MODULES
    assert not [file for file in files if re.search(r"lockstep_tool|\.whl$|/tests/test_|/site-packages/(pytest|pip|uv)\b", file)]
    programs = {Path(file).name for file in files if Path(file).parent.name in {"bin", "sbin"}}
    assert {"python"} <= programs
    assert programs & {"sh", "bash", "dash", "uv", "pip", "pip3", "gcc", "apt-get"} == set()
    assert "/app/uv.lock" in files


@pytest.mark.parametrize("combination", WITH_IMAGE)
def test_it_weighs_little_and_a_release_of_source_only_ships_a_small_layer(ran: Callable[[str], Ran], combination: str) -> None:
    sizes = re.search(r"size +([\d.]+) MB compressed, the last layer (\d+) kB", ran(combination).printed)

    assert sizes
    assert float(sizes[1]) < 40
    assert int(sizes[2]) < 200


# What a laptop has in the package and no commit has: caches, byte code, a desktop's notes.
OF_A_LAPTOP = (".ruff_cache/0.17.6/1", ".mypy_cache/cache.db", ".DS_Store", "__pycache__/more.cpython-399.pyc", "old.pyc")


def test_a_laptop_with_caches_builds_the_same_image_and_one_with_a_new_file_says_so(
    ran: Callable[[str], Ran], engine: Engine, tmp_path: Path
) -> None:
    good = ran("flask-gunicorn-gthread")  # whose image no other module takes, while this one is another
    service, before = good.service.copy(tmp_path / "service"), engine("inspect", "--format", "{{.Id}}", good.tag)
    for name in OF_A_LAPTOP:
        (service.package() / name).parent.mkdir(parents=True, exist_ok=True)
        (service.package() / name).write_bytes(b"of this laptop")
    cached = service.lockstep("image")
    same = engine("inspect", "--format", "{{.Id}}", good.tag)
    (service.package() / "new.py").touch()
    try:
        changed = service.lockstep("image")
        label = engine("inspect", "--format", '{{index .Config.Labels "org.opencontainers.image.revision"}}', good.tag)
    finally:
        engine("tag", before.strip(), good.tag)

    assert cached.returncode == changed.returncode == 0, cached.stdout + changed.stdout
    assert same == before
    assert "no commit has" not in cached.stdout
    assert f"commit       none: no commit has src/{service.package().name}/new.py as it is here" in changed.stdout
    assert label.strip() == f"{service.run('git', 'rev-parse', 'HEAD').stdout.strip()}-changed"


LIMITS = {
    "half a processor": ("--cpus 0.5", 1, "CPU quota 0.5"),
    "one processor and a half": ("--cpus 1.5", 2, "CPU quota 1.5"),
    "one processor by affinity": ("--cpuset-cpus 0", 1, "1 CPUs by affinity"),
    "little memory": ("--cpus 1.5 --memory 160m", 1, "CPU quota 1.5, memory limit 160 MiB"),
    "a number that was said": ("--cpus 0.5 --env WEB_CONCURRENCY=3", 3, "WEB_CONCURRENCY=3"),
}


@pytest.mark.parametrize("limits", LIMITS)
def test_the_number_of_workers_follows_the_container(ran: Callable[[str], Ran], engine: Engine, limits: str) -> None:
    options, workers, because = LIMITS[limits]
    with container(engine, ran("flask-gunicorn-gthread").tag, *options.split()) as (name, _):
        boot = json.loads(engine("logs", name).splitlines()[0])

    assert (boot["workers"], boot["workers_because"]) == (workers, because)


def test_a_lock_that_is_stale_builds_no_image(ran: Callable[[str], Ran], tmp_path: Path) -> None:
    damaged = ran("fastapi-uvicorn").service.copy(tmp_path / "damaged")
    damaged.edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')
    done = damaged.lockstep("image")

    assert done.returncode == 1, done.stdout
    assert "The image cannot be built." in done.stdout
    assert "needs to be updated" in done.stdout


# A command that damages the image, and the checks of parity that see it.
FAULTS = {
    "echo evil >> $site/pydantic/main.py": {"bytes", "byte code"},
    "rm $site/starlette/routing.py": {"bytes"},
    "echo > $site/evil.pth": {"unowned files"},
    "echo >> $site/../../../../uv.lock": {"inputs"},
    "echo '#' >> $site/fastapi_uvicorn_api/hello.py": {"source", "bytes", "byte code"},
    "echo '#' >> $site/lockstep_serve/health.py": {"bytes", "byte code"},
    "mkdir $site/evil-1.0.dist-info": set[str](),
    "echo 'evil-1.0.dist-info/RECORD,,' > $site/evil-1.0.dist-info/RECORD": {"packages"},
}


def damage(engine: Engine, service: Service, tag: str, folder: Path, *commands: str) -> str:
    """The image again with faults in it; the shell for that comes from the build base, for there is none inside."""
    bases = dict(part.split("=", 1) for part in service.settings["LOCKSTEP_BUILD_ARGS"].split())
    settings = json.loads(engine("inspect", "--format", "{{json .Config.Env}}", tag))
    lines = [
        f"FROM {tag} AS good",
        f"FROM {bases['BUILD_IMAGE']} AS damaged",
        "COPY --from=good /app /app",
        f"RUN set -e; site=$(echo {SITE}); {'; '.join(['true', *commands])}",
        f"FROM {bases['RUNTIME_IMAGE']}",
        *(f'ENV {name}="{value}"' for name, _, value in (setting.partition("=") for setting in settings)),
        "COPY --from=good /python /python",
        "COPY --from=damaged /app /app",
        "USER 10001:10001",
        f'CMD ["{PYTHON}", "-m", "lockstep_serve", "serve"]',
    ]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    engine("build", "--tag", DAMAGED, folder)
    return DAMAGED


def test_parity_names_each_fault_in_an_image_and_blames_no_other_environment(
    ran: Callable[[str], Ran], engine: Engine, tmp_path: Path
) -> None:
    good = ran("fastapi-uvicorn")
    service = good.service.copy(tmp_path / "service")
    done = service.lockstep("parity", damage(engine, service, good.tag, tmp_path, *FAULTS))

    found = [finding for finding in service.report()["findings"] if finding["severity"] == "error"]
    said = " ".join(str(finding["what"]) for finding in found)
    assert done.returncode == 1, done.stdout
    assert {str(finding["check"]) for finding in found} == set().union(*FAULTS.values())
    assert {str(finding["environment"]) for finding in found} == {"damaged:test"}
    assert all(finding["fix"] for finding in found)
    for name in ("pydantic/main.py", "starlette/routing.py", "evil.pth", "uv.lock", "hello.py", "health.py", "evil"):
        assert name in said


def test_an_image_made_again_without_a_fault_has_no_finding(ran: Callable[[str], Ran], engine: Engine, tmp_path: Path) -> None:
    good = ran("fastapi-uvicorn")
    service = good.service.copy(tmp_path / "service")
    done = service.lockstep("parity", damage(engine, service, good.tag, tmp_path))

    assert done.returncode == 0, done.stdout


# What is set in an image upon the good one, how parity ends, and what it says.
DERIVATIONS = {
    "a setting that the image brings along": (
        "FLASK_GUNICORN_GTHREAD_API_GREETING=Moin",
        (1, "✗ behaviour     lockstep-derived:test: GET /hello/Ada: body of "),
    ),
    "an image that does not start": (
        "FLASK_GUNICORN_GTHREAD_API_LOG_LEVEL=loud",
        (2, f"? behaviour     lockstep-derived:test: {DERIVED} does not start, or does not answer"),
    ),
    "nothing else": ("NOBODY_READS=this", (0, "0 differences matter")),
}


@pytest.mark.parametrize("what", DERIVATIONS)
def test_an_image_that_answers_otherwise_is_named_by_the_request(
    ran: Callable[[str], Ran], engine: Engine, tmp_path: Path, what: str
) -> None:
    good = ran("flask-gunicorn-gthread")
    setting, (code, words) = DERIVATIONS[what]
    (tmp_path / "Dockerfile").write_text(f"FROM {good.tag}\nENV {setting}\n")
    engine("build", "--tag", DERIVED, tmp_path)
    done = good.service.lockstep("parity", DERIVED)

    assert done.returncode == code, done.stdout
    assert words in done.stdout
    assert engine("ps", "--all", "--quiet", "--filter", f"ancestor={DERIVED}") == ""
