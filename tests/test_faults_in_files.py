"""Each gate that judges files fails, by name, on the fault it is there for, and passes without it."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services import Service
from snapshot import git

Plant = Callable[[Service], None]


@pytest.fixture
def damaged(fastapi: Service, tmp_path: Path) -> Service:
    """A copy of a good service, to plant a fault in."""
    return fastapi.copy(tmp_path / "damaged")


def in_lock(pattern: str, new: str) -> Plant:
    """Change the first place of uv.lock that matches."""

    def plant(service: Service) -> None:
        path = service.path / "uv.lock"
        text, count = re.subn(pattern, new, path.read_text(), count=1)
        assert count == 1, f"uv.lock has no {pattern!r}"
        path.write_text(text)

    return plant


def append_unneeded(service: Service) -> None:
    path = service.path / "uv.lock"
    block = re.search(r"\[\[package\]\]\nname = \"idna\"\n.*?(?=\n\[\[package\]\])", path.read_text(), re.DOTALL)
    assert block is not None
    path.write_text(path.read_text() + "\n" + block[0].replace('"idna"', '"idnb"').replace("idna-", "idnb-"))


def both(first: Plant, second: Plant) -> Plant:
    def plant(service: Service) -> None:
        first(service)
        second(service)

    return plant


def forget(service: Service) -> None:
    """A checkout without its history, as CI has it."""
    shutil.rmtree(service.path / ".git")


FOREIGN = (
    '    { url = "https://files.example.org/ruff-1-py3-none-win_arm64.whl", '
    'hash = "sha256:00", size = 1, upload-time = "2026-01-01T00:00:00Z" },'
)

LOCK_FAULTS: dict[str, tuple[Plant, str]] = {
    "a wheel from another host": (
        in_lock(r"https://[^/\"]+(/[^\"]+\.whl)", r"https://files.example.org\1"),
        "files.example.org",
    ),
    "a wheel over plain http": (in_lock(r"https(://[^\"]+\.whl)", r"http\1"), "http://"),
    "a hash removed": (in_lock(r'(\.whl"), hash = "sha256:[0-9a-f]+"', r"\1"), "has no sha256"),
    "an upload time removed": (in_lock(r', upload-time = "[^"]+"', ""), "no upload time"),
    "a file of another project": (in_lock(r"/idna-([0-9.]+)-py3", r"/idnaa-\1-py3"), "is no file of idna"),
    "a package from another index": (
        in_lock(r'registry = "[^"]+"', 'registry = "https://index.example.org/simple"'),
        "no setting declares",
    ),
    "a package that nothing needs": (append_unneeded, "idnb is needed by nothing"),
    "an edge removed": (in_lock(r'    \{ name = "annotated-doc" \},\n', ""), "annotated-doc is needed by nothing"),
    "a host that looks alike": (
        in_lock(r"https://([^/\"]+)(/[^\"]+\.whl)", r"https://\1.example.org\2"),
        ".example.org, which no index uses",
    ),
    "a size removed": (in_lock(r', size = \d+(, upload-time = "[^"]+" \},\n\]\n)', r"\1"), "has no size"),
    "another hash under the same address": (
        in_lock(r'(/idna-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
        "has another hash than in commit",
    ),
    "another hash than a script's lock has": (
        both(forget, in_lock(r'(/packaging-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000")),
        "has another hash than in bench.py.lock",
    ),
    "an edge that leads to what is locked": (
        in_lock(r'(name = "fastapi"\nversion(?:.|\n)*?dependencies = \[\n)', r'\1    { name = "h11" },\n'),
        "fastapi needs h11, otherwise than in commit",
    ),
    "an edge and its package": (
        both(
            append_unneeded,
            in_lock(r'(name = "anyio"\nversion(?:.|\n)*?dependencies = \[\n)', r'\1    { name = "idnb" },\n'),
        ),
        "anyio needs idnb, otherwise than in commit",
    ),
    "an edge of the service that nobody asked for": (
        in_lock(r'(source = \{ editable = "\." \}\ndependencies = \[\n)', r'\1    { name = "idna" },\n'),
        "the service gets idna, which pyproject.toml does not ask for",
    ),
    "an edge of the service removed": (
        in_lock(r'    \{ name = "python-json-logger" \},\n', ""),
        "the service does not get python-json-logger",
    ),
    "an extra that nobody asked for": (
        in_lock(r'\{ name = "pytest" \}', '{ name = "pytest", extra = ["dev"] }'),
        "gets pytest[dev], which pyproject.toml does not ask for",
    ),
    "an edge into nothing": (
        in_lock(r'(name = "anyio"\nversion(?:.|\n)*?dependencies = \[\n)', r'\1    { name = "nowhere" },\n'),
        "nowhere is needed and not locked",
    ),
    "a package locked twice": (
        in_lock(r'(?s)(\[\[package\]\]\nname = "idna"\n.*?\n\n)(?=\[\[package\]\])', r"\1\1"),
        "is locked 2 times",
    ),
    "a second project": (
        in_lock(r"\Z", '\n[[package]]\nname = "another"\nversion = "1"\nsource = { virtual = "../another" }\n'),
        "another is a second project beside orders-api",
    ),
    "no wheel for this machine": (
        in_lock(r'(?s)(name = "ruff"\nversion = .*?wheels = \[\n).*?\n\]', rf"\1{FOREIGN}\n]"),
        "ruff has no wheel for",
    ),
    "a span removed": (in_lock(r'exclude-newer-span = "P7D"\n', ""), "uv.lock does not answer pyproject.toml."),
    "the platforms removed": (
        in_lock(r"(?s)supported-markers = \[.*?\]\n", ""),
        "uv.lock does not answer pyproject.toml.",
    ),
    "another range of Pythons": (
        in_lock(r'requires-python = "[^"]+"', 'requires-python = ">=3.12, <3.15"'),
        "uv.lock does not answer pyproject.toml.",
    ),
    "a foreign file in the script's lock": (
        lambda service: service.edit("noxfile.py.lock", "/nox-", "/noxx-"),
        "is no file of nox",
    ),
    "a package from git": (
        in_lock(r'(name = "idna"\nversion = "[^"]+"\nsource = )\{[^}]+\}', r'\1{ git = "https://example.org/idna?rev=1#1" }'),
        "idna comes from git",
    ),
}


@pytest.mark.parametrize("fault", LOCK_FAULTS)
def test_lock_names_a_poisoned_lock(damaged: Service, fault: str) -> None:
    plant, said = LOCK_FAULTS[fault]
    plant(damaged)

    done = damaged.lockstep("lock")

    assert done.returncode == 1, done.stdout
    assert re.search(r"explain -- lock (fresh|honest)", done.stdout)
    assert said in done.stdout
    assert "Traceback" not in done.stdout


def test_lock_passes_on_the_good_service(fastapi: Service) -> None:
    done = fastapi.lockstep("lock")

    assert done.returncode == 0, done.stdout
    assert "fresh and honest" in done.stdout


def test_lock_tells_everything_at_once_and_each_with_its_line(damaged: Service) -> None:
    for fault in ("a wheel over plain http", "an upload time removed", "a span removed"):
        LOCK_FAULTS[fault][0](damaged)

    done = damaged.lockstep("lock", GITHUB_ACTIONS="true")

    assert done.returncode == 1
    assert all(said in done.stdout for said in ("http://", "no upload time", "does not answer"))
    assert re.search(r"^::error file=uv\.lock,line=\d+,title=lockstep lock, lock honest::", done.stdout, re.MULTILINE)


def test_a_poison_that_was_committed_is_named_while_the_commit_before_it_is_there(damaged: Service) -> None:
    LOCK_FAULTS["another hash under the same address"][0](damaged)
    git(damaged.path, "commit", "--quiet", "--all", "--message", "Tidy")

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert "has another hash than in commit" in done.stdout


def young(service: Service, *, exception: str = "") -> None:
    """A release of an hour ago in the lock."""
    now = datetime.now(UTC) - timedelta(hours=1)
    in_lock(r'(/idna-[^"]+\.whl".*?upload-time = ")[^"]+', rf"\g<1>{now:%Y-%m-%dT%H:%M:%SZ}")(service)
    if exception:
        in_lock(r'(exclude-newer-span = "P7D"\n)', rf"\1\n[options.exclude-newer-package]\n{exception}\n")(service)
        service.edit("uv.toml", "\n[[index]]", f"\nexclude-newer-package = {{ {exception} }}\n\n[[index]]")


def test_a_release_that_is_too_young_is_a_warning_with_the_line_that_excepts_it(damaged: Service) -> None:
    young(damaged)

    done = damaged.lockstep("lock")

    assert done.returncode == 0, done.stdout
    assert "warning: The lock has releases that are younger than exclude-newer allows." in done.stdout
    assert "exclude-newer-package = { idna = false }" in done.stdout
    assert "upgrade -- -P idna" in done.stdout


def test_an_exception_is_obeyed(damaged: Service) -> None:
    young(damaged, exception="idna = false")

    done = damaged.lockstep("lock")

    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout


def test_lock_names_a_stale_lock(damaged: Service) -> None:
    damaged.edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert "uv.lock does not answer pyproject.toml." in done.stdout
    assert "Run `uv lock`" in done.stdout


def test_lock_names_conflict_markers(damaged: Service) -> None:
    path = damaged.path / "uv.lock"
    path.write_text(path.read_text().replace("[[package]]", "<<<<<<< ours\n[[package]]", 1))

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout


def test_a_conflict_in_pyproject_is_told_as_what_it_is(damaged: Service) -> None:
    path = damaged.path / "pyproject.toml"
    path.write_text("<<<<<<< before updating\n" + path.read_text())

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert done.stdout.startswith("pyproject.toml cannot be read.")
    assert "conflict markers" in done.stdout


@pytest.mark.parametrize("name", [".python-version", "uv.toml", "Dockerfile", "noxfile.py.lock"])
def test_a_file_that_is_not_there_is_named(damaged: Service, name: str) -> None:
    (damaged.path / name).unlink()

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert name in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    "variable",
    [
        "UV_INDEX=https://index.example.org/simple",
        "UV_CONSTRAINT=/nowhere",
        "UV_DEFAULT_INDEX=https://index.example.org/simple",
        "UV_EXCLUDE_NEWER=2020-01-01",
        "UV_RESOLUTION=lowest",
        "UV_NO_CONFIG=1",
    ],
)
def test_no_variable_moves_the_verdict_on_the_lock(fastapi: Service, variable: str) -> None:
    name, _, value = variable.partition("=")

    assert fastapi.lockstep("lock", **{name: value}).returncode == 0


CONFIGURATIONS = {
    "resolution": 'exclude-newer = "2020-01-01"\nresolution = "lowest"\n',
    "another index": '[[index]]\nurl = "https://index.example.org/simple"\ndefault = true\n',
    "another uv": 'required-version = "==0.1.0"\n',
    "no TOML": "resolution = \n",
}


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "UV_CONFIG_FILE", "PIP_CONFIG_FILE"])
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_no_configuration_of_a_person_or_a_machine_moves_a_verdict(
    fastapi: Service, tmp_path: Path, variable: str, configuration: str
) -> None:
    file = tmp_path / "uv" / "uv.toml"
    file.parent.mkdir()
    file.write_text(CONFIGURATIONS[configuration])
    settings = {variable: str(tmp_path if "XDG" in variable else file), "UV_NO_SYSTEM_CONFIG": "0"}

    assert fastapi.lockstep("lock", **settings).returncode == 0
    assert fastapi.lockstep("pins", **settings).returncode == 0


PIN_FAULTS: dict[str, tuple[tuple[str, str, str], str]] = {
    "a second uv in the Dockerfile": (
        ("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:0.12.0"),
        "uv is stated two ways.",
    ),
    "the newest uv in the Dockerfile": (
        ("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:latest"),
        "uv is stated two ways.",
    ),
    "a second uv in CI": ((".github/workflows/lockstep.yml", "uv==0.13.9", "uv==0.13.8"), "uv is stated two ways."),
    "a second Python in the Dockerfile": (
        ("Dockerfile", "docker.io/library/debian:trixie-slim", "docker.io/library/python:3.12.1"),
        "Python is stated two ways.",
    ),
    "an action by tag": (
        (".github/workflows/lockstep.yml", "8e8c483db84b4bee98b60c0593521ed34d9990e8", "v6"),
        "not pinned to a commit",
    ),
    "a grace that kills the drain": (
        ("deploy/compose.yaml", "stop_grace_period: 30s", "stop_grace_period: 3s"),
        "The grace is stated two ways.",
    ),
    "another port in compose": (("deploy/compose.yaml", ":8000:8000", ":8000:9000"), "The port is stated two ways."),
    "another port in the image": (("Dockerfile", "EXPOSE 8000", "EXPOSE 80"), "The port is stated two ways."),
}


@pytest.mark.parametrize("fault", PIN_FAULTS)
def test_pins_names_a_second_voice(damaged: Service, fault: str) -> None:
    planted, said = PIN_FAULTS[fault]
    damaged.edit(*planted)

    done = damaged.lockstep("pins")

    assert done.returncode == 1, done.stdout
    assert said in done.stdout
    assert planted[0] in done.stdout


def test_pins_passes_on_the_good_service(fastapi: Service) -> None:
    done = fastapi.lockstep("pins")

    assert done.returncode == 0, done.stdout


def test_pins_repairs_an_echo(damaged: Service) -> None:
    damaged.edit("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:0.12.0")

    done = damaged.lockstep("pins", "--fix")

    assert done.returncode == 0, done.stdout
    assert "astral-sh/uv:0.13.9" in (damaged.path / "Dockerfile").read_text()


def test_pins_names_a_python_that_is_not_exact(damaged: Service) -> None:
    (damaged.path / ".python-version").write_text("3.13\n")

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert "Python is not stated exactly." in done.stdout


def test_pins_names_a_nox_that_is_not_the_locked_one(fastapi: Service) -> None:
    done = fastapi.lockstep("pins", "--nox", "2024.1.1")

    assert done.returncode == 1
    assert "This is not the nox that the service locks." in done.stdout
