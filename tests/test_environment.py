"""What files say of every rendered service is in order, and each fault in an environment of one is named at once."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import ANSWERS
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.checks.report import describe, run_checks
from lockstep_tool.service import Service as Repository
from services import Service

NO_ENGINE = {"LOCKSTEP_ENGINE": "no-such-engine"}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_fault_is_found_in_the_files_of_a_good_service(every_service: Mapping[str, Path], name: str) -> None:
    checks = [check for session in ("lock", "pins") for check in checks_of(session) if not check.network]
    found: list[Finding] = list(run_checks(checks, Repository(every_service[name])))

    named = {"images", "template address"}  # pinned by a tag, and made from a path of this machine
    warned = [finding for finding in found if finding.check in named and finding.severity is Severity.WARNING]
    assert [describe(finding) for finding in found if finding not in warned] == []


def test_check_finds_nothing_broken_in_any_service_and_touches_none(every_service: Mapping[str, Path]) -> None:
    folders = list(every_service.values())
    before = [written(folder) for folder in folders]
    done = Service(folders[0], {}).lockstep("check", *map(str, folders))

    assert done.returncode == 0, done.stdout
    assert [written(folder) for folder in folders] == before


def written(folder: Path) -> list[tuple[str, int]]:
    """Every file and when it was last written."""
    return [(str(path), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_caches_of_a_laptop_are_no_part_of_its_environment(flask: Service, tmp_path: Path) -> None:
    service = flask.copy(tmp_path / "service")
    for name in (".ruff_cache/0.17.6/1", ".DS_Store", "static/.cache/1"):
        (service.package() / name).parent.mkdir(parents=True, exist_ok=True)
        (service.package() / name).write_bytes(b"of this laptop")
    done = service.lockstep("parity", **NO_ENGINE)

    assert "0 differences matter" in done.stdout, done.stdout
    assert [path.name for path in (service.site_packages() / service.package().name).rglob(".*")] == []


def replace_with_record(module: Path, record: Path) -> None:
    """Edit a module and its RECORD, as a careful attacker does."""
    before = digest(module)
    module.write_text(f"{module.read_text()}\nevil = True\n")
    assert before in record.read_text()
    record.write_text(record.read_text().replace(before, digest(module)))


def digest(path: Path) -> str:
    """As a RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def test_parity_names_everything_that_is_wrong_in_an_environment_at_once(flask: Service, tmp_path: Path) -> None:
    service = flask.copy(tmp_path / "service")
    built = service.lockstep("parity", **NO_ENGINE)
    assert "0 differences matter" in built.stdout, built.stdout
    site = service.site_packages()
    (site / "flask" / "views.py").unlink()
    replace_with_record(site / "click" / "core.py", next(site.glob("click-*.dist-info/RECORD")))
    (site / "more.pth").write_text(f"{tmp_path}\n")
    (site / "werkzeug" / "evil.py").write_text("")
    script = service.path / ".nox" / "production" / "bin" / "flask"
    script.write_text(f"{script.read_text()}\nprint('evil')\n")
    service.production("-c", "import jinja2", PYTHONDONTWRITEBYTECODE="")
    compiled = next((site / "jinja2" / "__pycache__").glob("lexer.*.pyc"))
    compiled.write_bytes(compiled.read_bytes()[:8] + b"\x01" + compiled.read_bytes()[9:])
    done = service.lockstep("parity", SERVER_THREADS="many", TZ="Asia/Tokyo", CI="true", PYTHONPATH="/opt", **NO_ENGINE)

    said = [
        f"{finding['check']}: {finding['what']}" for finding in service.report()["findings"] if finding["severity"] == "error"
    ]
    assert done.returncode == 1, done.stdout
    for check, words in {
        "bytes": ("flask/views.py", "click: edited click/core.py", "bin/flask"),
        "unowned files": ("more.pth", "werkzeug/evil.py"),
        "search path": (str(tmp_path),),
        "byte code": ("jinja2/__pycache__/lexer",),
        "server": ("`threads` must be",),
        "time": ("Asia/Tokyo",),
        "ambient": ("PYTHONPATH=/opt",),
    }.items():
        for word in words:
            assert any(line.startswith(f"{check}: ") and word in line for line in said), (check, word, said)
