"""What `adopt` reads of a service, from whichever files state it; nothing is rendered, locked or run."""

from pathlib import Path

import pytest

from adopting.checkout import read_text
from adopting.existing import Choices, read_existing
from adopting.running_server import Running, read_running
from adopting.server_values import state_values
from existing_services import existing, read, read_files
from lockstep_serve.errors import Refusal
from lockstep_serve.models import find_model
from snapshot import REPOSITORY, git

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
FILES = {"app/__init__.py": "", "app/main.py": APP}
GUNICORN = "gunicorn app.main:app -k uvicorn.workers.UvicornWorker -w 3 --timeout 45 --max-requests=1000 --max-requests-jitter 50"
UNIT = f"[Service]\nExecStart=/srv/venv/bin/{GUNICORN} --bind 0.0.0.0:9000\n"

# Where a server is started, and the words that start it → model and numbers.
STARTED = {
    "Procfile": ({"Procfile": f"web: {GUNICORN}\n"}, "gunicorn-uvicorn", {"workers": "3", "request_timeout": "45"}),
    "an image's list": (
        {"Dockerfile": 'FROM python:3.12\nCMD ["uvicorn", "app.main:app", "--workers", "4", "--timeout-keep-alive", "20"]\n'},
        "uvicorn-workers",
        {"workers": "4", "keep_alive": "20"},
    ),
    "an image's shell": (
        {"Dockerfile": "CMD exec gunicorn -w 2 --threads 6 \\\n    app.main:app\n"},
        "gunicorn-gthread",
        {"workers": "2", "threads": "6"},
    ),
    "an entrypoint": (
        {"Dockerfile": 'ENTRYPOINT ["gunicorn"]\nCMD ["-k", "gevent", "--worker-connections", "500", "app.main:app"]\n'},
        "gunicorn-gevent",
        {"concurrency": "500"},
    ),
    "a script": (
        {"Dockerfile": 'CMD ["./start.sh"]\n', "start.sh": "#!/bin/sh\nexec uvicorn app.main:app --port 9001\n"},
        "uvicorn",
        {"port": "9001"},
    ),
    "compose": (
        {"compose.yaml": "services:\n  web:\n    build: .\n    command: uvicorn app.main:app --reload --limit-concurrency 80\n"},
        "uvicorn",
        {"concurrency": "80"},
    ),
    "a unit": ({"deploy/orders.service": UNIT}, "gunicorn-uvicorn", {"host": "0.0.0.0", "port": "9000", "max_requests": "1000"}),
    "a file of settings": (
        {
            "Procfile": "web: gunicorn app.main:app\n",
            "gunicorn.conf.py": "import os\n\nworkers = os.cpu_count() * 2 + 1\nthreads = 4\ngraceful_timeout = 50\n",
        },
        "gunicorn-gthread",
        {"workers": "auto", "threads": "4", "drain": "50"},
    ),
    "uwsgi": (
        {"uwsgi.ini": "[uwsgi]\nmodule = app.main:app\nprocesses = 4\nthreads = 2\nharakiri = 60\n"},
        "gunicorn-gthread",
        {"workers": "4", "request_timeout": "60"},
    ),
    "a wrapper": (
        {"Procfile": "web: newrelic-admin run-program gunicorn -w 2 app.main:app\n"},
        "gunicorn-sync",
        {"workers": "2"},
    ),
    "a module": (
        {"Procfile": "web: python -m uvicorn app.main:app --host :: --port 80\n"},
        "uvicorn",
        {"host": "::", "port": "80"},
    ),
    "a shell's words": (
        {"compose.prod.yml": "services:\n  web:\n    build: .\n    command: sh -c 'cd x; uvicorn app.main:app --workers 2'\n"},
        "uvicorn-workers",
        {"workers": "2"},
    ),
}


@pytest.mark.parametrize("how", STARTED)
def test_the_server_that_runs_now_is_read_with_its_numbers(how: str, tmp_path: Path) -> None:
    files, model, values = STARTED[how]

    running = read_running(read_files(tmp_path, {**FILES, **files}))

    assert running.model == model
    assert running.app == "app.main:app"
    assert {name: value for name, (value, _) in running.values.items() if name in values} == values


@pytest.mark.parametrize(
    ("files", "dropped"),
    [
        ({"Procfile": "web: newrelic-admin run-program gunicorn app.main:app\n"}, "newrelic-admin"),
        ({"Procfile": "web: gunicorn --preload --log-level debug app.main:app\n"}, "Procfile:1 log-level = debug"),
        ({"Procfile": "web: gunicorn --timeout 0 app.main:app\n"}, "timeout = 0: server.toml takes a whole number of seconds"),
        ({"Procfile": "web: gunicorn --bind unix:/run/orders.sock app.main:app\n"}, "listens on host and port"),
        ({"uwsgi.ini": "[uwsgi]\nmodule = app.main:app\nstatic-map = /static=static\n"}, "uwsgi.ini static-map"),
        ({"Procfile": "web: hypercorn app.main:app\n"}, "hypercorn itself"),
        (
            {"Procfile": "web: gunicorn app.main:app\n", "gunicorn.conf.py": "def post_fork(server, worker):\n    pass\n"},
            "post_fork(): a hook",
        ),
    ],
    ids=["a wrapper", "a log level", "no timeout", "a socket", "static files", "another server", "a hook"],
)
def test_what_does_not_come_along_is_said(files: dict[str, str], dropped: str, tmp_path: Path) -> None:
    running = read_running(read_files(tmp_path, {**FILES, **files}))

    assert [one for one in running.dropped if dropped in one]


def test_a_drain_that_takes_longer_raises_the_grace() -> None:
    text = (REPOSITORY / "questions" / "servers" / "gunicorn-sync.toml").read_text()
    model = find_model("gunicorn-sync", "")

    written, told, dropped = state_values(
        text, model, Running(values={"drain": ("90", "Procfile:1"), "threads": ("4", "Procfile:1")})
    )

    assert "drain = { default = 90," in written
    assert "grace = { default = 94," in written
    assert ("drain", "90", "Procfile:1") in told
    assert dropped == ["Procfile:1 threads = 4: gunicorn-sync has no such value"]


OWN = '[project]\nname = "o"\nversion = "1"\n'
DJANGO = {
    "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    "requirements.txt": "django\n",
    "shop/__init__.py": "",
    "shop/settings.py": 'from pathlib import Path\n\nBASE_DIR = Path(__file__).parent.parent\nINSTALLED_APPS = ["basket"]\n'
    'TEMPLATES = [{"DIRS": [BASE_DIR / "pages"]}]\nROOT_URLCONF = "shop.urls"\n',
    "shop/urls.py": "from basket import views\n",
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n",
    "shop/asgi.py": "from django.core.asgi import get_asgi_application\n\napplication = get_asgi_application()\n",
    "basket/__init__.py": "",
    "basket/views.py": "",
    "pages/list.html": "",
}


@pytest.mark.parametrize(
    ("files", "app"),
    [
        ({}, "shop.wsgi:application"),
        ({"Procfile": "web: uvicorn shop.asgi:application\n"}, "shop.asgi:application"),
        ({"Procfile": "web: gunicorn shop.wsgi\n"}, "shop.wsgi:application"),
    ],
    ids=["nothing says", "asgi", "wsgi"],
)
def test_what_runs_decides_which_of_djangos_two_is_served(files: dict[str, str], app: str, tmp_path: Path) -> None:
    assert read(tmp_path, {**DJANGO, **files}).app == app


def test_what_the_application_needs_moves_and_nothing_else(tmp_path: Path) -> None:
    stay = {
        "migrations/env.py": "",
        "alembic/env.py": "",
        "docker/entry.py": "",
        "infra/stack.py": "",
        "notebooks/look.py": "import shop\n",
        "examples/one.py": "import shop\n",
        "locustfile.py": "",
        "tests/test_shop.py": "import shop\n",
        "reports/a.csv": "",
    }
    found = read(tmp_path, {**DJANGO, **stay})

    assert found.obstacles == []
    assert {name.partition("/")[0] for name in found.layout.move} == {"shop", "basket", "pages"}
    assert found.layout.move["pages/list.html"] == "src/pages/list.html"
    assert not found.layout.working


def test_single_modules_become_packages_with_what_flask_looks_for(tmp_path: Path) -> None:
    files = {
        "app.py": FLASK + "from models import one\n",
        "models.py": "one = 1\n",
        "templates/a.html": "",
        "static/a.css": "",
        "wsgi.py": "from app import app\n",
    }
    found = read(tmp_path, {**files, "requirements.txt": "flask\n"})

    assert found.app == "app:app"
    assert found.layout.move == {
        "app.py": "src/app/__init__.py",
        "models.py": "src/models/__init__.py",
        "templates/a.html": "src/app/templates/a.html",
        "static/a.css": "src/app/static/a.css",
    }


def test_folders_that_are_opened_from_where_it_starts_are_known(tmp_path: Path) -> None:
    main = APP + 'app.mount("/static", StaticFiles(directory="static"))\n'
    found = read(tmp_path, {"requirements.txt": "fastapi\n", "main.py": main, "static/a.css": ""})

    assert found.layout.move["static/a.css"] == "src/static/a.css"
    assert found.layout.working


def test_what_lies_below_src_stays(tmp_path: Path) -> None:
    found = read(tmp_path, {"requirements.txt": "fastapi\n", "src/app/__init__.py": "", "src/app/main.py": APP})

    assert (found.app, found.layout.move, found.layout.modules) == ("app.main:app", {}, ["app"])


LOCKS = {
    "uv.lock": 'version = 1\n\n[[package]]\nname = "idna"\nversion = "3.6"\nsource = { registry = "" }\n',
    "poetry.lock": '[[package]]\nname = "idna"\nversion = "3.6"\n',
    "pdm.lock": '[[package]]\nname = "idna"\nversion = "3.6"\n',
    "Pipfile.lock": '{"default": {"idna": {"version": "==3.6"}}}',
    "requirements.txt": "idna==3.6 --hash=sha256:00\n",
    "pylock.toml": '[[packages]]\nname = "idna"\nversion = "3.6"\n',
}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_versions_of_every_lock_are_read(lock: str, tmp_path: Path) -> None:
    project = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["idna"]\n'
    files = {**FILES, lock: LOCKS[lock], **({} if lock == "requirements.txt" else {"pyproject.toml": project})}

    assert read(tmp_path, files).versions == {"idna": {"3.6": lock}}


@pytest.mark.parametrize(
    ("files", "bounds", "platforms"),
    [
        ({"requirements.txt": "fastapi\n"}, ">=3.11,<3.12", 0),
        ({"requirements.txt": "fastapi\n", "Dockerfile": "FROM python:3.12.1-slim\n"}, ">=3.12,<3.13", 0),
        ({"pyproject.toml": OWN + 'requires-python = ">=3.12"\ndependencies = []\n'}, ">=3.12,<3.16", 0),
        ({"pyproject.toml": OWN + 'requires-python = ">=3.9,<3.13"\ndependencies = []\n'}, ">=3.11,<3.13", 0),
        ({"requirements.txt": "# autogenerated by pip-compile\nfastapi==0.115.0\n"}, ">=3.11,<3.12", 1),
        (
            {
                "pyproject.toml": OWN + 'requires-python = ">=3.12"\ndependencies = []\n\n'
                "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n"
            },
            ">=3.12,<3.16",
            1,
        ),
    ],
    ids=["none", "an image", "from 3.12", "up to 3.12", "a frozen list", "platforms"],
)
def test_bounds_and_platforms_stay(files: dict[str, str], bounds: str, platforms: int, tmp_path: Path) -> None:
    found = read(
        tmp_path, {**FILES, **files}, python="" if "Dockerfile" in files else "3.12.1" if "3.12" in bounds[:8] else "3.11.7"
    )

    assert (found.pythons.bounds, len(found.pythons.platforms)) == (bounds, platforms)


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-16-le with a mark"])
def test_texts_are_read_as_they_are_encoded(mark: str, tmp_path: Path) -> None:
    text = "fastapi\nhttpx; python_version < '3.13'\n"
    content = b"\xff\xfe" + text.encode("utf-16-le") if "mark" in mark else text.encode(mark)
    (tmp_path / "list").write_bytes(content)
    found = read(tmp_path / "service", {**FILES, "requirements.txt": content})

    assert read_text(tmp_path / "list") == text
    assert found.requirements.all == ["fastapi", "httpx; python_version < '3.13'"]
    assert found.requirements.odd == []


def test_an_exported_list_is_no_source_where_the_project_states_its_own(tmp_path: Path) -> None:
    project = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["fastapi"]\n'
    exported = "".join(f"package{number}==1.0\n" for number in range(40))

    assert read(tmp_path, {**FILES, "pyproject.toml": project, "requirements.txt": exported}).requirements.all == ["fastapi"]


def test_lists_are_read_with_what_they_include_and_setup_py_beside_them(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "-r requirements/prod.txt\n-c constraints.txt\n-e .\nhttpx ; sys_platform == 'linux'\n",
        "requirements/prod.txt": "-r base.txt\n",
        "requirements/base.txt": "fastapi>=0.100 # ours\n",
        "constraints.txt": "idna<4\n",
        "requirements-dev.txt": "pytest\n",
        "setup.py": "from setuptools import setup\n\nneeds = ['click>=8']\nsetup(name='orders', install_requires=needs)\n",
    }
    asked = read(tmp_path, {**FILES, **files}).requirements

    assert set(asked.all) == {"fastapi>=0.100", "httpx ; sys_platform == 'linux'", "click>=8"}
    assert asked.constraints == ["idna<4"]
    assert asked.groups == {"requirements-dev": ["pytest"]}


@pytest.mark.parametrize(
    ("files", "obstacle"),
    [
        ({"requirements.txt": "bottle\n", "environment.yml": "", "app/main.py": ""}, "not read: environment.yml"),
        ({"requirements.txt": "fastapi\n", "app/other.py": APP}, "there are 2 applications: app.main:app, app.other:app"),
        (
            {"pyproject.toml": OWN + 'requires-python = "<3.11"\ndependencies = ["fastapi"]\n'},
            "requires-python is <3.11",
        ),
        (
            {"pyproject.toml": OWN + 'dependencies = ["fastapi", "ours"]\n\n[tool.uv.sources]\nours = { workspace = true }\n'},
            "ours is a member of a workspace, and none around",
        ),
        (
            {"pyproject.toml": OWN + 'dependencies = ["fastapi", "ours"]\n\n[tool.uv.sources]\nours = { path = "../ours" }\n'},
            "ours is ../ours, which is neither a wheel nor a directory",
        ),
        ({"requirements.txt": "fastapi\n", "src/lockstep_tool/__init__.py": ""}, "a name of Lockstep's is taken"),
        ({"pyproject.toml": '[tool.uv.workspace]\nmembers = ["app"]\n'}, "it is the top of a workspace of app"),
    ],
    ids=["no framework", "two applications", "an older Python", "a member", "a directory", "a name", "a workspace"],
)
def test_what_stands_in_the_way_is_said_at_once(files: dict[str, str], obstacle: str, tmp_path: Path) -> None:
    found = read(tmp_path, {**FILES, **files}, python="")

    assert [what for what, _ in found.obstacles if obstacle in what]
    assert all(fix for _, fix in found.obstacles)


def test_links_submodules_and_missing_files_are_no_traceback(tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", {**FILES, "requirements.txt": "fastapi\n", "gone.py": "x = 1\n", "shared/a.txt": ""})
    (service.path / "app" / "shared").symlink_to("../shared")
    git(service.path, "add", "app/shared")
    git(service.path, "update-index", "--add", "--cacheinfo", f"160000,{'0' * 39}1,vendored")
    (service.path / "gone.py").unlink()

    found = read_existing(service.path, Choices(python="3.11.7"))

    assert found.here.links == ("app/shared",)
    assert found.here.submodules == ("vendored",)
    assert found.here.deleted == ("gone.py",)
    assert [what for what, _ in found.obstacles if "the link app/shared leads to ../shared" in what]


def test_the_list_that_the_image_installs_is_the_one_that_counts(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "fastapi\nblack\n",
        "requirements/docker.txt": "fastapi\nhttpx\n",
        "Dockerfile": "FROM python:3.11\nRUN pip install -r requirements/docker.txt\n",
    }

    asked = read(tmp_path, {**FILES, **files}).requirements

    assert asked.all == ["fastapi", "httpx"]
    assert asked.unread == ["requirements.txt"]


def test_a_service_that_is_under_lockstep_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="under Lockstep already"):
        read(tmp_path, {**FILES, ".lockstep/pyproject.toml": ""})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tool = 3\n", "tool is not a table"),
        ("[project]\ndependencies = 'fastapi'\n", "project.dependencies is not a list"),
        ("[dependency-groups]\ndev = 3\n", "dependency-groups.dev is not a list"),
        ("[tool.uv]\nindex = [3]\n", "tool.uv.index.0 is not a table"),
    ],
    ids=["tool", "dependencies", "a group", "an index"],
)
def test_a_pyproject_of_another_shape_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        read(tmp_path, {**FILES, "pyproject.toml": text})

    assert ("pyproject.toml", said) in caught.value.where


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", '{"default": 3, "develop": {"flask": 4}}'),
        ("uv.lock", "package = [3]\n"),
        ("poetry.lock", "package = 3\n"),
        ("setup.py", "print 'hello'\n"),
        ("setup.cfg", "[options\n"),
        ("compose.yaml", "services:\n  web: 3\n"),
        ("Dockerfile", "FROM\nCMD [\n"),
        ("Procfile", "web: gunicorn 'app\n"),
        ("gunicorn.conf.py", "workers = (\n"),
        ("pip.conf", "[global\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_no_traceback(name: str, text: str, tmp_path: Path) -> None:
    found = read(tmp_path, {**FILES, "requirements.txt": "fastapi\n", name: text})

    assert (found.framework, found.app) == ("fastapi", "app.main:app")


def test_a_name_without_a_letter_of_a_package_is_asked_for(tmp_path: Path) -> None:
    project = '[project]\nname = "ö ö"\nversion = "1"\ndependencies = ["fastapi"]\n'

    assert "Give one: `--name NAME`." in [fix for _, fix in read(tmp_path, {**FILES, "pyproject.toml": project}).obstacles]
