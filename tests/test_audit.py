"""`audit` names what is known of the lock and what moves it, holds the team to its word, and is green only when answered."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services import Service
from stand_in_osv import Osv, stand_in_osv

TODAY = datetime.now(UTC).date()


@pytest.fixture
def osv() -> Iterator[Osv]:
    with stand_in_osv() as service:
        yield service


@pytest.fixture
def asking(fastapi: Service, osv: Osv, tmp_path: Path) -> Service:
    """A service that asks the stand-in."""
    copy = fastapi.copy(tmp_path / "asking")
    return rules(copy, f'service = "{osv.address}"')


def rules(service: Service, *lines: str) -> Service:
    """Write the team's table, or go on in it."""
    project = service.path / "pyproject.toml"
    text = project.read_text()
    begin = "" if "[tool.lockstep.audit]" in text else "\n[tool.lockstep.audit]\n"
    project.write_text(text + begin + "".join(f"{line}\n" for line in lines))
    return service


def ignoring(service: Service, name: str, days: int) -> None:
    rules(service, "ignore = [", f'    {{ id = "{name}", reason = "we shout", until = {TODAY + timedelta(days)} }},', "]")


def version_of(service: Service, name: str) -> str:
    return (service.path / "uv.lock").read_text().partition(f'name = "{name}"\nversion = "')[2].partition('"')[0]


def line_of(service: Service, name: str) -> int:
    return (service.path / "uv.lock").read_text().splitlines().index(f'name = "{name}"') + 1


def kept(service: Service, name: str) -> Any:
    return json.loads((service.path / ".lockstep" / name).read_text())


def test_a_lock_of_which_nothing_is_known_is_green(asking: Service, osv: Osv) -> None:
    done = asking.lockstep("audit")

    assert done.returncode == 0, done.stdout
    assert f"{osv.address} was asked for {len(osv.asked)} packages of the production set: 0 known" in done.stdout
    assert "fastapi" in osv.asked
    assert "pytest" not in osv.asked


def test_the_tools_of_developers_are_asked_for_on_request(asking: Service, osv: Osv) -> None:
    osv.publish("GHSA-1", "pytest")
    done = asking.lockstep("audit", "--all")

    assert done.returncode == 1, done.stdout
    assert f"pytest {version_of(asking, 'pytest')}: GHSA-1" in done.stdout


def test_a_vulnerability_is_named_with_its_line_and_the_command_that_moves_it(asking: Service, osv: Osv) -> None:
    osv.publish("GHSA-1", "h11", "0.1", "99.0", "100.0", aliases=["CVE-1", "PYSEC-1"])
    osv.publish("PYSEC-1", "h11", aliases=["CVE-1"])
    done = asking.lockstep("audit", GITHUB_ACTIONS="true")

    version, line = version_of(asking, "h11"), line_of(asking, "h11")
    [result] = kept(asking, "audit.sarif")["runs"][0]["results"]
    assert done.returncode == 1, done.stdout
    assert "Locked packages have known vulnerabilities." in done.stdout
    assert f"uv.lock:{line}   h11 {version}: GHSA-1 (PYSEC-1, CVE-1), fixed in 99.0: h11 is too kind" in done.stdout
    assert "Run `uv run noxfile.py -s upgrade -- -P h11`." in done.stdout
    assert f"::error file=uv.lock,line={line},title=lockstep audit, vulnerabilities::" in done.stdout
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert kept(asking, "audit.json")["advisories"][0]["names"] == ["GHSA-1", "PYSEC-1", "CVE-1"]


def test_one_that_nothing_fixes_says_so(asking: Service, osv: Osv) -> None:
    osv.publish("GHSA-1", "h11")
    done = asking.lockstep("audit")

    assert done.returncode == 1, done.stdout
    assert "no fixed version is known" in done.stdout


def test_every_page_of_an_answer_is_read(asking: Service, osv: Osv) -> None:
    osv.page = 1
    for number in (1, 2, 3):
        osv.publish(f"GHSA-{number}", "h11")
    done = asking.lockstep("audit")

    assert done.returncode == 1, done.stdout
    assert done.stdout.count("<- known") == 3


def test_one_that_was_withdrawn_is_none(asking: Service, osv: Osv) -> None:
    osv.publish("GHSA-1", "h11", withdrawn="2026-01-01T00:00:00Z")

    assert asking.lockstep("audit").returncode == 0


@pytest.mark.parametrize("name", ["GHSA-1", "CVE-1"])
def test_what_the_team_lives_with_is_named_until_its_day(asking: Service, osv: Osv, name: str) -> None:
    osv.publish("GHSA-1", "h11", aliases=["CVE-1"])
    ignoring(asking, name, 1)
    done = asking.lockstep("audit")

    assert done.returncode == 0, done.stdout
    assert f"{name} ignored until {TODAY + timedelta(1)}: we shout" in done.stdout
    assert kept(asking, "audit.json")["advisories"][0]["ignored"] is True
    assert kept(asking, "audit.sarif")["runs"][0]["results"] == []


def test_a_day_that_is_over_fails_by_name(asking: Service, osv: Osv) -> None:
    osv.publish("GHSA-1", "h11")
    ignoring(asking, "GHSA-1", -1)
    done = asking.lockstep("audit")

    assert done.returncode == 1, done.stdout
    assert "An advisory was ignored until a day that is over." in done.stdout
    assert "Locked packages have known vulnerabilities." in done.stdout


def test_a_day_that_is_over_fails_also_when_nothing_is_known_any_more(asking: Service) -> None:
    ignoring(asking, "GHSA-1", -1)
    done = asking.lockstep("audit")

    assert done.returncode == 1, done.stdout
    assert "GHSA-1 until" in done.stdout


def test_a_line_that_nothing_needs_is_a_warning(asking: Service) -> None:
    ignoring(asking, "GHSA-1", 1)
    done = asking.lockstep("audit")

    assert done.returncode == 0, done.stdout
    assert "warning: An advisory is ignored that is not known of this lock." in done.stdout


@pytest.mark.parametrize(
    "entry",
    [
        '{ id = "GHSA-1", until = 2099-01-01 }',
        '{ id = "GHSA-1", reason = " ", until = 2099-01-01 }',
        '{ id = "GHSA-1", reason = "we shout" }',
        '{ id = "GHSA-1", reason = "we shout", until = "soon" }',
        '"GHSA-1"',
    ],
)
def test_nothing_is_ignored_without_a_reason_and_an_end(asking: Service, entry: str) -> None:
    rules(asking, f"ignore = [{entry}]")
    done = asking.lockstep("audit")

    assert done.returncode == 1, done.stdout
    assert "An ignored advisory does not say why, or until when." in done.stdout


def short(queries: list[Any]) -> bytes:
    return json.dumps({"results": [{} for _ in queries[1:]]}).encode()


def unknown(queries: list[Any]) -> bytes:
    return json.dumps({"results": [{"vulns": [{"id": "GHSA-404"}]}, *({} for _ in queries[1:])]}).encode()


GARBAGE: dict[str, Callable[[list[Any]], bytes]] = {
    "a page for people": lambda _: b"<html>Please log in</html>",
    "nothing": lambda _: b"",
    "no results": lambda _: b"{}",
    "a list": lambda _: b"[]",
    "null": lambda _: b"null",
    "nulls": lambda queries: json.dumps({"results": [None for _ in queries]}).encode(),
    "ids that are none": lambda queries: json.dumps({"results": [{"vulns": [{}]} for _ in queries]}).encode(),
    "fewer results than packages": short,
    "an advisory that it does not have": unknown,
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_an_answer_that_is_none_is_not_green(asking: Service, osv: Osv, garbage: str) -> None:
    osv.badly = GARBAGE[garbage]
    done = asking.lockstep("audit")

    assert done.returncode == 2, done.stdout
    assert "The vulnerability service cannot be asked." in done.stdout
    assert osv.address in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://nowhere.invalid", "file:///etc", "nonsense"])
def test_a_service_that_is_not_there_is_not_green(fastapi: Service, tmp_path: Path, address: str) -> None:
    done = rules(fastapi.copy(tmp_path / "alone"), f'service = "{address}"').lockstep("audit")

    assert done.returncode == 2, done.stdout
    assert "The vulnerability service cannot be asked." in done.stdout


def test_a_service_that_never_answers_is_not_waited_for(asking: Service, osv: Osv) -> None:
    over = threading.Event()

    def later(_: list[Any]) -> bytes:
        over.wait(60)
        return b""

    osv.badly = later
    done = asking.lockstep("audit", "--seconds", "0.2")
    over.set()

    assert done.returncode == 2, done.stdout
    assert "timed out" in done.stdout


def test_the_session_is_green_only_when_somebody_answered(asking: Service, osv: Osv) -> None:
    osv.badly = short
    done = asking.nox("audit", CI="true")

    assert done.returncode != 0, done.stdout
    assert "not looked at" in done.stdout
