"""Every check of files names the faults that are planted for it, and finds none in a good service."""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Severity
from lockstep_tool.checks.registry import checks_of, find_check
from lockstep_tool.checks.report import describe, run_checks
from lockstep_tool.service import Service
from lockstep_tool.supply.ignored import Ignored
from lockstep_tool.supply.osv import Advisory
from planted_in_files import FILES
from planted_in_given import GIVEN
from planted_in_locks import LOCKS
from planting import Planted, add_wheel
from small_service import SmallService

TODAY = date(2026, 7, 1)
ADVISORY = Advisory("idna", "3.11", ("GHSA-1", "CVE-1"), "slow", ("3.12", "3.2", "4"))
RULE = Ignored("GHSA-1", "we do not parse names", date(2026, 8, 1), "pyproject.toml:1")
OVER = Ignored("GHSA-1", "we did not", date(2026, 6, 1), "pyproject.toml:1")
AUDIT: Mapping[str, Sequence[Planted]] = {
    "vulnerabilities": (
        Planted("an advisory", lambda _: None, "GHSA-1 (CVE-1), fixed in 3.12: slow", given=([ADVISORY], [], TODAY)),
        Planted("a rule whose day is over", lambda _: None, "until a day that is over", given=([ADVISORY], [OVER], TODAY)),
        Planted("a rule that nothing needs", lambda _: None, "is not known", Severity.WARNING, given=([], [RULE], TODAY)),
    )
}
PLANTED = {**LOCKS, **FILES, **GIVEN, **AUDIT}
# Asks an index: planted in tests/locks/test_lock_registry.py.
NETWORK = {"lock registry"}
CHECKS = [check for session in ("lock", "pins", "audit") for check in checks_of(session)]
CASES = [pytest.param(name, one, id=f"{name}: {one.name}") for name, several in PLANTED.items() for one in several]


def test_every_check_has_a_planted_fault() -> None:
    assert {check.name for check in CHECKS} == {*PLANTED, *NETWORK}


@pytest.mark.parametrize(("name", "planted"), CASES)
def test_a_planted_fault_is_named(name: str, planted: Planted, service: SmallService) -> None:
    check = find_check(name)
    planted.plant(service)

    found = list(run_checks([check], Service(service.root), *planted.given))

    finding = next((finding for finding in found if planted.said in describe(finding)), None)
    assert finding is not None, "\n\n".join(map(describe, found))
    assert (finding.check, finding.severity) == (name, planted.severity)
    assert finding.where
    assert finding.fix.endswith((".", "`.", "`")) or "\n" in finding.fix


@pytest.mark.parametrize("check", [check for check in CHECKS if not check.network], ids=lambda check: str(check.name))
def test_a_good_service_has_no_finding(check: Check, good: SmallService) -> None:
    found = good.find(check)

    said = [describe(finding) for finding in found if not re.match(r"\d images are pinned by tag", finding.what)]
    assert said == []


def test_what_is_ignored_is_no_finding(good: SmallService) -> None:
    assert list(find_check("vulnerabilities").find(Service(good.root), [ADVISORY], [RULE], TODAY)) == []


def test_a_fault_is_no_finding_of_another_check(service: SmallService) -> None:
    service.edit("Dockerfile", "EXPOSE 8000", "EXPOSE 80")

    found = list(run_checks(checks_of("pins"), Service(service.root)))

    assert {finding.check for finding in found if finding.severity is not Severity.WARNING} == {"deploy files"}


def test_a_wheel_of_the_team_is_as_good_as_one_of_the_index(service: SmallService) -> None:
    add_wheel(service)

    found = list(run_checks([check for check in checks_of("lock") if not check.network], Service(service.root)))

    assert list(map(describe, found)) == []


def test_a_tool_that_was_deleted_is_named_with_what_brings_it_back(service: SmallService) -> None:
    shutil.rmtree(service.root / ".lockstep")

    found = list(run_checks([check for check in checks_of("lock") if not check.network], Service(service.root)))

    said = "\n\n".join(map(describe, found))
    assert "The tool's directory is not complete.\n\n  .lockstep/pyproject.toml   missing   <- differs" in said
    assert "A locked wheel is not in the repository." in said
    assert {finding.fix for finding in found if finding.matters} <= {
        "Run `git checkout -- .lockstep`.",
        "Run `git checkout -- .lockstep`; a deliberate change goes through `uv run noxfile.py -s update`.",
    }
