"""An existing service comes under Lockstep without losing a line, and one command takes it back."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from existing_services import existing
from history import NEW, OLD
from services import Service
from snapshot import REPOSITORY, Template, git

CI = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pip install -r requirements.txt\n"

# Services as people have them, none made by the template.
PLAIN_FASTAPI = {
    "requirements.txt": "# what we need\nfastapi>=0.100\nuvicorn\n\nhttpx  # asks the warehouse\n",
    "app/__init__.py": "",
    "app/main.py": "from fastapi import FastAPI\n\nfrom app.orders import router\n\n"
    "app = FastAPI()\napp.include_router(router)\n",
    "app/orders.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
    '@router.get("/orders")\ndef orders() -> list[str]:\n    return ["one"]\n',
    "README.md": "# Orders\n\nOurs.\n",
    ".gitignore": "*.sqlite3\n.secret\n",
}
POETRY_FLASK = {
    "pyproject.toml": '[tool.poetry]\nname = "Invoices"\nversion = "2.3.0"\ndescription = "Sends invoices."\n\n'
    '[tool.poetry.dependencies]\npython = "^3.9"\nflask = "^3.0"\nredis = {extras = ["hiredis"], version = ">=5"}\n\n'
    '[tool.poetry.group.dev.dependencies]\nblack = "*"\n\n[tool.black]\nline-length = 99\n\n'
    '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
    "poetry.lock": '[[package]]\nname = "flask"\nversion = "3.0.0"\n',
    "invoices/__init__.py": "from flask import Flask\n\n\ndef create_app() -> Flask:\n    app = Flask(__name__)\n"
    '    app.add_url_rule("/invoices", view_func=lambda: "none")\n    return app\n',
}
DJANGO = {
    "requirements.txt": "Django>=5\n",
    "manage.py": "import os\nimport sys\n\nfrom django.core.management import execute_from_command_line\n\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\nexecute_from_command_line(sys.argv)\n',
    "shop/__init__.py": "",
    "shop/settings.py": 'SECRET_KEY = "for tests"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\n'
    'INSTALLED_APPS = ["basket"]\nUSE_TZ = True\nTIME_ZONE = "UTC"\n',
    "shop/urls.py": 'from basket.views import count\nfrom django.urls import path\n\nurlpatterns = [path("basket", count)]\n',
    "shop/wsgi.py": "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\napplication = get_wsgi_application()\n',
    "basket/__init__.py": "",
    "basket/views.py": "from django.http import HttpRequest, HttpResponse\n\n\n"
    'def count(_: HttpRequest) -> HttpResponse:\n    return HttpResponse("0")\n',
}
# Views that take their page from a folder at the top, which the settings find by their own place.
PAGES = {
    "shop/settings.py": "from pathlib import Path\n\nBASE_DIR = Path(__file__).resolve().parent.parent\n"
    'SECRET_KEY = "for tests"\nROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\nINSTALLED_APPS = ["basket"]\nUSE_TZ = True\n'
    'TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}]\n',
    "shop/asgi.py": "from django.core.asgi import get_asgi_application\n\napplication = get_asgi_application()\n",
    "templates/basket/list.html": "<p>nothing</p>\n",
    "basket/views.py": "from django.http import HttpRequest, HttpResponse\nfrom django.shortcuts import render\n\n\n"
    'def count(request: HttpRequest) -> HttpResponse:\n    return render(request, "basket/list.html")\n',
}
# A path that opens a file at the top by its module's own place: no wheel has that.
READS_A_FILE = {
    "prices.txt": "1\n",
    "app/orders.py": "from pathlib import Path\n\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
    '@router.get("/price")\ndef price() -> str:\n    return (Path(__file__).parents[1] / "prices.txt").read_text()\n',
}
UV_SRC = {
    "pyproject.toml": '[project]\nname = "stock"\nversion = "1.0"\ndescription = "Counts."\nrequires-python = ">=3.11"\n'
    'authors = [{ name = "Us" }]\ndependencies = ["fastapi", "orjson>=3"]\n\n[project.scripts]\ncount = "stock.main:app"\n\n'
    '[dependency-groups]\ndev = ["pytest"]\nload = ["locust"]\n\n[tool.coverage.run]\nbranch = true\n',
    "uv.lock": "version = 1\n",
    "src/stock/__init__.py": '"""Stock."""\n',
    "src/stock/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
}
WITH_ITS_OWN = {
    **PLAIN_FASTAPI,
    "Dockerfile": "FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\nCMD uvicorn app.main:app\n",
    ".dockerignore": ".git\n",
    "docker-compose.yml": "services:\n  web:\n    build: .\n",
    ".github/workflows/ci.yml": CI,
    ".python-version": "3.12\n",
    "noxfile.py": "import nox\n\n\n@nox.session\ndef ours(session: nox.Session) -> None:\n    session.log('ours')\n",
}
SERVICES = {
    "plain-fastapi": PLAIN_FASTAPI,
    "poetry-flask": POETRY_FLASK,
    "shop": DJANGO,
    "uv-src": UV_SRC,
    "with-its-own": WITH_ITS_OWN,
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Service:
    return existing(tmp_path / request.param, SERVICES[request.param])


def adopt(template: Template, service: Service, *words: str, tool: str = "") -> subprocess.CompletedProcess[str]:
    """As the session calls it, from a clone with a commit; the tool is that of these tests, or the one below `tool`."""
    command = [sys.executable, "-m", "adopting", str(service.path), f"--data=python={platform.python_version()}", *words]
    return service.run(*command, PYTHONPATH=os.pathsep.join([str(template.path / "locks"), *filter(None, [tool])]))


@pytest.mark.parametrize("name", ["plain-fastapi", "with-its-own"])
def test_the_report_writes_nothing(template: Template, name: str, tmp_path: Path) -> None:
    service = existing(tmp_path / name, SERVICES[name])

    done = adopt(template, service)

    assert done.returncode == 0, done.stdout
    assert "comes under Lockstep" in done.stdout
    assert "Nothing was written." in done.stdout
    assert git(service.path, "status", "--porcelain", "--ignored") == ""


def test_no_line_is_lost_and_one_command_takes_it_back(template: Template, service: Service) -> None:
    (service.path / ".git" / "info" / "exclude").write_text("kept\n")
    (service.path / "kept").write_text("ignored, and nobody's business\n")
    before = {name: (service.path / name).read_bytes() for name in git(service.path, "ls-files").splitlines()}

    done = adopt(template, service, "--write", "--no-lock")
    after = {name: (service.path / name).read_bytes() for name in git(service.path, "ls-files").splitlines()}
    [command] = [line.rpartition(": ")[2] for line in done.stdout.splitlines() if "takes everything back" in line]
    service.run(*command.split())

    assert done.returncode == 0, done.stdout
    assert tomllib.loads(after["pyproject.toml"].decode())["project"]["entry-points"]["lockstep_serve"]["adopted"]
    assert not [name for name, text in before.items() if name != ".gitignore" and text not in after.values()]
    assert set(before.get(".gitignore", b"").splitlines()) <= set(after[".gitignore"].splitlines())
    assert git(service.path, "status", "--porcelain") == ""
    assert {name: (service.path / name).read_bytes() for name in before} == before
    assert not (service.path / ".lockstep").exists()
    assert (service.path / "kept").exists()


def test_what_has_a_file_of_the_same_name_is_kept_beside(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "with-its-own", WITH_ITS_OWN)

    done = adopt(template, service, "--write", "--no-lock")

    assert done.returncode == 0, done.stdout
    for name in ("Dockerfile", ".dockerignore", ".python-version", "noxfile.py", "requirements.txt"):
        assert (service.path / f"{name}.before-lockstep").read_text() == WITH_ITS_OWN[name]
        assert f"{name}.before-lockstep" in done.stdout
    assert (service.path / ".github" / "workflows" / "ci.yml").read_text() == CI
    assert (service.path / ".github" / "workflows" / "lockstep.yml").exists()
    assert "stays, and still says its own: docker-compose.yml" in done.stdout


def test_words_of_other_tools_become_requirements(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "poetry-flask", POETRY_FLASK)

    done = adopt(template, service, "--write", "--no-lock")
    text = (service.path / "pyproject.toml").read_text()

    assert done.returncode == 0, done.stdout
    assert '    "flask>=3.0,<4",\n' in text
    assert '    "redis[hiredis]>=5",\n' in text
    assert 'version = "2.3.0"' in text
    assert "[tool.black]\nline-length = 99" in text
    assert 'team-dev = ["black"]' in text
    assert 'adopted = "invoices:create_app"' in text


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({**PLAIN_FASTAPI, "app/other.py": "from fastapi import FastAPI\nother = FastAPI()\n"}, "there are 2 applications"),
        (
            {**PLAIN_FASTAPI, "src/lockstep_serve/__init__.py": ""},
            "a name of Lockstep's is taken: src/lockstep_serve/__init__.py",
        ),
        (
            {"requirements.txt": "bottle\n", "app/__init__.py": "import bottle\n"},
            "none of FastAPI, Flask and Django was found (read: requirements.txt with 1 requirements)",
        ),
        ({**UV_SRC, "src/stock/adopted.py": ""}, "a file is where Lockstep's has to be: src/stock/adopted.py"),
        ({**PLAIN_FASTAPI, "requirements.txt": "fastapi\nno-such-package-of-ours==1.2\n"}, "uv cannot lock"),
    ],
    ids=["two applications", "a name", "another framework", "a file", "no lock"],
)
def test_what_stands_in_the_way_is_named_and_nothing_is_written(
    files: Mapping[str, str], told: str, template: Template, tmp_path: Path
) -> None:
    service = existing(tmp_path / "orders", files)

    reported = adopt(template, service)
    done = adopt(template, service, "--write")

    assert (reported.returncode, done.returncode) == (1, 1)
    assert told in reported.stdout
    assert told in done.stdout
    assert "Traceback" not in done.stdout
    assert git(service.path, "status", "--porcelain") == ""


def test_a_dirty_tree_is_refused(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    (service.path / "notes.txt").write_text("not committed\n")

    reported = adopt(template, service, "--no-lock")
    done = adopt(template, service, "--write")

    assert (reported.returncode, done.returncode) == (1, 1)
    assert "not committed: notes.txt" in reported.stdout
    assert "There are changes that are not committed." in done.stdout
    assert not (service.path / "noxfile.py").exists()


def test_a_bad_name_and_a_folder_without_git_are_refused(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    bare = tmp_path / "bare"
    bare.mkdir()

    misnamed = adopt(template, service, "--name=Not A Name")
    outside = adopt(template, Service(bare, {}))

    assert misnamed.returncode == 1
    assert "A service's name is lower-case words joined by hyphens." in misnamed.stdout
    assert outside.returncode == 1
    assert "Git does not know this service." in outside.stdout


def test_django_serves_its_pages_as_before_and_an_edit_of_any_package_is_served(template: Template, tmp_path: Path) -> None:
    """With its templates beside the packages, and both interfaces; the guide does the same with FastAPI."""
    service = existing(tmp_path / "shop", {**DJANGO, **PAGES})
    done = adopt(template, service, "--write")
    assert done.returncode == 0, done.stdout
    git(service.path, "commit", "--quiet", "--message", "Come under Lockstep")
    service.edit("src/basket/views.py", '"basket/list.html"', '"basket/gone.html"')
    proved = service.nox("prove")

    assert "GET /basket answers 200, as before" in done.stdout
    assert "it puts its process into the time zone America/Chicago" in done.stdout  # Django's, where no TIME_ZONE is stated
    assert 'time-zone = "America/Chicago"' in (service.path / "pyproject.toml").read_text()
    assert "gunicorn-gthread" in done.stdout
    assert [f"✓ {session}" in done.stdout for session in ("lock", "pins", "prove", "parity")] == [True] * 4
    assert proved.returncode == 1
    assert "GET /basket answered 500" in proved.stdout


def test_what_answered_before_and_fails_now_takes_everything_back(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", {**PLAIN_FASTAPI, **READS_A_FILE})

    done = adopt(template, service, "--write")

    assert done.returncode == 1
    assert "GET /price  " in done.stdout
    assert "200 before, 500 now" in done.stdout
    assert "Everything was taken back." in done.stdout
    assert git(service.path, "status", "--porcelain", "--ignored") == ""


def test_a_folder_that_the_application_makes_in_its_environment_is_named(template: Template, tmp_path: Path) -> None:
    """Flask's instance folder, which lies there as soon as the application is installed."""
    makes = "import os\n\nfrom flask import Flask\n\napp = Flask(__name__, instance_relative_config=True)\n"
    makes += 'os.makedirs(app.instance_path, exist_ok=True)\n\n\n@app.get("/")\ndef show() -> str:\n    return "1"\n'
    service = existing(tmp_path / "orders", {"requirements.txt": "flask\n", "orders/__init__.py": makes})

    done = adopt(template, service, "--write")

    assert done.returncode == 1
    assert "var/orders-instance   is made by the application" in done.stdout
    assert "instance_path" in done.stdout
    assert "Everything was taken back." in done.stdout


def test_versions_that_are_locked_stay_and_the_others_are_listed(template: Template, tmp_path: Path) -> None:
    lock = '[[package]]\nname = "werkzeug"\nversion = "3.0.6"\n\n[[package]]\nname = "flask"\nversion = "3.0.3"\n\n'
    lock += '[[package]]\nname = "click"\nversion = "7.0"\n'
    service = existing(tmp_path / "invoices", {**POETRY_FLASK, "poetry.lock": lock})

    done = adopt(template, service, "--write", "--without-proofs")
    packages = tomllib.loads((service.path / "uv.lock").read_text())["package"]
    locked = {package["name"]: package.get("version") for package in packages}

    assert done.returncode == 0, done.stdout
    assert (locked["flask"], locked["werkzeug"]) == ("3.0.3", "3.0.6")
    assert f"click 7.0 → {locked['click']}   (poetry.lock)" in done.stdout


def test_settings_of_the_teams_tools_stay(template: Template, tmp_path: Path) -> None:
    tools = "[tool.ruff]\nline-length = 60\n\n[tool.mypy]\nstrict = false\n\n[tool.pytest.ini_options]\naddopts = ['-q']\n"
    groups = '[dependency-groups]\ntests = ["pytest>=8,<9"]\ndev = [{ include-group = "tests" }, "black"]\n\n'
    project = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["fastapi"]\n\n'
    service = existing(tmp_path / "orders", {**PLAIN_FASTAPI, "pyproject.toml": project + groups + tools})

    done = adopt(template, service, "--write", "--no-lock")
    written = tomllib.loads((service.path / "pyproject.toml").read_text())

    assert done.returncode == 0, done.stdout
    assert not (service.path / "ruff.toml").exists()
    assert written["tool"]["ruff"] == {"line-length": 60}
    assert written["tool"]["mypy"] == {"strict": False, "mypy_path": "src", "files": ["src", "tests"]}
    assert written["tool"]["pytest"]["ini_options"] == {"addopts": ["-q"]}
    assert written["dependency-groups"]["team-dev"] == [{"include-group": "team-tests"}, "black"]
    assert "pytest" in written["dependency-groups"]["tests"]


def tool_of(template: Template, folder: Path) -> str:
    """The tool that knows the files of the version that is checked out."""
    shutil.copytree(REPOSITORY / "lockstep" / "tool" / "src", folder, ignore=shutil.ignore_patterns("__pycache__"))
    told = [sys.executable, "-c", "import wheels; print(wheels.carried_files(), end='')"]
    done = subprocess.run(told, cwd=template.path / "locks", capture_output=True, text=True, check=True)
    (folder / "lockstep_tool" / "files" / "template.json").write_text(done.stdout)
    return str(folder)


@pytest.mark.parametrize("name", ["poetry-flask", "uv-src"])
def test_an_adopted_service_follows_the_template_and_loses_no_line(history: Template, tmp_path: Path, name: str) -> None:
    two = Template(shutil.copytree(history.path, tmp_path / "template", symlinks=True))
    git(two.path, "checkout", "--quiet", "v0.1.0")
    service = existing(tmp_path / name, SERVICES[name])
    adopted = adopt(two, service, "--write", "--without-proofs", tool=tool_of(two, tmp_path / "tool"))
    git(service.path, "commit", "--quiet", "--message", "Come under Lockstep")
    before = {path: (service.path / path).read_text() for path in SERVICES[name] if (service.path / path).exists()}

    git(two.path, "checkout", "--quiet", "v0.2.0")
    done = service.lockstep("update", "--without-proofs")
    after = {path: (service.path / path).read_text() for path in before}
    was, now = (tomllib.loads(text.get("pyproject.toml", "")) for text in (before, after))

    assert adopted.returncode == 0, adopted.stdout
    assert done.returncode == 0, done.stdout
    assert (service.path / NEW).exists()
    assert not (service.path / OLD).exists()
    assert service.lockstep("lock").returncode == 0
    assert {path for path in before if after[path] != before[path]} <= {"pyproject.toml", "uv.lock"}
    assert {*names(was)} <= {*names(now)}
    assert was.get("tool", {}).keys() <= now.get("tool", {}).keys()


def names(project: Mapping[str, Any]) -> list[str]:
    """What the project asks for, without the versions."""
    return [re.split(r"[^\w.-]", one)[0] for one in project.get("project", {}).get("dependencies", [])]
