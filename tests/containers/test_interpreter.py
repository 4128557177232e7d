"""The interpreter's archive is a function of the interpreter, and uv installs it, and nothing else in its name."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .archive import sha256_of
from .engine import Engine
from .interpreter import look_at, write_archive
from .offered import OfferedInterpreter


def uv(interpreter: OfferedInterpreter, tmp_path: Path, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run uv where only the offered interpreter is in its reach, installing below `tmp_path`."""
    scrubbed = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
    environment = {**scrubbed, **interpreter.environment, "UV_PYTHON_INSTALL_DIR": str(tmp_path / "python"), **changes}
    return subprocess.run(["uv", *command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_made_twice_it_has_the_same_bytes(interpreter: OfferedInterpreter, tmp_path: Path) -> None:
    again = write_archive(look_at(Path(sys.executable)), tmp_path)

    assert sha256_of(again) == sha256_of(interpreter.archive)


def test_uv_installs_it_on_this_machine(interpreter: OfferedInterpreter, tmp_path: Path) -> None:
    installed = uv(interpreter, tmp_path, "python", "install", interpreter.version)
    found = uv(interpreter, tmp_path, "python", "find", "--no-python-downloads", interpreter.version).stdout.strip()

    assert installed.returncode == 0, installed.stderr
    assert Path(found).is_relative_to(tmp_path / "python")
    said = subprocess.run(
        [found, "-I", "-c", "import ssl, sqlite3, sys; print(sys.version)"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == sys.version


def test_uv_fetches_it_over_the_loopback_interface(interpreter: OfferedInterpreter, tmp_path: Path) -> None:
    installed = uv(
        interpreter,
        tmp_path,
        "python",
        "install",
        interpreter.version,
        UV_PYTHON_DOWNLOADS_JSON_URL=interpreter.downloads_url,
    )

    assert installed.returncode == 0, installed.stderr


def test_uv_refuses_it_under_another_hash(interpreter: OfferedInterpreter, tmp_path: Path) -> None:
    forged = tmp_path / "downloads.json"
    forged.write_text(interpreter.downloads_json.read_text().replace(sha256_of(interpreter.archive), "0" * 64))
    refused = uv(interpreter, tmp_path, "python", "install", interpreter.version, UV_PYTHON_DOWNLOADS_JSON_URL=str(forged))

    assert refused.returncode != 0
    assert "Hash mismatch" in refused.stderr


def test_uv_refuses_another_build_of_the_same_version(interpreter: OfferedInterpreter, tmp_path: Path) -> None:
    refused = uv(interpreter, tmp_path, "python", "install", interpreter.version, UV_PYTHON_CPYTHON_BUILD="another")

    assert refused.returncode != 0


def test_it_runs_on_the_runtime_base(
    engine: Engine, bases: Mapping[str, str], interpreter: OfferedInterpreter, tmp_path: Path
) -> None:
    installed = uv(interpreter, tmp_path, "python", "install", interpreter.version)
    assert installed.returncode == 0, installed.stderr
    python = f"/python/cpython-{interpreter.version}-linux-{os.uname().machine}-gnu/bin/python3"
    volume = f"{tmp_path / 'python'}:/python:ro"
    code = "import bz2, ctypes, lzma, sqlite3, ssl, sys, zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin'); print(sys.version)"
    said = engine("run", "--rm", "--network", "none", "--volume", volume, bases["RUNTIME_IMAGE"], python, "-I", "-c", code)

    assert said.strip() == sys.version
