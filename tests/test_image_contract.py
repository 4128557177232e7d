"""Clauses of the image's contract that only a container shows fail by their names, and two builds are the same bits."""

import dataclasses
import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Render, commit, read_answers
from containers.engine import Engine
from containers.images import image
from containers.offered import OfferedInterpreter
from faults.contract import INIT, KEY, LIBRARY, PYTHON, SERVE, SITE, WRITES
from one_command import Ran
from services import Service


@dataclass(frozen=True)
class Fault:
    """Instructions behind `FROM` the good image, files of the build's context, and what each check that fails says."""

    steps: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str] = field(default_factory=dict)


# What the files and the configuration of an image show is planted one by one in the tool's own tests; here it shares an image.
FAULTS = {
    "what it says of itself, and what is in it": Fault(
        (
            "COPY --from=tools /usr/bin/dash /usr/bin/sh",
            "COPY --chmod=755 file /usr/local/bin/pip",
            "COPY --chmod=4755 file /usr/bin/ping",
            "COPY --chmod=666 file /etc/file",
            "COPY key /app/server.pem",
            f"COPY file {LIBRARY}/more.py",
            "VOLUME /app/data",
            "COPY file /app/tests/test_hello.py",
            f"COPY METADATA {SITE}/pytest-9.2.0.dist-info/METADATA",
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
            "image programs": ("a shell (usr/bin/sh)", "an installer (usr", "set-user-ID usr/bin/ping"),
            "image writable": ("/etc/file",),
            "image secrets": ("/app/server.pem holds a private key",),
            "image files": ("nothing explains /app/server.pem",),
            "image interpreter": (f"{LIBRARY}/more.py was not installed",),
            "image configuration": ("Volumes is /app/data",),
            "image sources": ("tests are in it: /app/tests/test_hello.py",),
            "image layers": ("13 above the base, at most 8",),
            "image packages": ("pytest is not in the production set",),
            "image environment": ("and the lock declares",),
        },
        {"file": "x", "key": KEY, "METADATA": "Name: pytest"},
    ),
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
    "a start that writes beside the code": Fault(
        (f"COPY file {SITE}/sitecustomize.py",),
        {"image start": ("Read-only file system",), "image exit code": ("it exits 4 where the server exits 1",)},
        {"file": WRITES},
    ),
}


@pytest.fixture(scope="module")
def good(ran: Callable[[str], Ran], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A service with its image, in a checkout that no other module writes to."""
    done = ran("fastapi-uvicorn")
    return dataclasses.replace(done, service=done.service.copy(tmp_path_factory.mktemp("contract") / "service"))


@pytest.fixture
def broken(good: Ran, engine: Engine, tmp_path: Path, bases: Mapping[str, str]) -> Iterator[Callable[[Fault], str]]:
    """Makes an image upon the good one with a fault in it."""
    made: list[str] = []

    def make(fault: Fault) -> str:
        made.append(f"localhost/lockstep-broken:{tmp_path.name}-{len(made)}")
        for name, text in fault.files.items():
            (tmp_path / name).write_text(text)
        dockerfile = "\n".join([f"FROM {bases['BUILD_IMAGE']} AS tools", f"FROM {good.tag}", *fault.steps, ""])
        (tmp_path / "Dockerfile").write_text(dockerfile)
        engine("build", "--quiet", "--tag", made[-1], tmp_path)
        return made[-1]

    yield make
    engine("rmi", "--force", *made)


def said_of(printed: str) -> dict[str, str]:
    """Clause → all that a refusal says of it."""
    rows = printed.partition("breaks its contract.\n\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    for line in rows.splitlines():
        check, _, said = line.strip().partition("   ")
        found[check] = found.get(check, "") + said
    return found


def test_the_good_image_keeps_its_contract(good: Ran) -> None:
    assert "contract     kept" in good.printed


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_that_fails_is_named_and_no_other(good: Ran, broken: Callable[[Fault], str], name: str) -> None:
    done = good.service.lockstep("image", "--look", broken(FAULTS[name]))

    said = said_of(done.stdout)
    assert done.returncode == 1, done.stdout
    assert set(said) == set(FAULTS[name].said), done.stdout
    assert not [word for check, words in FAULTS[name].said.items() for word in words if word not in said[check]], said
    assert "Traceback" not in done.stdout


def test_a_secret_in_the_history_and_a_budget_that_is_exceeded_are_named(good: Ran, broken: Callable[[Fault], str]) -> None:
    good.service.edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_TOKEN"]')
    good.service.edit("pyproject.toml", "max_megabytes = 80", "max_megabytes = 20")
    try:
        made = broken(Fault(("LABEL hint=s3cr3t-value",), {}))
        done = good.service.lockstep("image", "--look", made, ORDERS_TOKEN="s3cr3t-value")
    finally:
        good.service.edit("pyproject.toml", 'secrets = ["ORDERS_TOKEN"]', "secrets = []")
        good.service.edit("pyproject.toml", "max_megabytes = 20", "max_megabytes = 80")

    # Labels and variables: they say which commit it is of, and pyproject.toml is as no commit has it.
    assert set(said_of(done.stdout)) == {"image secrets", "image size", "image labels", "image variables"}, done.stdout
    assert "biggest: /" in done.stdout
    assert "s3cr3t-value" not in done.stdout


def test_the_tests_run_by_the_image_s_interpreter_and_leave_nothing_in_it(good: Ran, engine: Engine) -> None:
    before = engine("inspect", "--format", "{{.Id}}", good.tag)
    done = good.service.nox("tests", "--", "--in-image", "-k", "hello", "-q")

    assert done.returncode == 0, done.stdout
    assert f"Python {platform.python_version()} at {PYTHON} of the image {before[7:19]}" in done.stdout
    assert " passed" in done.stdout
    assert engine("inspect", "--format", "{{.Id}}", good.tag) == before


def test_an_image_that_is_not_there_was_not_looked_at(good: Ran) -> None:
    done = good.service.lockstep("image", "--look", "localhost/nothing:here")

    assert done.returncode == 2
    assert "not looked at: localhost/nothing:here" in done.stdout


def test_another_image_is_compared_layer_by_layer(good: Ran, broken: Callable[[Fault], str]) -> None:
    # Beside a package, where only `parity` looks.
    one, same, other = (broken(Fault((f"COPY file {SITE}/file",), {}, {"file": text})) for text in ("x", "x", "y"))
    alike = good.service.lockstep("image", "--look", one, "--same-as", same)
    differing = good.service.lockstep("image", "--look", one, "--same-as", other)

    assert alike.returncode == 0, alike.stdout
    assert differing.returncode == 1
    assert re.search(r"image twice   layer \d: /app/\S+/site-packages", differing.stdout), differing.stdout


LIBRARY = """\
[project]
name = "greetings"
version = "1.0"
requires-python = ">=3.11"

[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"
"""


def build_wheel(folder: Path, packages: Path) -> str:
    """A library of the team's own, built into `packages`; the wheel's name."""
    (folder / "src" / "greetings").mkdir(parents=True)
    (folder / "src" / "greetings" / "__init__.py").write_text('GREETING = "Moin"\n')
    (folder / "pyproject.toml").write_text(LIBRARY)
    done = Service(folder, {}).run("uv", "build", "--quiet", "--wheel", "--out-dir", str(packages))
    assert done.returncode == 0, done.stdout
    [wheel] = packages.glob("*.whl")
    return wheel.name


@pytest.fixture(scope="module")
def extended(
    render: Render,
    build_environment: Mapping[str, str],
    interpreter: OfferedInterpreter,
    engine: Engine,
    bases: Mapping[str, str],
    packaging_base: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    """A service with a wheel of the team's own, Debian packages for building and for running, and a base with a shell."""
    folder = tmp_path_factory.mktemp("extended")
    base = "localhost/lockstep-fuller:base"
    steps = [
        f"FROM {bases['BUILD_IMAGE']} AS tools",
        f"FROM {bases['RUNTIME_IMAGE']}",
        "COPY --from=tools /usr/bin/dash /usr/bin/sh",
    ]
    (folder / "Dockerfile").write_text("\n".join(steps))
    engine("build", "--quiet", "--tag", base, folder)
    arguments = build_environment["LOCKSTEP_BUILD_ARGS"].replace(bases["RUNTIME_IMAGE"], base)
    settings = {"LOCKSTEP_BUILD_ARGS": arguments.replace(bases["BUILD_IMAGE"], packaging_base), "CI": "true"}
    born = Service(render({**read_answers("fastapi-uvicorn"), "project_name": "extended-api"}), {})
    service = Service(born.copy(folder / "service").path, {**build_environment, **interpreter.environment, **settings})
    (service.path / "packages" / "runtime.txt").write_text("# read by a wheel\nlibyaml-0-2\n")
    (service.path / "packages" / "build.txt").write_text("file\n")
    wheel = build_wheel(folder / "greetings", service.path / "packages")
    service.edit("pyproject.toml", "[tool.uv.sources]\n", f'[tool.uv.sources]\ngreetings = {{ path = "packages/{wheel}" }}\n')
    service.edit(
        "pyproject.toml", "    # Yours: what else it imports.\n", '    # Yours: what else it imports.\n    "greetings",\n'
    )
    service.edit("src/extended_api/hello.py", "__all__", "import greetings\n\nassert greetings.GREETING\n\n__all__")
    locked = service.lockstep("relock")
    assert locked.returncode == 0, locked.stdout
    commit(service.path)
    yield service
    engine("rmi", "--force", base, f"localhost/{service.name}:lockstep")


def test_two_builds_without_a_cache_are_the_same_bits_also_with_what_a_team_adds(
    extended: Service, engine: Engine, tmp_path: Path
) -> None:
    done = extended.lockstep("image", "--twice")
    assert done.returncode == 0, done.stdout
    files = image(engine, f"localhost/{extended.name}:lockstep", tmp_path).files

    assert "are the same bits, the same image id" in done.stdout
    assert "image programs: the base brings a shell (" in done.stdout
    assert "var/lib/dpkg/status.d/libyaml-0-2" in files
    assert [name for name in files if "/libyaml-0.so.2" in name]
    assert not [name for name in files if name.endswith(("/bin/file", "/libmagic.so.1"))]
    assert [name for name in files if name.endswith("/site-packages/greetings/__init__.py")]


def test_a_wheel_of_the_team_s_own_is_accepted_by_lock_parity_and_sbom(extended: Service) -> None:
    done = {words: extended.lockstep(words) for words in ("lock", "parity", "sbom")}

    assert {name: one.returncode for name, one in done.items()} == dict.fromkeys(done, 0), "".join(
        one.stdout for one in done.values()
    )
    for name in ("lock", "image"):
        document = json.loads((extended.path / ".nox" / "report" / "sbom" / f"{name}.cdx.json").read_text())
        assert "greetings" in {component["name"] for component in document["components"]}
