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
    return lambda service: service.substitute("uv.lock", pattern, new)


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


def test_a_lock_that_lost_its_span_is_stale_and_not_young(damaged: Service) -> None:
    in_lock(r'exclude-newer-span = "P7D"\n', "")(damaged)

    assert "younger" not in damaged.lockstep("lock").stdout


def test_no_fault_is_told_of_a_good_service(rendered: Path) -> None:
    service = Service(rendered, {})

    done = [service.lockstep("lock"), service.lockstep("pins")]

    assert [one.returncode for one in done] == [0, 0], "".join(one.stdout for one in done)
    assert re.findall(r"warning: (?!\d+ images? )(.*)", done[0].stdout + done[1].stdout) == []


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


WORKFLOW = ".github/workflows/lockstep.yml"
# A file, what stands there, what is planted, the facet, and what is said.
PIN_FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "a second uv in the Dockerfile": ("Dockerfile", "uv:0.13.9", "uv:0.12.0", "versions", "uv is stated two ways."),
    "the newest uv in the Dockerfile": ("Dockerfile", "uv:0.13.9", "uv:latest", "versions", "uv is stated two ways."),
    "a second uv in CI": (WORKFLOW, "uv==0.13.9", "uv==0.13.8", "versions", "uv is stated two ways."),
    "the newest uv in CI": (WORKFLOW, "uv==0.13.9", "uv", "versions", "uv is taken in whatever version is newest."),
    "uv from its installer": (
        WORKFLOW,
        "pipx install uv==0.13.9",
        "curl -LsSf https://astral.sh/uv/install.sh | sh",
        "versions",
        "uv is taken in whatever version is newest.",
    ),
    "a tool in its newest version": (
        WORKFLOW,
        "- run: uv run noxfile.py",
        "- run: uvx copier update\n      - run: uv run noxfile.py",
        "versions",
        "copier is taken in whatever version is newest.",
    ),
    "a second uv in a step's input": (
        WORKFLOW,
        "- run: pipx install uv==0.13.9",
        f"- uses: astral-sh/setup-uv@{40 * 'a'}\n        with:\n          version: 0.13.1",
        "versions",
        "uv is stated two ways.",
    ),
    "a second Python in the Dockerfile": (
        "Dockerfile",
        "docker.io/library/debian:trixie-slim",
        "docker.io/library/python:3.12.1-slim",
        "versions",
        "Python is stated two ways.",
    ),
    "a second Python in the README": (
        "README.md",
        "uv run noxfile.py -s dev ",
        "uv python install 3.12.1 && uv run noxfile.py -s dev ",
        "versions",
        "Python is stated two ways.",
    ),
    "a second Python in the answers": (
        ".copier-answers.yml",
        "python: ",
        "python: 3.11.1 #",
        "versions",
        "Python is stated two ways.",
    ),
    "a range that leaves out the uv of the wheel": (
        "pyproject.toml",
        "uv_build>=0.13.9",
        "uv_build>=0.13.99",
        "versions",
        "The wheel is not built by the uv that the service states.",
    ),
    "an action by tag": (
        WORKFLOW,
        "8e8c483db84b4bee98b60c0593521ed34d9990e8",
        "v6",
        "actions",
        "An action is not pinned to a commit.",
    ),
    "an image by latest": (
        "Dockerfile",
        "debian:trixie-slim",
        "debian:latest",
        "images",
        "An image is named by a tag that moves.",
    ),
    "an image by a whole number": (
        "Dockerfile",
        "debian:trixie-slim",
        "debian:13",
        "images",
        "An image is named by a tag that moves.",
    ),
    "an image without a tag in compose": (
        "deploy/compose.yaml",
        "image: localhost/orders-api:lockstep",
        "image: registry.example.org/orders",
        "images",
        "An image is named by a tag that moves.",
    ),
    "a grace that kills the drain": (
        "deploy/compose.yaml",
        "stop_grace_period: 30s",
        "stop_grace_period: 3s",
        "deploy files",
        "The grace is stated two ways.",
    ),
    "another port in compose": (
        "deploy/compose.yaml",
        ":8000:8000",
        ":8000:9000",
        "deploy files",
        "The port is stated two ways.",
    ),
    "another port in the image": ("Dockerfile", "EXPOSE 8000", "EXPOSE 80", "deploy files", "The port is stated two ways."),
    "another start in compose": (
        "deploy/compose.yaml",
        "    restart: unless-stopped",
        "    restart: unless-stopped\n    command:\n      - gunicorn\n      - orders_api.app",
        "commands",
        "Production does not start the service the one way.",
    ),
    "a frozen lock in the image": (
        "Dockerfile",
        "uv sync --locked --no-default-groups",
        "uv sync --frozen --no-default-groups",
        "commands",
        "A stale lock would be taken.",
    ),
    "a frozen lock by variable": (
        WORKFLOW,
        "    env:\n",
        "    env:\n      UV_FROZEN: 1\n",
        "commands",
        "A stale lock would be taken.",
    ),
    "development tools in the image": (
        "Dockerfile",
        "uv sync --locked --no-default-groups",
        "uv sync --locked",
        "commands",
        "The image is not installed as the other places are.",
    ),
    "a package beside the lock": (
        "Dockerfile",
        "uv build --wheel",
        "uv pip install requests; uv build --wheel",
        "commands",
        "The image gets packages that the lock does not know.",
    ),
    "tests by hand in CI": (
        WORKFLOW,
        "- run: uv run noxfile.py",
        "- run: uv run noxfile.py\n      - run: uv run pytest",
        "commands",
        "CI does by hand what the one command does.",
    ),
    "another command in CI": (
        WORKFLOW,
        "- run: uv run noxfile.py",
        "- run: make check",
        "commands",
        "CI does not run the one command.",
    ),
    "a variable that the example does not name": (
        ".env.example",
        "ORDERS_API_GREETING=",
        "ORDERS_API_GREETNG=",
        "settings",
        "The service reads ORDERS_API_GREETING, and .env.example does not name it.",
    ),
    "a new setting without a default": (
        "src/orders_api/settings.py",
        "    greeting: str",
        "    token: str\n    greeting: str",
        "settings",
        "ORDERS_API_TOKEN has no default, and sessions are not told to make one up.",
    ),
    "a variable that is asked for directly": (
        "src/orders_api/hello.py",
        "__all__",
        'import os\n\nREGION = os.environ.get("REGION", "eu")\n\n__all__',
        "settings",
        "The service reads REGION, and .env.example does not name it.",
    ),
}


@pytest.mark.parametrize("fault", PIN_FAULTS)
def test_pins_names_what_does_not_agree(damaged: Service, fault: str) -> None:
    file, old, new, facet, said = PIN_FAULTS[fault]
    damaged.edit(file, old, new)

    done = damaged.lockstep("pins")

    assert done.returncode == 1, done.stdout
    assert said in done.stdout
    assert file in done.stdout
    assert f"explain -- {facet}\n" in done.stdout


PIN_WARNINGS: dict[str, tuple[str, str, str, str]] = {
    "an image by tag": ("README.md", "# ", "# ", "3 images are pinned by tag, not by digest"),
    "a machine that moves": (WORKFLOW, "ubuntu-24.04", "ubuntu-latest", "CI runs on whatever machine is newest."),
    "a variable that nothing reads": (
        ".env.example",
        "# How people",
        "ORDERS_API_COLOUR=red\n\n# How people",
        ".env.example names what nothing reads.",
    ),
    "another default": (
        ".env.example",
        "GREETING=Hello",
        "GREETING=Hi",
        "The default of ORDERS_API_GREETING is stated two ways.",
    ),
    "a misspelt variable in compose": (
        "deploy/compose.yaml",
        "    restart: unless-stopped",
        "    restart: unless-stopped\n    environment:\n      SERVER_DRAIM: 5",
        "SERVER_DRAIM is set, and nothing reads it.",
    ),
    "a secret that nothing reads": (
        "pyproject.toml",
        "secrets = []",
        'secrets = ["ORDERS_API_TOKEN"]',
        "ORDERS_API_TOKEN is listed as a secret, and nothing reads it.",
    ),
}


@pytest.mark.parametrize("fault", PIN_WARNINGS)
def test_pins_warns_of_what_may_be_meant(damaged: Service, fault: str) -> None:
    file, old, new, said = PIN_WARNINGS[fault]
    damaged.edit(file, old, new)

    done = damaged.lockstep("pins")

    assert done.returncode == 0, done.stdout
    assert f"warning: {said}" in done.stdout


def test_pins_tells_everything_at_once_and_github_the_lines(damaged: Service) -> None:
    damaged.edit("Dockerfile", "uv:0.13.9", "uv:0.12.0")
    damaged.edit("deploy/compose.yaml", ":8000:8000", ":8000:9000")
    damaged.edit(WORKFLOW, "8e8c483db84b4bee98b60c0593521ed34d9990e8", "v6")

    done = damaged.lockstep("pins", GITHUB_ACTIONS="true")

    assert done.returncode == 1
    assert all(said in done.stdout for said in ("uv is stated", "The port is stated", "An action is not"))
    annotations = re.findall(r"^::(error|warning) file=([\w./-]+),line=\d+,", done.stdout, re.MULTILINE)
    assert {("error", "Dockerfile"), ("error", "deploy/compose.yaml"), ("error", WORKFLOW)} <= set(annotations)


def test_pins_repairs_every_echo(damaged: Service) -> None:
    good = {path: path.read_text() for path in damaged.path.rglob("*") if path.is_file() and ".git" not in path.parts}
    damaged.edit("Dockerfile", "uv:0.13.9", "uv:latest")
    damaged.edit("Dockerfile", "uv sync --locked", "uv sync --frozen")
    damaged.edit("Dockerfile", "EXPOSE 8000", "EXPOSE 80")
    damaged.edit("deploy/compose.yaml", "stop_grace_period: 30s", "stop_grace_period: 3s")
    damaged.edit(WORKFLOW, "uv==0.13.9", "uv==0.1")

    done = damaged.lockstep("pins", "--fix")

    assert done.returncode == 0, done.stdout
    assert "mended Dockerfile:" in done.stdout
    assert [path.name for path, text in good.items() if path.read_text() != text] == []


def test_pins_adds_a_variable_to_the_example(damaged: Service) -> None:
    damaged.edit("src/orders_api/settings.py", "    greeting: str", '    colour: str = "red"\n    greeting: str')

    done = damaged.lockstep("pins", "--fix")

    assert done.returncode == 0, done.stdout
    assert (damaged.path / ".env.example").read_text().endswith("\n\nORDERS_API_COLOUR=red\n")


def test_a_secret_that_a_deploy_file_does_not_give_is_named(damaged: Service) -> None:
    damaged.edit("src/orders_api/settings.py", "    greeting: str", "    token: str\n    greeting: str")
    damaged.edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_API_TOKEN"]')
    damaged.edit("deploy/compose.yaml", "    env_file:\n      - path: ../.env\n        required: false\n", "")
    damaged.edit(".env.example", "# How people", "ORDERS_API_TOKEN=\n\n# How people")

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert "ORDERS_API_TOKEN has no default, and deploy/compose.yaml does not give it." in done.stdout


def test_pins_passes_on_the_good_service(fastapi: Service) -> None:
    done = fastapi.lockstep("pins")

    assert done.returncode == 0, done.stdout


def test_pins_names_a_python_that_is_not_exact(damaged: Service) -> None:
    (damaged.path / ".python-version").write_text("3.13\n")

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert "Python is not stated exactly." in done.stdout


def test_pins_names_a_nox_that_is_not_the_locked_one(fastapi: Service) -> None:
    done = fastapi.lockstep("pins", "--nox", "2024.1.1")

    assert done.returncode == 1
    assert "This is not the nox that the service locks." in done.stdout
