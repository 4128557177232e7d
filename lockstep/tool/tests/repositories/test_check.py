"""`check` looks at any repository, read only: it names what is planted there, and stays silent about a good one."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lockstep_tool.__main__ import main
from lockstep_tool.repositories.check import applies, columns, look_for
from lockstep_tool.repositories.facts import Facts
from lockstep_tool.repositories.repository import open_repository
from small_service import SmallService

GOOD = {
    ".python-version": "3.13.9\n",
    ".dockerignore": "*\n!app.py\n",
    "app.py": "app = None\n",
    "requirements.txt": f"six==1.17.0 --hash=sha256:{'0' * 64}\n",
    "Dockerfile": f"FROM python:3.13.9@sha256:{'0' * 64}\n"
    "RUN pip install --require-hashes -r requirements.txt\n"
    'CMD ["gunicorn", "--workers", "2", "app:app"]\n'
    "USER 10001\n",
}
WORKFLOW = ".github/workflows/ci.yml"


@dataclass(frozen=True)
class Answer:
    """How `lockstep check` ended, and what it printed."""

    code: int
    out: str
    error: str


Check = Callable[..., Answer]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], good: SmallService, monkeypatch: pytest.MonkeyPatch) -> Check:
    """`lockstep check`, run in a service: the lock of its menu knows the hosts of the usual index."""
    monkeypatch.chdir(good.root)

    def run(*words: str | Path) -> Answer:
        code = main(["check", *map(str, words)])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


def write(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return directory


def contents(directory: Path) -> Iterator[tuple[str, bytes, int]]:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield path.relative_to(directory).as_posix(), path.read_bytes(), path.stat().st_mtime_ns


# uv.lock of a project that has another version by now.
OLD_LOCK = """version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "x"
version = "1"
source = { virtual = "." }
"""

PYTHON = f"FROM python:3.13.9@sha256:{'0' * 64}\n"


def steps(*lines: str, job: str = "") -> str:
    """A workflow of one job, whose steps begin on line 7; `job` is a line of the job."""
    head = ["name: ci", "on: push", "jobs:", "  test:", f"    {job or 'runs-on: ubuntu-24.04'}", "    steps:"]
    return "\n".join([*head, *(f"      {line}" for line in lines), ""])


# A fault → the file, what stands there, the column with its sign, and words of what is said.
PLANTED = {
    "a requirement without a version": ("requirements.txt", "six\n", "✗ lock", "name no version"),
    "a requirement with a range of versions": ("requirements.txt", "six==1.*\n", "✗ lock", "name no version"),
    "a requirement without a hash": ("requirements.txt", "six==1.17.0\n", "✗ lock", "have no hash"),
    "a list that is no text": ("requirements.txt", "s\0i\0x\0", "? lock", "What is required was not looked at."),
    "a lock that does not answer": (
        "uv.lock",
        OLD_LOCK,
        "✗ lock",
        "does not answer pyproject.toml",
    ),
    "a lock with conflict markers": ("uv.lock", "version = 1\n<<<<<<< before\n", "✗ lock", "conflict markers"),
    "another tool's lock": ("poetry.lock", '[[package]]\nname = "six"\n', "? lock", "Not looked at: poetry.lock"),
    "a Python without its patch": (".python-version", "3.13\n", "✗ python", "stated 2 ways"),
    "another Python in CI": (
        WORKFLOW,
        steps("- uses: actions/setup-python@" + 40 * "a", "  with:", '    python-version: "3.12.1"'),
        "✗ python",
        f"{WORKFLOW}:9   3.12.1",
    ),
    "a matrix that leaves out what production runs": (
        WORKFLOW,
        steps(
            "- uses: actions/setup-python@" + 40 * "a",
            "  with: { python-version: '${{ matrix.py }}' }",
            job="strategy: { matrix: { py: ['3.9', '3.13'] } }",
        ),
        "✗ python",
        f"{WORKFLOW}:5   3.9",
    ),
    "a Python that YAML reads as another": (
        WORKFLOW,
        steps("- uses: actions/setup-python@" + 40 * "a", "  with: { python-version: 3.10 }"),
        "✗ python",
        "3.1, from 3.10 without quotes",
    ),
    "a Python that only CI knows": (
        WORKFLOW,
        steps("- uses: actions/setup-python@" + 40 * "a", "  with: { python-version: '${{ inputs.python }}' }"),
        "? python",
        "cannot be known from the text",
    ),
    "uv in whatever version": (WORKFLOW, steps("- run: pip install uv"), "✗ tools", "whatever version there is"),
    "uv from its installer": (
        WORKFLOW,
        steps("- run: curl -LsSf https://astral.sh/uv/install.sh | sh"),
        "✗ tools",
        "whatever version there is",
    ),
    "uv by an action that takes the newest": (
        WORKFLOW,
        steps("- uses: astral-sh/setup-uv@" + 40 * "a"),
        "✗ tools",
        "setup-uv without a version",
    ),
    "nox in whatever version": (WORKFLOW, steps("- run: pipx run nox"), "✗ tools", "nox is taken in whatever version"),
    "another uv in CI": (
        WORKFLOW,
        steps("- run: uvx uv@0.13.8 sync --locked", job="container: ghcr.io/astral-sh/uv:0.13.9"),
        "✗ tools",
        "uv is stated 2 ways",
    ),
    "uv outside of what the project asks": (
        "Containerfile",
        f"{PYTHON}COPY --from=ghcr.io/astral-sh/uv:0.4.1@sha256:{'0' * 64} /uv /bin/\nUSER 1\n",
        "✗ tools",
        "Containerfile:2   ghcr.io/astral-sh/uv:0.4.1",
    ),
    "a frozen installation": (
        WORKFLOW,
        steps("- run: uv sync --frozen"),
        "✗ installs",
        "`--frozen` does not ask whether the lock answers",
    ),
    "an installation that is frozen by a variable": (
        WORKFLOW,
        steps("- run: uv sync", "  env: { UV_FROZEN: '1' }"),
        "✗ installs",
        "`--frozen` does not ask whether the lock answers",
    ),
    "an installation that may move the lock": (
        WORKFLOW,
        steps("- run: |", "    echo begin", "    uv sync"),
        "✗ installs",
        f"{WORKFLOW}:9   uv sync",
    ),
    "an installation in a here-document": (
        "Containerfile",
        f"{PYTHON}RUN <<END\nset -e\npip install flask\nEND\nUSER 1\n",
        "✗ installs",
        "Containerfile:4   pip install flask",
    ),
    "an installation of the newest": (WORKFLOW, steps("- run: pip install flask"), "✗ installs", "newest that day"),
    "an installation without hashes": (WORKFLOW, steps("- run: pip install six==1.17.0"), "! installs", "a version and no hash"),
    "an installation of what only CI knows": (WORKFLOW, steps("- run: pip install $NEEDED"), "? installs", "cannot be known"),
    "a base that is whatever is newest": ("Containerfile", "FROM debian\nUSER 1\n", "✗ bases", "Containerfile:1   debian"),
    "a base by an argument": ("Containerfile", "ARG B=debian:latest\nFROM ${B}\nUSER 1\n", "✗ bases", "debian:latest"),
    "a base that only a build knows": ("Containerfile", "ARG B\nFROM ${B}\nUSER 1\n", "? bases", "a variable without a value"),
    "a base by tag": ("Containerfile", "FROM debian:13\nUSER 1\n", "! bases", "pinned by a tag"),
    "an image beside the service": ("compose.yaml", "services:\n  db:\n    image: postgres\n", "✗ bases", "compose.yaml:3"),
    "an image that is merged in": (
        "compose.yaml",
        "x-db: &db\n  image: postgres\nservices:\n  db:\n    <<: *db\n",
        "✗ bases",
        "compose.yaml:2   postgres",
    ),
    "an image of a job of GitLab": (".gitlab-ci.yml", "test:\n  image: debian\n  script: [make]\n", "✗ bases", "gitlab-ci.yml:2"),
    "an installation of a job of GitLab": (
        ".gitlab-ci.yml",
        "test:\n  before_script:\n    - pip install flask\n  script: [make]\n",
        "✗ installs",
        ".gitlab-ci.yml:3   pip install flask",
    ),
    "a Python of an image of CircleCI": (
        ".circleci/config.yml",
        "jobs:\n  test:\n    docker:\n      - image: cimg/python:3.12.1\n    steps:\n      - run: make\n",
        "✗ python",
        ".circleci/config.yml:4   cimg/python:3.12.1",
    ),
    "an installation of Azure": (
        "azure-pipelines.yml",
        "stages:\n  - jobs:\n      - steps:\n          - script: pip install flask\n",
        "✗ installs",
        "azure-pipelines.yml:4   pip install flask",
    ),
    "an image that CI runs in": (WORKFLOW, steps("- run: make", job="container: { image: debian }"), "✗ bases", "   debian"),
    "an action by tag": (WORKFLOW, steps("- uses: actions/checkout@v5"), "✗ actions", f"{WORKFLOW}:7   actions/checkout@v5"),
    "a workflow of others by branch": (
        WORKFLOW,
        "on: push\njobs:\n  all:\n    uses: acme/ci/.github/workflows/all.yml@main\n",
        "✗ actions",
        "acme/ci/.github/workflows/all.yml@main",
    ),
    "a workflow that is no YAML": (WORKFLOW, "on: [push\n", "? actions", f"{WORKFLOW} cannot be read"),
    "another start command": ("Procfile", "web: gunicorn app:app --workers 4\n", "✗ start", "started 2 ways"),
    "a reload in production": ("Procfile", "web: uvicorn app:app --reload\n", "✗ start", "a server for development"),
    "a stop without an end": (
        "Dockerfile",
        f"{PYTHON}CMD uvicorn app:app\nUSER 1\n",
        "! start",
        "waits for requests without an end",
    ),
    "another command in Kubernetes": (
        "k8s/all.yaml",
        "kind: Service\n---\nspec:\n  template:\n    spec:\n      containers:\n        - command: [gunicorn, app:app]\n",
        "✗ start",
        "k8s/all.yaml:7   gunicorn app:app",
    ),
    "a shell before the server": (
        "Dockerfile",
        f'{PYTHON}CMD ["sh", "-c", "gunicorn --workers 2 app:app"]\nUSER 1\n',
        "! start",
        "many keep SIGTERM",
    ),
    "workers by the host's processors": ("gunicorn.conf.py", "workers = cpu_count() * 2 + 1\n", "✗ start", "gunicorn.conf.py:1"),
    "root by number": ("Containerfile", "FROM x:1\nUSER 0:0\n", "✗ user", "USER 0:0"),
    "root by silence": ("Containerfile", f"{PYTHON}RUN true\n", "✗ user", "no USER, from python:3.13.9"),
    "root by another stage": ("Containerfile", "FROM x:1 AS a\nUSER 0\nFROM a\nRUN true\n", "✗ user", "Containerfile:2   USER 0"),
    "a user that only the base knows": ("Containerfile", "FROM acme/base:1\n", "? user", "up to what it is built from"),
    "an installation of a platform": (
        "render.yaml",
        "services:\n  - type: web\n    buildCommand: pip install flask\n",
        "✗ installs",
        "render.yaml:3   pip install flask",
    ),
    "another start command on a platform": (
        ".do/app.yaml",
        "services:\n  - run_command: gunicorn app:app --workers 4\n",
        "✗ start",
        ".do/app.yaml:2   gunicorn app:app --workers 4",
    ),
    "an installation by setup.py": (WORKFLOW, steps("- run: python setup.py install"), "✗ installs", "setup.py install"),
    "an installation with options that only a build knows": (
        "Containerfile",
        f"{PYTHON}ARG HOW\nRUN uv sync $HOW\nUSER 1\n",
        "? installs",
        "uv sync $HOW",
    ),
    "a base whose tag is no version": ("Containerfile", "FROM debian:stable-slim\nUSER 1\n", "✗ bases", "debian:stable-slim"),
    "a Python that a distribution brings": (
        "Containerfile",
        f"FROM debian:13@sha256:{'0' * 64}\nRUN apt-get install -y python3-pip\nUSER 1\n",
        "? python",
        "the Python of debian:13",
    ),
    "a Python of another image": (
        "Containerfile",
        f"FROM ghcr.io/astral-sh/uv:0.13.9-python3.12@sha256:{'0' * 64}\nUSER 1\n",
        "✗ python",
        "Containerfile:1   ghcr.io/astral-sh/uv:0.13.9-python3.12",
    ),
    "a start that only who calls a script knows": (
        "Dockerfile",
        f'{PYTHON}COPY run.sh /\nENTRYPOINT ["/run.sh"]\nUSER 1\n',
        "? start",
        "run.sh:3   gunicorn app:app",
    ),
    "a start that an image of others has": (
        "Dockerfile",
        "FROM acme/serves:1\nUSER 1\n",
        "? start",
        "no command, from acme/serves:1",
    ),
    "a start for development alone": (
        "compose.yaml",
        "services:\n  web:\n    build: .\n    command: flask run\n    volumes: ['.:/code']\n",
        "? start",
        "Only how it starts for development is stated.",
    ),
    "a server whose end is not known": ("Procfile", "web: uwsgi --ini x.ini\n", "? start", "was not looked at"),
    "a build in another folder": (
        "compose.yaml",
        "services:\n  web:\n    build: { context: web, dockerfile: ../Dockerfile }\n",
        "✗ context",
        "web/.dockerignore   missing, for Dockerfile",
    ),
    "a build that may be in two folders": ("web/Dockerfile", f"{PYTHON}USER 1\n", "? context", "web/.dockerignore   missing"),
    "a build that sees everything": (".dockerignore", None, "✗ context", ".dockerignore   missing"),
}
BESIDE: dict[str, dict[str, str | bytes]] = {
    "a start that only who calls a script knows": {
        "run.sh": 'set -e\ncase "$1" in\n  web) exec gunicorn app:app ;;\n  *) exec "$@" ;;\nesac\n'
    }
}
# What is seen only where the good image is not there as well.
ALONE = {"a start for development alone"}
# What was once called broken, or good, and is neither → the files, and the column with its sign.
UNTRUE: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    "an action's tag is no version of uv": (
        {WORKFLOW: steps("- uses: astral-sh/setup-uv@v6", "  with: { version: 0.13.9 }", "- run: uv sync --locked")},
        "tools ✓",
    ),
    "an action follows what the project asks of uv": (
        {WORKFLOW: steps("- uses: astral-sh/setup-uv@v6"), "uv.toml": 'required-version = "==0.13.9"\n'},
        "tools ✓",
    ),
    "no tool is used": ({}, "tools -"),
    "a range admits the version in CI": (
        {WORKFLOW: steps("- run: pip install uv==0.13.9"), "uv.toml": 'required-version = ">=0.13,<0.14"\n'},
        "tools ✓",
    ),
    "nox is stated before it is run": ({WORKFLOW: steps("- run: uvx --from nox==2026.10.20 nox")}, "tools ✓"),
    "a comment installs nothing": ({WORKFLOW: steps("# pip install uv", "- run: echo pip # install uv")}, "tools -"),
    "a name is no command": ({WORKFLOW: steps("- name: pip install uv", "  run: make")}, "tools -"),
    "an image that the same file builds": (
        {"compose.yaml": "services:\n  web:\n    build: .\n    image: web\n  job:\n    image: web\n"},
        "bases ✓",
    ),
    "a stage is no image": ({"Containerfile": f"{PYTHON.strip()} AS a\nFROM a\nCOPY --from=a /x /x\nUSER 1\n"}, "bases ✓"),
    "a stage has the user of the one below": ({"Containerfile": f"{PYTHON.strip()} AS a\nUSER 1\nFROM a\n"}, "user ✓"),
    "text in a here-document is no instruction": (
        {"Containerfile": f"{PYTHON}COPY <<END /notes\nFROM debian\nUSER root\nEND\nUSER 1\n"},
        "bases ✓",
    ),
    "two applications are started two ways": ({"Procfile": "web: gunicorn other:app\n"}, "start ✓"),
    "what pip checks by hash is locked": ({WORKFLOW: steps("- run: pip install -r requirements.txt")}, "installs ✓"),
    "what a variable locks is locked": (
        {WORKFLOW: steps("- run: uv sync", job="env: { UV_LOCKED: 'true' }")},
        "installs ✓",
    ),
    "a Python of a matrix that agrees": (
        {
            WORKFLOW: steps(
                "- uses: actions/setup-python@" + 40 * "a",
                "  with: { python-version: '${{ matrix.py }}' }",
                job="strategy: { matrix: { py: ['3.13.9'] } }",
            )
        },
        "python ✓",
    ),
    "no file that builds an image": ({"Dockerfile": None, "views.py": "from django import db\nuser root\n"}, "bases -"),
    "no file that builds an image runs as somebody": ({"Dockerfile": None, "views.py": "from django import db\n"}, "user -"),
    "no file that builds an image sees anything": (
        {"Dockerfile": None, ".dockerignore": None, "views.py": "from django import db\n"},
        "context -",
    ),
    "a build is frozen by an argument": (
        {"Containerfile": f"{PYTHON}ARG HOW=--locked\nRUN <<END\nuv sync $HOW $MORE\nEND\nUSER 1\n"},
        "installs ✓",
    ),
    "a Python of a matrix that only lists it": (
        {
            WORKFLOW: steps(
                "- uses: actions/setup-python@" + 40 * "a",
                "  with: { python-version: '${{ matrix.py }}' }",
                job="strategy: { matrix: { include: [{ py: '3.13.9' }] } }",
            )
        },
        "python ✓",
    ),
    "a command that sees the checkout is for a laptop": (
        {"compose.yaml": "services:\n  web:\n    build: .\n    command: flask run\n    volumes: ['.:/code']\n"},
        "start ✓",
    ),
    "a script that nothing calls is for somebody else": ({"scripts/try.sh": "flask run\n"}, "start ✓"),
    "a test of a server starts none": (
        {"Dockerfile": None, "run.sh": "[ -x /bin/gunicorn ] || echo no gunicorn\nexec gunicorn --workers 2 app:app\n"},
        "start ✓",
    ),
    "one server behind another command is one way": (
        {"compose.yaml": "services:\n  web:\n    command: bash -c 'sleep 1; exec gunicorn --workers 2 app:app'\n"},
        "start !",
    ),
    "the start of an image is in its script": (
        {
            "Dockerfile": f'{PYTHON}COPY run.sh /\nENTRYPOINT ["/run.sh"]\nUSER 1\n',
            "run.sh": "set -e\nexec gunicorn --workers 2 app:app\n",
            "Procfile": "web: gunicorn --workers 2 app:app\n",
        },
        "start ✓",
    ),
    "a file of what a build sees may lie beside it": (
        {"web/Dockerfile": f"{PYTHON}USER 1\n", "web/Dockerfile.dockerignore": "*\n"},
        "context ✓",
    ),
    "a build is where CI builds it": (
        {
            "web/Dockerfile": f"{PYTHON}USER 1\n",
            WORKFLOW: steps("- uses: docker/build-push-action@" + 40 * "a", "  with: { context: ., file: web/Dockerfile }"),
        },
        "context ✓",
    ),
    "a lock in a folder of its own": (
        {"requirements.txt": None, "web/poetry.lock": '[[package]]\nname = "six"\n'},
        "lock ?",
    ),
    "a list in UTF-16": ({"requirements.txt": GOOD["requirements.txt"].encode("utf-16")}, "lock !"),
    "a list with a mark of the byte order": ({"requirements.txt": b"\xef\xbb\xbf" + GOOD["requirements.txt"].encode()}, "lock !"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_is_planted_is_named(check: Check, fault: str, tmp_path: Path) -> None:
    name, text, sign, said = PLANTED[fault]
    asked = '[tool.uv]\nrequired-version = ">=0.13"\n' if "what the project asks" in fault else ""
    project = {"pyproject.toml": f'[project]\nname = "x"\nversion = "2"\nrequires-python = ">=3.11"\n{asked}'}
    directory = write(tmp_path / "repository", {**GOOD, **project, **BESIDE.get(fault, {}), name: text or ""})
    if fault in ALONE:
        (directory / "Dockerfile").unlink()
    if name in {"poetry.lock", ".dockerignore"}:
        (directory / ("requirements.txt" if text else name)).unlink()

    answer = check(directory)

    assert answer.code == {"✗": 1, "?": 2, "!": 0}[sign[0]]
    assert sign in answer.out
    assert said in answer.out
    assert answer.out.count("fix:") >= 1
    assert answer.error == ""


@pytest.mark.parametrize("case", UNTRUE)
def test_what_is_not_so_is_not_said(check: Check, case: str, tmp_path: Path) -> None:
    files, expected = UNTRUE[case]
    there = {name: text for name, text in {**GOOD, **files}.items() if text is not None}
    answer = check(write(tmp_path / "repository", there))
    heading, line = answer.out.splitlines()[:2]
    signs = dict(zip(heading.split(), line.split(), strict=True))

    column, sign = expected.split()
    assert signs[column] == sign, answer.out


def test_a_file_that_is_broken_anywhere_leaves_its_columns_open(tmp_path: Path) -> None:
    texts = {(name, text) for name, text, *_ in PLANTED.values() if text}
    for number, (name, text) in enumerate(sorted(texts)):
        for part, broken in enumerate((text[: len(text) // 3], text[: -len(text) // 4], text.encode() + b"\n\xff\xfe", text[5:])):
            facts = Facts(open_repository(write(tmp_path / f"{number}-{part}", {name: broken})))
            for column in columns({}, {})[1:]:
                found = list(look_for(column, facts)) if applies(column, facts) else []

                assert all(finding.where and finding.fix for finding in found), (name, broken)


WORKSPACE = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/a/pyproject.toml": '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n',
}
NEEDS_MEMBERS = """
dependencies = ["a"]

[dependency-groups]
dev = ["a"]

[tool.uv.sources]
a = { workspace = true }

"""
PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'


@pytest.mark.parametrize(
    ("files", "where", "sign"),
    [
        (WORKSPACE, ".", "✓"),
        (WORKSPACE, "packages/a", "✓"),
        ({**WORKSPACE, "pyproject.toml": PROJECT + NEEDS_MEMBERS + WORKSPACE["pyproject.toml"]}, ".", "✓"),
        ({"pyproject.toml": PROJECT + "[tool.thing]\ntable = {\n    one = 1,\n}\n"}, ".", "?"),
        ({"pyproject.toml": PROJECT}, ".", "✓"),
    ],
    ids=["a root that is no project", "a member", "a root with a member", "TOML 1.1", "one project"],
)
def test_a_genuine_lock_is_not_called_broken(
    check: Check, files: Mapping[str, str], where: str, sign: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "repository", files)
    (root / ".git").mkdir()
    subprocess.run(["uv", "lock", "--quiet", "--offline", "--no-config", "--project", str(root)], check=True)
    answer = check(root / where)

    assert answer.out.splitlines()[1].split()[1] == sign, answer.out


def test_a_project_beside_a_workspace_has_no_lock(check: Check, tmp_path: Path) -> None:
    root = write(tmp_path / "repository", {**WORKSPACE, "other/pyproject.toml": PROJECT})
    (root / ".git").mkdir()
    (root / "uv.lock").write_text(OLD_LOCK)

    assert "There is no lock." in check(root / "other").out


def test_a_good_repository_that_no_template_made_has_nothing_broken(check: Check, tmp_path: Path) -> None:
    answer = check(write(tmp_path / "repository", GOOD))

    assert answer.code == 0, answer.out
    assert "✗" not in answer.out.partition("✓ holds")[0]


def test_a_service_has_nothing_broken_and_is_not_touched(check: Check, service: SmallService) -> None:
    before = list(contents(service.root))

    answer = check(service.root)

    assert answer.code == 0, answer.out
    assert "✓ lock" not in answer.out
    assert before == list(contents(service.root))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda lock: lock.replace("https://files.", "https://flies.", 1), "which no index uses"),
        (lambda lock: lock.replace("https://files.", "https://flies."), "which no index uses"),
        (lambda lock: lock.replace("hash = ", "lost = ", 1), "has no sha256"),
        (lambda lock: lock.replace('requires-python = ">=3.11', 'requires-python = ">=3.12', 1), "does not answer"),
    ],
    ids=["another host", "another host for all", "no hash", "another range"],
)
def test_a_poisoned_lock_is_named(check: Check, fault: Callable[[str], str], said: str, service: SmallService) -> None:
    service.write("uv.lock", fault(service.read("uv.lock")))

    answer = check(service.root)

    assert answer.code == 1
    assert "✗ lock" in answer.out
    assert said in answer.out


def test_a_wheel_of_the_repository_that_changed_is_named(check: Check, service: SmallService) -> None:
    [wheel] = service.root.glob(".lockstep/lockstep_serve-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1])

    answer = check(service.root)

    assert answer.code == 1
    assert f".lockstep/{wheel.name}   sha256:" in answer.out


def test_code_of_the_repository_is_not_run(check: Check, tmp_path: Path) -> None:
    """Metadata that only a build can tell is left open: a build would run setup.py."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    lock = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "x"\nsource = { editable = "." }\n'
    files = {
        "pyproject.toml": '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\nrequires-python = ">=3.11"\n',
        "setup.py": trap,
        "noxfile.py": trap,
        "uv.lock": lock,
    }

    answer = check(write(tmp_path / "repository", files))

    assert answer.code in {1, 2}
    assert not (tmp_path / "sprung").exists()
    assert "Traceback" not in answer.error


def test_what_cannot_be_looked_at_is_named_and_the_others_go_on(check: Check, tmp_path: Path) -> None:
    good = write(tmp_path / "good", GOOD)
    empty = write(tmp_path / "empty", {"notes.txt": "\n"})
    broken = write(tmp_path / "broken", {**GOOD, "pyproject.toml": "[project\n", "uv.lock": "\0"})
    leading = write(tmp_path / "leading", {**GOOD})
    (leading / "Dockerfile").unlink()
    (leading / "Dockerfile").symlink_to("/etc/hostname")

    answer = check(good, tmp_path / "missing", good / "app.py", empty, broken, leading, "--details")

    assert answer.code == 1
    assert "missing  not looked at: not there" in answer.out
    assert "app.py   not looked at: a file, not a directory" in answer.out
    assert "empty    not looked at: no Python project" in answer.out
    assert "uv.lock cannot be read" in answer.out
    assert "leads out of the repository" in answer.out
    assert "6 looked at: something is broken in 1, something could not be looked at in 4." in answer.out


def test_only_what_could_not_be_looked_at_ends_with_two(check: Check, tmp_path: Path) -> None:
    assert check(tmp_path / "missing").code == 2


def test_the_table_has_a_line_for_each_and_is_sorted_by_a_column(check: Check, tmp_path: Path) -> None:
    bad = write(tmp_path / "a-bad", {**GOOD, "requirements.txt": "six\n", "Procfile": "web: uvicorn app:app --reload\n"})
    fair = write(tmp_path / "b-fair", {**GOOD, ".python-version": "3.13\n"})
    good = write(tmp_path / "c-good", GOOD)
    names = ("a-bad", "b-fair", "c-good")

    def order(column: str) -> list[str]:
        answer = check(good, fair, bad, "--sort", column, "--jobs", "1")
        return [line.split()[0] for line in answer.out.splitlines() if line.strip().startswith(names)]

    assert order("service") == ["a-bad", "b-fair", "c-good"]
    assert order("broken") == ["a-bad", "b-fair", "c-good"]
    assert order("python") == ["b-fair", "a-bad", "c-good"]
    assert "There is no such column." in check(good, "--sort", "beauty").error


def test_json_has_everything_and_any_number_of_processes_finds_the_same(check: Check, tmp_path: Path) -> None:
    directories = [write(tmp_path / f"service-{number}", {**GOOD, "requirements.txt": "six\n"}) for number in range(4)]
    one, two = tmp_path / "one.json", tmp_path / "two.json"

    check(*directories, "--jobs", "1", "--json", one)
    check(*directories, "--jobs", "2", "--json", two)

    document = json.loads(one.read_text())
    assert one.read_text() == two.read_text()
    assert document["schema"] == "lockstep.check/1"
    assert [service["checks"]["lock"] for service in document["services"]] == ["✗"] * 4
    assert document["services"][0]["findings"][0]["fix"]


def test_a_column_with_nothing_to_look_at_finds_nothing(check: Check, tmp_path: Path) -> None:
    path = write(tmp_path / "bare", {"requirements.txt": GOOD["requirements.txt"], ".python-version": "3.13.9\n"})
    answer = check(path)

    assert "bare     !     ✓       -      -         -      -        -      -     -        0" in answer.out


def save_services(check: Check, folder: Path, name: str, *, good: bool) -> Path:
    """What `--json` has of a service that is good or not, and of one whose name is markup."""
    one = write(folder / "orders", {**GOOD, "requirements.txt": GOOD["requirements.txt"] if good else "six\n"})
    two = write(folder / "<b>|[x](y)", {**GOOD, "Procfile": "web: gunicorn app:app --workers `3`\n"})
    forms = [part for form in ("json", "markdown", "html") for part in (f"--{form}", folder / f"{name}.{form}")]
    check(one, two, *forms)
    return folder / f"{name}.json"


def test_the_same_is_saved_as_a_page_of_markdown_and_of_html(check: Check, tmp_path: Path) -> None:
    save_services(check, tmp_path, "page", good=False)
    markdown, html = (tmp_path / "page.markdown").read_text(), (tmp_path / "page.html").read_text()

    assert "| orders | ✗ | ✓ | - | ✓ | ✓ | - | ✓ | ✓ | ✓ | 1 |" in markdown
    assert "- ✗ `lock`: 1 requirements name no version." in markdown
    assert "| &lt;b&gt;\\|\\[x](y) |" in markdown
    assert "`` gunicorn app:app --workers `3` ``" in markdown
    assert '<td class="s4" data-value="4" title="1 requirements name no version.">✗</td>' in html
    assert "<b>|" not in html
    assert "&lt;b&gt;|[x](y)" in html
    assert "http" not in html.replace("https://", "http").split("<script>")[1]
    assert html.count("<button") == 11


def test_what_has_changed_since_an_earlier_look_is_said(check: Check, tmp_path: Path) -> None:
    before = save_services(check, tmp_path, "before", good=True)
    write(tmp_path / "orders", {"requirements.txt": "six\n"})
    write(tmp_path / "new", GOOD)
    page = tmp_path / "now.md"
    answer = check(tmp_path / "orders", tmp_path / "new", "--since", before, "--markdown", page)

    assert "  orders   ✗↓" in answer.out
    assert "0 better ↑, 1 worse ↓, 0 otherwise ~; 1 services new, 1 gone." in answer.out
    assert "| orders | ✗↓ | ✓ |" in page.read_text()

    moved = write(tmp_path / "elsewhere" / "orders", GOOD)
    after = tmp_path / "after.json"
    check(tmp_path / "orders", "--json", after)
    answer = check(moved, "--since", after)
    assert "  orders   !↑" in answer.out
    assert "1 better ↑" in answer.out


def test_what_json_did_not_save_cannot_be_compared_with(check: Check, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"schema": "another/1"}')

    assert "Name a file that `--json` saved." in check(write(tmp_path / "good", GOOD), "--since", other).error
    assert "cannot be compared with" in check(tmp_path / "good", "--since", tmp_path / "missing.json").error
