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

from conftest import committed
from history import NEW, OLD
from services import Service
from snapshot import Template, git

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


def existing(folder: Path, files: Mapping[str, str]) -> Service:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return committed(folder)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Service:
    return existing(tmp_path / request.param, SERVICES[request.param])


def adopt(template: Template, service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    """As the session calls it, from a clone with a commit."""
    sources = ("locks", "lockstep/serve/src", "lockstep/tool/src")
    return service.run(
        sys.executable,
        "-B",
        "-m",
        "adopting",
        str(service.path),
        f"--data=python={platform.python_version()}",
        *words,
        PYTHONPATH=os.pathsep.join(str(template.path / name) for name in sources),
    )


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
        ({"requirements.txt": "fastapi\n", "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}, "modules at the root"),
        (
            {**PLAIN_FASTAPI, "src/lockstep_serve/__init__.py": ""},
            "a name of Lockstep's is taken: src/lockstep_serve/__init__.py",
        ),
        ({**PLAIN_FASTAPI, "requirements.txt": "bottle\n"}, "neither FastAPI nor Flask nor Django"),
        ({**UV_SRC, "src/stock/worker.py": ""}, "a file is where Lockstep's has to be: src/stock/worker.py"),
    ],
    ids=["two applications", "no package", "a name", "another framework", "a file"],
)
def test_what_stands_in_the_way_is_named_and_nothing_is_written(
    files: Mapping[str, str], told: str, template: Template, tmp_path: Path
) -> None:
    service = existing(tmp_path / "orders", files)

    done = adopt(template, service, "--write", "--no-lock")

    assert done.returncode == 1
    assert told in done.stdout
    assert "Traceback" not in done.stdout
    assert git(service.path, "status", "--porcelain") == ""


def test_a_dirty_tree_is_refused(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    (service.path / "notes.txt").write_text("not committed\n")

    done = adopt(template, service, "--write")

    assert done.returncode == 1
    assert "There are changes that are not committed." in done.stdout
    assert not (service.path / "noxfile.py").exists()


def test_a_bad_name_and_a_folder_without_git_are_refused(template: Template, tmp_path: Path) -> None:
    service = existing(tmp_path / "orders", PLAIN_FASTAPI)
    bare = tmp_path / "bare"
    bare.mkdir()

    misnamed = adopt(template, service, "--name=Not A Name")
    outside = adopt(template, Service(bare, {}))

    assert misnamed.returncode == 1
    assert "The template has no such service." in misnamed.stdout
    assert outside.returncode == 1
    assert "Git does not know this service." in outside.stdout


def test_an_adopted_service_holds_what_a_new_one_holds(template: Template, tmp_path: Path) -> None:
    """Its lock is moved with what uv has kept of the index, or from there. The guide does the same with FastAPI."""
    service = existing(tmp_path / "shop", DJANGO)
    done = adopt(template, service, "--write")
    git(service.path, "commit", "--quiet", "--message", "Come under Lockstep")

    proved = service.nox("lock", "pins", "prove")

    assert done.returncode == 0, done.stdout
    assert proved.returncode == 0, proved.stdout
    assert "becomes ready" in proved.stdout


@pytest.mark.parametrize("name", ["poetry-flask", "uv-src"])
def test_an_adopted_service_follows_the_template_and_loses_no_line(history: Template, tmp_path: Path, name: str) -> None:
    two = Template(shutil.copytree(history.path, tmp_path / "template", symlinks=True))
    git(two.path, "checkout", "--quiet", "v0.1.0")
    service = existing(tmp_path / name, SERVICES[name])
    adopted = adopt(two, service, "--write")
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
