"""An environment is equal to the lock and the source, whoever else makes one; what keeps it from that is named."""

import io
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool import sync
from small_service import make_wheel

WHEEL = ".lockstep/lockstep_serve-1.0.0.dev0-py3-none-any.whl"
PROJECT = f"""\
[project]
name = "small"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["lockstep-serve"]

[project.entry-points.lockstep_serve]
app = "small.app:create_app"

[build-system]
requires = ["uv_build>=0.13.9,<0.14"]
build-backend = "uv_build"

[tool.uv.sources]
lockstep-serve = {{ path = "{WHEEL}" }}
"""
SAY = "import small.app, lockstep_serve; print(small.app.SAID, lockstep_serve.NAME)"
SESSION = f"""
import subprocess, sys
from pathlib import Path
from lockstep_tool import sync

for name in ("production", "dev"):
    python = sync.production(Path.cwd()) if name == "production" else sync.sync(Path.cwd(), name)
    subprocess.run([python, "-c", {SAY!r}], check=True)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service whose lock needs no network."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    sync.make.cache_clear()
    root = tmp_path / "service"
    make_wheel(root / ".lockstep", "lockstep-serve", "1.0.0.dev0", 'NAME = "lockstep-serve"\n')
    files = {
        "pyproject.toml": PROJECT,
        "uv.toml": 'required-version = ">=0.13.9,<0.14"\n',
        ".python-version": f"{platform.python_version()}\n",
        "src/small/__init__.py": "",
        "src/small/app.py": 'SAID = "one"\n',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["uv", "lock", "--quiet", "--project", str(root)], check=True)
    return root


def say(python: Path) -> str:
    """What is installed there says."""
    return subprocess.run([python, "-c", SAY], capture_output=True, text=True, check=True).stdout.strip()


def test_production_has_the_service_as_a_wheel_and_dev_has_the_checkout(root: Path) -> None:
    production, dev = sync.production(root), sync.sync(root, "dev")

    assert [say(production), say(dev)] == ["one lockstep-serve"] * 2
    assert list(production.parents[1].glob("lib/*/site-packages/small/app.py"))
    assert not list(dev.parents[1].glob("lib/*/site-packages/small"))


@pytest.mark.parametrize(
    "variable",
    [
        "UV_NO_INSTALL_PROJECT=1",
        "UV_NO_INSTALL_WORKSPACE=1",
        "UV_NO_INSTALL_LOCAL=1",
        "UV_NO_INSTALL_PACKAGE=lockstep-serve",
        "UV_ONLY_INSTALL_PROJECT=1",
        "UV_ONLY_INSTALL_LOCAL=1",
        "UV_NO_BINARY_PACKAGE=lockstep-serve",
        "UV_NO_BUILD=1",
        "UV_NO_BUILD_PACKAGE=small",
        "UV_NO_SOURCES_PACKAGE=lockstep-serve",
        "UV_LINK_MODE=symlink",
    ],
)
def test_no_variable_of_uv_moves_what_is_installed(root: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(*variable.split("="))
    python = sync.production(root)

    assert say(python) == "one lockstep-serve"
    assert not [path for path in python.parents[1].glob("lib/python*/site-packages/**/*") if path.is_symlink()]


def test_a_source_that_changed_is_installed_anew(root: Path) -> None:
    sync.production(root)
    (root / "src/small/app.py").write_text('SAID = "two"\n', encoding="utf-8")

    assert say(sync.production(root)) == "two lockstep-serve"


def test_a_package_that_nobody_locked_is_removed_again(root: Path) -> None:
    python = sync.production(root)
    site = next(python.parents[1].glob("lib/*/site-packages"))
    with zipfile.ZipFile(make_wheel(root, "stranger", "1", "")) as wheel:
        wheel.extractall(site)
        (site / "stranger-1.dist-info/RECORD").write_text("".join(f"{name},,\n" for name in wheel.namelist()), encoding="utf-8")
    sync.make.cache_clear()  # as the next session has it
    sync.production(root)

    assert not (site / "stranger-1.dist-info").exists()


def test_it_is_made_once_in_a_session_and_not_touched_while_others_use_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync.production(root)
    calls: list[list[str]] = []
    run = sync.run_uv
    monkeypatch.setattr(sync, "run_uv", lambda *given: (calls.append(list(given[2])), run(*given))[1])
    sync.production(root)
    assert calls == []
    sync.make.cache_clear()
    sync.production(root)
    assert calls == [["--check", "--no-editable"]]


def other_bytes(good: bytes) -> bytes:
    """The same wheel with one file more."""
    file = io.BytesIO(good)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("evil.py", "")
    return file.getvalue()


DAMAGES = {
    "missing": lambda _: None,
    "truncated": lambda good: good[:100],
    "empty": lambda _: b"",
    "changed": other_bytes,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_wheel_that_is_not_the_locked_one_is_named(root: Path, damage: str) -> None:
    wheel = root / WHEEL
    content = DAMAGES[damage](wheel.read_bytes())
    wheel.unlink() if content is None else wheel.write_bytes(content)
    with pytest.raises(Refusal) as caught:
        sync.production(root)

    said = str(caught.value)
    assert f"{WHEEL} " in said
    assert "git checkout -- .lockstep" in said
    assert caught.value.code == 1


def test_a_wheel_of_another_version_is_named_and_not_locked(root: Path) -> None:
    (root / WHEEL).unlink()
    shutil.move(make_wheel(root / "other", "lockstep-serve", "2.0", ""), root / WHEEL)
    with pytest.raises(Refusal) as caught:
        sync.production(root)

    assert "git checkout -- .lockstep" in str(caught.value)


def test_a_lock_that_does_not_answer_the_project_is_named(root: Path) -> None:
    project = root / "pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8").replace(">=3.11", ">=3.11,<4"), encoding="utf-8")
    with pytest.raises(Refusal, match=r"uv\.lock does not answer pyproject\.toml"):
        sync.production(root)


def test_sessions_that_start_together_without_any_environment_all_succeed(root: Path) -> None:
    for _ in range(3):
        shutil.rmtree(root / ".nox", ignore_errors=True)
        command = [sys.executable, "-c", SESSION]
        sessions = [
            subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
            for _ in range(3)
        ]
        said = [session.communicate()[0] for session in sessions]

        assert [session.returncode for session in sessions] == [0, 0, 0], said
        assert all(text.count("one lockstep-serve") == 2 for text in said), said
