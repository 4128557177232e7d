"""What production loads of Lockstep stays small enough to read, whichever the server model."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lockstep_serve
from running import Running
from services import MODELS, make_service

SOURCES = Path(lockstep_serve.__file__).parent
FILES = sorted(SOURCES.rglob("*.py"))
MODULES, LINES = 60, 4842  # at most, in all
LOADED, LOADED_LINES = 29, 2645  # at most, in the process that answered a request


def lines_of(files: list[Path]) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def loaded(server: Running) -> list[Path]:
    """The files of Lockstep that the answering process loaded, the command itself included."""
    assert server.get("/hello/Ada")[0] == 200
    return sorted({Path(file) for file in json.loads(server.body("/modules")).values()})


def test_the_whole_is_small() -> None:
    assert len(FILES) <= MODULES
    assert lines_of(FILES) <= LINES


def test_the_readme_says_how_small() -> None:
    said = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")

    assert f"at most {MODULES} modules and {LINES:,} lines" in said
    assert f"at most {LOADED} of them and {LOADED_LINES:,} lines" in said


def test_what_serves_is_small(production: Running) -> None:
    files = loaded(production)

    assert len(files) <= LOADED, files
    assert lines_of(files) <= LOADED_LINES


@pytest.mark.parametrize("model", ["gunicorn-uvicorn", "gunicorn-gthread"])
def test_metrics_add_one_module(model: str, tmp_path: Path) -> None:
    """The models that load most, one for each interface; the command itself, `__main__`, is not counted here."""
    service = make_service(tmp_path, model, "worker", "metrics")
    with service.serving(LOCKSTEP_PROVE="", WEB_CONCURRENCY="auto") as server:
        files = [file for file in loaded(server) if file.name != "__main__.py"]
        server.stop()

    assert "metrics_directory.py" in {file.name for file in files}
    assert len(files) <= LOADED, files
    assert lines_of(files) <= LOADED_LINES, {file.name: lines_of([file]) for file in files}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCES).as_posix())
def test_production_imports_the_standard_library_itself_and_servers(file: Path) -> None:
    allowed = {*sys.stdlib_module_names, "lockstep_serve"}
    if file.parent.name in {"on_gunicorn", "on_uvicorn"}:
        allowed |= {"gevent", "gunicorn", "uvicorn", "uvicorn_worker"}
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]

    assert {name.partition(".")[0] for name in names} <= allowed


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import lockstep_serve", {"hashlib", "importlib.metadata", "json", "logging", "socket", "lockstep_serve.definition"}),
        ("from lockstep_serve import health", {"logging.config", "importlib.metadata", "http.client", "email", "traceback"}),
        (
            f"from lockstep_serve.models import find_model as f\nfor n in {MODELS}: f(n)",
            {"gunicorn", "uvicorn", "gevent", "uvloop"},
        ),
    ],
    ids=["the public names", "health", "models"],
)
def test_what_is_cheap_stays_cheap(statement: str, unwanted: set[str]) -> None:
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert not unwanted & set(done.stdout.split())
