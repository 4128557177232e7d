"""Parity names each thing that is wrong in a place, under its facet, and nothing on a good place."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services import Service

NO_ENGINE = {"LOCKSTEP_ENGINE": "no-such-engine"}
WARNINGS = {"uv settings", "process"}
SETTINGS = {"PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}


@pytest.fixture(scope="module")
def place(flask: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with its production set built."""
    service = flask.copy(tmp_path_factory.mktemp("place") / "service")
    done = service.lockstep("parity", **NO_ENGINE)
    assert "0 differences matter" in done.stdout, done.stdout
    return service


@contextmanager
def restored(*files: Path) -> Iterator[None]:
    """Put the files back as they were, or take them away again."""
    before = {file: file.read_bytes() if file.exists() else None for file in files}
    try:
        yield
    finally:
        for file, content in before.items():
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(content)


def facets(service: Service, **settings: str) -> set[str]:
    """The facets that parity blames on this machine, after it has run."""
    done = service.lockstep("parity", **NO_ENGINE, **settings)
    found = {str(f["facet"]) for f in service.report()["findings"] if not f["allowed"] and not f["unseen"]}
    assert done.returncode == (1 if found - WARNINGS else 2), done.stdout
    assert "Traceback" not in done.stdout
    return found


def test_a_good_place_has_no_finding(place: Service) -> None:
    assert facets(place) == set()


def test_an_edited_module_is_named_under_bytes(place: Service) -> None:
    module = place.site_packages() / "flask" / "helpers.py"
    with restored(module):
        module.write_text(module.read_text() + "\nevil = True\n")

        assert facets(place) == {"bytes"}
        assert "flask/helpers.py" in (place.path / ".lockstep" / "report.txt").read_text()


def test_an_edited_module_with_its_record_repaired_is_named_by_its_wheel(place: Service) -> None:
    site = place.site_packages()
    module, [record] = site / "flask" / "helpers.py", site.glob("flask-*.dist-info/RECORD")
    with restored(module, record):
        before = base64.urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest()).rstrip(b"=").decode()
        module.write_text(module.read_text() + "\nevil = True\n")
        after = base64.urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest()).rstrip(b"=").decode()
        assert before in record.read_text()
        record.write_text(record.read_text().replace(before, after))

        assert facets(place) == {"bytes"}
        assert "not what the locked wheel installs: flask/helpers.py" in (place.path / ".lockstep" / "report.txt").read_text()


def test_a_need_that_was_slipped_into_the_lock_is_named_where_git_has_no_past(place: Service, tmp_path: Path) -> None:
    poisoned = place.copy(tmp_path / "poisoned")
    shutil.rmtree(poisoned.path / ".git")
    edge = r'(name = "flask"\nversion(?:.|\n)*?dependencies = \[\n)'
    poisoned.substitute("uv.lock", edge, r'\1    { name = "iniconfig" },\n')

    assert poisoned.lockstep("lock").returncode == 0
    assert facets(poisoned) == {"packages"}
    assert "iniconfig is there because uv.lock says that flask needs it" in (poisoned.path / ".lockstep/report.txt").read_text()


def test_a_deleted_module_is_named_under_bytes(place: Service) -> None:
    module = place.site_packages() / "flask" / "views.py"
    with restored(module):
        module.unlink()

        assert facets(place) == {"bytes"}


@pytest.mark.parametrize("name", ["evil.pth", "flask/evil.py", "sitecustomize.py"])
def test_a_file_that_nobody_owns_is_named_under_strays(place: Service, name: str) -> None:
    stray = place.site_packages() / name
    with restored(stray):
        stray.write_text("")

        assert facets(place) == {"strays"}
        assert name in (place.path / ".lockstep" / "report.txt").read_text()


def test_tampered_byte_code_is_named(place: Service) -> None:
    source = place.site_packages() / "flask" / "views.py"
    place.production("-c", "import flask.views", PYTHONDONTWRITEBYTECODE="")
    [compiled] = (source.parent / "__pycache__").glob("views.*.pyc")
    with restored(compiled):
        content = bytearray(compiled.read_bytes())
        content[8] ^= 1
        compiled.write_bytes(content)

        assert facets(place) == {"byte code"}


def test_an_edited_service_is_built_again_from_the_checkout(place: Service) -> None:
    module = place.site_packages() / place.package().name / "app.py"
    module.write_text(module.read_text() + "\nevil = True\n")

    assert facets(place) == set()
    assert module.read_text() == (place.package() / "app.py").read_text()


@pytest.mark.parametrize("variable", ["PYTHONPATH", "LD_LIBRARY_PATH", "GUNICORN_CMD_ARGS"])
def test_a_variable_that_reaches_in_is_named_under_ambient(place: Service, variable: str, tmp_path: Path) -> None:
    assert facets(place, **{variable: str(tmp_path)}) == {"ambient"}


def test_a_directory_that_a_stray_file_adds_is_named_too(place: Service, tmp_path: Path) -> None:
    stray = place.site_packages() / "more.pth"
    with restored(stray):
        stray.write_text(f"{tmp_path}\n")

        assert facets(place) == {"strays", "search path"}
        assert str(tmp_path) in (place.path / ".lockstep" / "report.txt").read_text()


def test_an_edit_through_a_hard_link_names_the_cache_in_its_fix(place: Service, tmp_path: Path) -> None:
    module = place.site_packages() / "werkzeug" / "debug" / "console.py"
    with restored(module):
        content = module.read_bytes() + b"\nevil = True\n"
        module.unlink()
        (tmp_path / "in the cache").write_bytes(content)
        os.link(tmp_path / "in the cache", module)

        assert facets(place) == {"bytes"}
        assert "fix:        uv cache clean werkzeug && rm -rf" in (place.path / ".lockstep" / "report.txt").read_text()


def test_another_time_zone_is_allowed_on_a_laptop_and_not_in_ci(place: Service) -> None:
    assert facets(place, CI="", TZ="Asia/Tokyo") == set()
    assert facets(place, CI="true", TZ="Asia/Tokyo") == {"time"}


def test_settings_of_uv_that_could_move_it_are_warned_of(place: Service, tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('resolution = "lowest"\nlink-mode = "copy"\n')
    found = facets(place, XDG_CONFIG_HOME=str(tmp_path), UV_EXCLUDE_NEWER="2030-01-01")
    report = (place.path / ".lockstep" / "report.txt").read_text()

    assert found == {"uv settings"}
    assert "! uv settings" in report
    assert "UV_EXCLUDE_NEWER" in report
    assert f"resolution in {tmp_path}" in report
    assert "0 differences matter" in report


@pytest.mark.parametrize(
    ("variable", "below"), [("XDG_CONFIG_DIRS", "uv/uv.toml"), ("UV_CONFIG_FILE", "")], ids=["of the machine", "named"]
)
def test_settings_of_uv_are_warned_of_wherever_uv_reads_them(place: Service, tmp_path: Path, variable: str, below: str) -> None:
    file = tmp_path / "uv" / "uv.toml"
    file.parent.mkdir()
    file.write_text('resolution = "lowest"\n')
    place.lockstep("parity", **NO_ENGINE, **{variable: str(tmp_path if below else file), "UV_NO_SYSTEM_CONFIG": ""})

    assert f"resolution in {file}" in (place.path / ".lockstep" / "report.txt").read_text()


def test_another_uv_than_the_stated_one_is_named(place: Service, tmp_path: Path) -> None:
    fake = tmp_path / "uv"
    fake.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "uv 0.13.10" && exit\nexec {shutil.which("uv")} "$@"\n')
    fake.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    assert facets(place, CI="true", PATH=path) == {"tools"}
    assert facets(place, CI="", PATH=path) == set()


def test_a_command_reaches_a_place_and_what_it_cannot_reach_is_said(place: Service) -> None:
    python = place.path / ".nox" / "production" / "bin" / "python"
    reached = place.lockstep("parity", "env", "PYTHONSAFEPATH=1", "PYTHONUTF8=1", str(python), **SETTINGS)
    nowhere = place.lockstep("parity", f"env {python}-that-is-not-there")
    gone = place.lockstep("parity", "container:no-such-container", **NO_ENGINE)

    assert reached.returncode == 0, reached.stdout
    assert "env-PYTHONSAFEPATH=1" in reached.stdout
    assert nowhere.returncode == 2
    assert "cannot be looked into" in nowhere.stdout
    assert gone.returncode == 2
    assert "no container engine" in gone.stdout
    assert "Traceback" not in nowhere.stdout + gone.stdout


def test_a_kept_fingerprint_says_what_changed_since(flask: Service, place: Service, tmp_path: Path) -> None:
    kept = tmp_path / "release.json"
    assert place.lockstep("fingerprint", str(kept)).returncode == 0
    later = flask.copy(tmp_path / "later")
    later.edit(f"src/{later.package().name}/server.toml", "drain = ", "drain = 1")
    document = json.loads(kept.read_text())
    document["promise"]["uv.lock"] = "0" * 64
    document["packages"]["flask"] = "2.0.0"
    kept.write_text(json.dumps(document))
    done = later.lockstep("parity", str(kept))
    only = later.lockstep("parity", "--only", str(kept), str(kept))

    assert done.returncode == 1, done.stdout
    assert "flask 2.0.0 then" in done.stdout
    assert "server      release: drain = " in done.stdout
    assert "inputs " not in done.stdout
    assert only.returncode == 0, only.stdout


def test_a_hijacked_console_script_is_named_under_bytes(place: Service) -> None:
    script = place.path / ".nox" / "production" / "bin" / "flask"
    with restored(script):
        script.write_text(script.read_text() + "\nprint('evil')\n")

        assert facets(place) == {"bytes"}


def test_a_wrong_server_value_in_one_place_is_named_under_server(place: Service) -> None:
    assert facets(place, SERVER_THREADS="many") == {"server"}


def test_bytes_that_could_not_be_held_against_their_wheels_are_neither_good_nor_bad(place: Service, tmp_path: Path) -> None:
    nowhere = {"XDG_CACHE_HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9", **NO_ENGINE}
    cache = place.run("uv", "cache", "dir").stdout.strip()
    done = place.lockstep("parity", UV_CACHE_DIR=cache, **nowhere)

    assert done.returncode == 2, done.stdout
    assert "? bytes" in done.stdout
    assert "packages could not be held against their wheels" in done.stdout
    assert "0 differences matter" in done.stdout


def test_parity_does_not_pass_where_an_image_was_not_looked_at(place: Service) -> None:
    done = place.lockstep("parity", **NO_ENGINE)

    assert done.returncode == 2
    assert "not looked at: no container engine" in done.stdout


def test_two_saved_fingerprints_agree_with_each_other(place: Service, tmp_path: Path) -> None:
    saved = tmp_path / "release.json"
    place.lockstep("fingerprint", str(saved))

    done = place.lockstep("parity", str(saved))

    assert done.returncode == 0, done.stdout
    assert "release" in done.stdout


def test_a_file_that_is_no_fingerprint_is_refused(place: Service, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")

    done = place.lockstep("parity", str(other))

    assert done.returncode == 2
    assert "This is no fingerprint." in done.stdout or "not looked at" in done.stdout
