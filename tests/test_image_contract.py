"""Each clause of the image's contract fails by its name on an image that breaks it, and on nothing else."""

import json
import platform
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from faults.contract import INIT, KEY, PYTHON, SERVE, SITE, WRITES
from containers.engine import Engine
from containers.images import image
from containers.offered import OfferedInterpreter
from services import Service

pytestmark = pytest.mark.xdist_group("contract")  # one image, and a tag that moves


@dataclass(frozen=True)
class Fault:
    """Instructions behind `FROM` the good image, files of the build's context, and what each clause that fails says."""

    steps: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str] = field(default_factory=dict)


# Faults that a container does not notice share one: what each clause says is held against its own fault.
FAULTS = {
    "what it says of itself": Fault(
        (
            "USER nobody",
            "ENV DEBUG=1 PORT=8001",
            "LABEL org.opencontainers.image.revision=0",
            "EXPOSE 9000",
            "HEALTHCHECK CMD curl -f localhost:8000",
        ),
        {
            "image user": ("nobody, which is not a number",),
            "image variables": ("DEBUG is set", "PORT is 8001, not 8000"),
            "image labels": ("org.opencontainers.image.revision is 0, not ",),
            "image ports": ("it announces 8000/tcp, 9000/tcp, not 8000/tcp",),
            "image health": ("the health check is CMD-SHELL curl",),
        },
    ),
    "what is in it": Fault(
        (
            "COPY --from=tools /usr/bin/dash /usr/bin/sh",
            "COPY --chmod=755 file /usr/local/bin/pip",
            "COPY --chmod=755 file /usr/bin/apt-get",
            "COPY --chmod=755 file /usr/bin/gcc",
            "COPY --chmod=4755 file /usr/bin/ping",
            "COPY --chown=10001:10001 file /app/data/file",
            "COPY --chmod=666 file /etc/file",
            "COPY file /app/.env",
            "COPY key /app/server.pem",
            "COPY file /app/tests/test_hello.py",
            "COPY file /app/.git/HEAD",
        ),
        {
            "image programs": (
                "a shell (usr/bin/sh)",
                "an installer (usr",
                "a package manager (",
                "a compiler (",
                "set-user-ID usr/bin/ping",
            ),
            "image writable": ("/app/data/file", "/etc/file"),
            "image secrets": ("/app/.env looks", "/app/server.pem looks"),
            "image sources": ("tests are in it: /app/tests/test_hello.py", "/app/.git is in it"),
            "image layers": ("17 above the base, at most 8",),
        },
        {"file": "x", "key": KEY},
    ),
    "root": Fault(("USER 0:0",), {"image user": ("0:0 is root",)}),
    "a wrapper that becomes the server": Fault(
        (f'ENTRYPOINT ["{PYTHON}", "-c", "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"]', SERVE),
        {"image command": ("it starts /app/.venv/bin/python -c import os",)},
    ),
    "an init of its own, and a health check that never passes": Fault(
        (f'ENTRYPOINT ["{PYTHON}", "-c", "{INIT}"]', SERVE, 'HEALTHCHECK CMD ["/nothing"]'),
        {
            "image command": ("it starts /app/.venv/bin/python -c import signal",),
            "image process 1": ("not the server",),
            "image exit code": ("it exits 0 where the server refuses to start",),
            "image health": ("FileNotFoundError",),
        },
    ),
    "a signal that nobody can hear": Fault(
        ("STOPSIGNAL SIGKILL",),
        {
            "image command": ("stopped by SIGKILL, not SIGTERM",),
            "image stop": ("the request in flight was lost",),
            "image exit code": ("it exits 137 when it is stopped",),
        },
    ),
    "a development package": Fault(
        (f"COPY METADATA {SITE}/pytest-9.2.0.dist-info/METADATA",),
        {"image packages": ("pytest is not in the production set",), "image environment": ("and the lock promises",)},
        {"METADATA": "Name: pytest"},
    ),
    "a start that writes beside the code": Fault(
        (f"COPY file {SITE}/sitecustomize.py",),
        {"image start": ("Read-only file system",), "image exit code": ("it exits 4 where the server exits 1",)},
        {"file": WRITES},
    ),
}


@pytest.fixture(scope="module")
def service(render: Render, build_environment: Mapping[str, str], interpreter: OfferedInterpreter) -> Service:
    """A service with its image built, and found good; its name is its own, so that no other test moves the tag."""
    born = committed(render({**read_answers("fastapi-uvicorn"), "project_name": "contract-api"}))
    built = Service(born.path, {**build_environment, **interpreter.environment, "CI": "true"})
    done = built.lockstep("image")
    assert done.returncode == 0, done.stdout
    assert "contract     kept" in done.stdout
    return built


@pytest.fixture(scope="module")
def tag(service: Service) -> str:
    name = tomllib.loads((service.path / "pyproject.toml").read_text())["project"]["name"]
    return f"localhost/{name}:lockstep"


@contextmanager
def tag_comes_back(engine: Engine, tag: str) -> Iterator[None]:
    """What is built meanwhile under the tag is not what the other tests see."""
    good = engine("inspect", "--format", "{{.Id}}", tag).strip()
    yield
    engine("tag", good, tag)


@pytest.fixture
def broken(
    service: Service, tag: str, engine: Engine, tmp_path: Path, bases: Mapping[str, str]
) -> Iterator[Callable[[Fault], str]]:
    """Makes an image upon the good one with a fault in it."""
    made = f"localhost/lockstep-broken:{tmp_path.name}"

    def make(fault: Fault) -> str:
        for name, text in fault.files.items():
            (tmp_path / name).write_text(text)
        dockerfile = "\n".join([f"FROM {bases['BUILD_IMAGE']} AS tools", f"FROM {tag}", *fault.steps, ""])
        (tmp_path / "Dockerfile").write_text(dockerfile)
        engine("build", "--quiet", "--tag", made, tmp_path)
        return made

    yield make
    engine("rmi", "--force", made)


def said_of(printed: str) -> dict[str, str]:
    """Clause → all that a refusal says of it."""
    voices = printed.partition("breaks its contract.\n\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    for line in voices.splitlines():
        clause, _, said = line.strip().partition("   ")
        found[clause] = found.get(clause, "") + said
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_clause_is_named_and_no_other(service: Service, broken: Callable[[Fault], str], name: str) -> None:
    done = service.lockstep("image", "--look", broken(FAULTS[name]))

    said = said_of(done.stdout)
    assert done.returncode == 1, done.stdout
    assert set(said) == set(FAULTS[name].said), done.stdout
    assert not [word for clause, words in FAULTS[name].said.items() for word in words if word not in said[clause]], said
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("line", "clause", "named"),
    [("max_megabytes = 20", "image size", "biggest: /"), ("max_layers = 3", "image layers", "6 above the base")],
    ids=["size", "layers"],
)
def test_a_budget_that_is_exceeded_names_what_is_heavy(
    service: Service, tag: str, tmp_path: Path, line: str, clause: str, named: str
) -> None:
    strict = service.copy(tmp_path / "strict")
    strict.edit("pyproject.toml", {"image size": "max_megabytes = 80", "image layers": "max_layers = 8"}[clause], line)
    done = strict.lockstep("image", "--look", tag)

    assert set(said_of(done.stdout)) == {clause}
    assert named in done.stdout


def test_the_value_of_a_secret_is_found_in_the_history(service: Service, broken: Callable[[Fault], str], tmp_path: Path) -> None:
    knowing = service.copy(tmp_path / "knowing")
    knowing.edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_TOKEN"]')
    made = broken(Fault(("LABEL hint=s3cr3t-value",), {}))
    done = knowing.lockstep("image", "--look", made, ORDERS_TOKEN="s3cr3t-value")

    assert set(said_of(done.stdout)) == {"image secrets"}
    assert "s3cr3t-value" not in done.stdout


def test_a_value_that_is_none_is_told(service: Service, tag: str, tmp_path: Path) -> None:
    wrong = service.copy(tmp_path / "wrong")
    wrong.edit("pyproject.toml", "max_layers = 8", 'max_layers = "few"')
    done = wrong.lockstep("image", "--look", tag)

    assert done.returncode == 1
    assert "[tool.lockstep.image] max_layers" in done.stdout


def test_a_base_with_a_shell_is_allowed_and_named(
    service: Service, tag: str, engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    base = "localhost/lockstep-roomy:base"
    steps = [
        f"FROM {bases['BUILD_IMAGE']} AS tools",
        f"FROM {bases['RUNTIME_IMAGE']}",
        "COPY --from=tools /usr/bin/dash /usr/bin/sh",
    ]
    (tmp_path / "Dockerfile").write_text("\n".join(steps))
    engine("build", "--quiet", "--tag", base, tmp_path)
    arguments = service.settings["LOCKSTEP_BUILD_ARGS"].replace(bases["RUNTIME_IMAGE"], base)
    with tag_comes_back(engine, tag):
        done = service.lockstep("image", LOCKSTEP_BUILD_ARGS=arguments)
    engine("rmi", "--force", base)

    assert done.returncode == 0, done.stdout
    assert "image programs: the base brings a shell (" in done.stdout


def test_debian_packages_come_from_the_two_lists(
    service: Service, tag: str, engine: Engine, bases: Mapping[str, str], packaging_base: str, tmp_path: Path
) -> None:
    fuller = service.copy(tmp_path / "fuller")
    (fuller.path / "packages" / "runtime.txt").write_text("# read by a wheel\nlibyaml-0-2\n")
    (fuller.path / "packages" / "build.txt").write_text("file\n")
    arguments = service.settings["LOCKSTEP_BUILD_ARGS"].replace(bases["BUILD_IMAGE"], packaging_base)
    with tag_comes_back(engine, tag):
        done = fuller.lockstep("image", LOCKSTEP_BUILD_ARGS=arguments)
        files = image(engine, tag, tmp_path).files

    assert done.returncode == 0, done.stdout
    assert "var/lib/dpkg/status.d/libyaml-0-2" in files
    assert [name for name in files if "/libyaml-0.so.2" in name]
    assert not [name for name in files if name.endswith(("/bin/file", "/libmagic.so.1"))]


def test_the_tests_run_by_the_image_s_interpreter_and_leave_nothing_in_it(service: Service, tag: str, engine: Engine) -> None:
    before = engine("inspect", "--format", "{{.Id}}", tag)
    done = service.nox("tests", "--", "--in-image", "-k", "hello", "-q")

    assert done.returncode == 0, done.stdout
    assert f"Python {platform.python_version()} at {PYTHON} of the image {before[7:19]}" in done.stdout
    assert " passed" in done.stdout
    assert engine("inspect", "--format", "{{.Id}}", tag) == before


def test_an_image_that_is_not_there_was_not_looked_at(service: Service) -> None:
    done = service.lockstep("image", "--look", "localhost/nothing:here")

    assert done.returncode == 2
    assert "not looked at: localhost/nothing:here" in done.stdout


def test_two_builds_without_a_cache_are_the_same_bits(service: Service) -> None:
    done = service.lockstep("image", "--twice")

    assert done.returncode == 0, done.stdout
    assert "are the same bits, the same image id" in done.stdout


def test_a_step_that_writes_the_moment_is_named_by_its_file(service: Service, tag: str, engine: Engine, tmp_path: Path) -> None:
    drifting = service.copy(tmp_path / "drifting")
    moment = "    head -c 9 /dev/urandom > /promise/built-at; \\\n    find /promise /service -exec touch"
    drifting.edit("Dockerfile", "    find /promise /service -exec touch", moment)
    with tag_comes_back(engine, tag):
        done = drifting.lockstep("image", "--twice")

    assert done.returncode == 1, done.stdout
    assert "image twice   layer 6: /app/built-at: bytes " in done.stdout


def test_another_image_is_compared_by_moment_mode_and_owner(
    service: Service, broken: Callable[[Fault], str], engine: Engine, tag: str
) -> None:
    other = broken(Fault(("USER 10001:10001",), {}))
    same = service.lockstep("image", "--look", tag, "--same-as", other)

    different = service.lockstep("image", "--look", tag, "--same-as", broken(Fault(("COPY file /file",), {}, {"file": "x"})))

    assert same.returncode == 0, same.stdout
    assert different.returncode == 1
    assert "7 layers against 8" in different.stdout
    assert json.loads(engine("inspect", "--format", "{{json .Config.User}}", other)) == "10001:10001"
