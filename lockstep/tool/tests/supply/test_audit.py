"""`audit` names what is known of the lock and what moves it, holds the team to its word, and is green only when answered."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.service import Service
from lockstep_tool.supply.audit import audit
from osv_stand_in import Osv, stand_in_osv
from small_service import VERSION, SmallService

TODAY = datetime.now(UTC).date()
TABLE = "[dependency-groups]\n"


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture
def osv() -> Iterator[Osv]:
    with stand_in_osv() as service:
        yield service


@pytest.fixture
def asking(service: SmallService, osv: Osv) -> SmallService:
    """A service that asks the stand-in."""
    return stating(service, f'service = "{osv.address}"')


def stating(service: SmallService, *lines: str) -> SmallService:
    """Write the team's table, or go on in it."""
    begin = "" if "[tool.lockstep.audit]" in service.read("pyproject.toml") else "[tool.lockstep.audit]\n"
    service.edit("pyproject.toml", TABLE, begin + "".join(f"{line}\n" for line in lines) + TABLE)
    return service


def ignoring(service: SmallService, name: str, days: int) -> None:
    stating(service, "ignore = [", f'    {{ id = "{name}", reason = "we shout", until = {TODAY + timedelta(days)} }},', "]")


def run(service: SmallService, **options: Any) -> str:
    return audit(Service(service.root), **options)


def refused(service: SmallService, code: int = DIFFERENT, **options: Any) -> str:
    """What it says when it refuses."""
    with pytest.raises(Refusal) as refusal:
        run(service, **options)
    assert refusal.value.code == code
    return str(refusal.value)


def saved(service: SmallService, name: str) -> Any:
    return json.loads(service.read(f".nox/report/{name}"))


def line_of(service: SmallService, name: str) -> int:
    return service.read("uv.lock").splitlines().index(f'name = "{name}"') + 1


def test_a_lock_of_which_nothing_is_known_is_green(asking: SmallService, osv: Osv) -> None:
    printed = run(asking)

    assert f"{osv.address} was asked for {len(osv.asked)} packages of the production set: 0 known" in printed
    assert osv.asked["fastapi"] == "0.140.0"
    assert "pytest" not in osv.asked


def test_a_wheel_that_lies_in_the_repository_is_not_asked_about_and_named(asking: SmallService, osv: Osv) -> None:
    """What an index has under that name is somebody else's."""
    printed = run(asking)
    everything = run(asking, everything=True)

    said = f"  - lockstep-serve {VERSION}: not asked about, it lies in this repository (.lockstep/lockstep_serve-{VERSION}-py3"
    assert said in printed
    assert said in everything
    assert "lockstep-serve" not in osv.asked
    assert "orders-api" not in osv.asked


def test_the_tools_of_developers_are_asked_for_on_request(asking: SmallService, osv: Osv) -> None:
    osv.publish("GHSA-1", "pytest")

    assert "pytest 9.2.0: GHSA-1" in refused(asking, everything=True)


def test_a_vulnerability_is_named_with_its_line_and_the_command_that_moves_it(
    asking: SmallService, osv: Osv, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.publish("GHSA-1", "idna", "0.1", "99.0", "100.0", aliases=["CVE-1", "PYSEC-1"])
    osv.publish("PYSEC-1", "idna", aliases=["CVE-1"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = refused(asking)

    line = line_of(asking, "idna")
    [result] = saved(asking, "audit.sarif")["runs"][0]["results"]
    assert "Locked packages have known vulnerabilities." in said
    assert f"uv.lock:{line}   idna 3.11: GHSA-1 (PYSEC-1, CVE-1), fixed in 99.0: idna is too kind" in said
    assert "Run `uv run noxfile.py -s upgrade -- -P idna`." in said
    assert f"::error file=uv.lock,line={line},title=lockstep audit, vulnerabilities::" in capsys.readouterr().err
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert saved(asking, "audit.json")["advisories"][0]["names"] == ["GHSA-1", "PYSEC-1", "CVE-1"]


def test_one_that_nothing_fixes_says_so(asking: SmallService, osv: Osv) -> None:
    osv.publish("GHSA-1", "idna")

    assert "no fixed version is known" in refused(asking)


def test_every_page_of_an_answer_is_read(asking: SmallService, osv: Osv) -> None:
    osv.page = 1
    for number in (1, 2, 3):
        osv.publish(f"GHSA-{number}", "idna")

    assert refused(asking).count("<- known") == 3


def test_one_that_was_withdrawn_is_none(asking: SmallService, osv: Osv) -> None:
    osv.publish("GHSA-1", "idna", withdrawn="2026-01-01T00:00:00Z")

    assert "0 known" in run(asking)


@pytest.mark.parametrize("name", ["GHSA-1", "CVE-1"])
def test_what_the_team_ignores_is_named_until_its_day(asking: SmallService, osv: Osv, name: str) -> None:
    osv.publish("GHSA-1", "idna", aliases=["CVE-1"])
    ignoring(asking, name, 1)

    assert f"{name} ignored until {TODAY + timedelta(1)}: we shout" in run(asking)
    assert saved(asking, "audit.json")["advisories"][0]["ignored"] is True
    assert saved(asking, "audit.sarif")["runs"][0]["results"] == []


def test_a_day_that_is_over_fails_by_name(asking: SmallService, osv: Osv) -> None:
    osv.publish("GHSA-1", "idna")
    ignoring(asking, "GHSA-1", -1)
    said = refused(asking)

    assert "An advisory was ignored until a day that is over." in said
    assert "Locked packages have known vulnerabilities." in said


def test_a_day_that_is_over_fails_also_when_nothing_is_known_any_more(asking: SmallService) -> None:
    ignoring(asking, "GHSA-1", -1)

    assert "GHSA-1 until" in refused(asking)


def test_a_line_that_nothing_needs_is_a_warning(asking: SmallService) -> None:
    ignoring(asking, "GHSA-1", 1)

    assert "warning: An advisory is ignored that is not known of this lock (pyproject.toml:" in run(asking)


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
def test_nothing_is_ignored_without_a_reason_and_an_end(asking: SmallService, entry: str) -> None:
    stating(asking, f"ignore = [{entry}]")

    assert "An ignored advisory does not say why, or until when." in refused(asking)


@pytest.mark.parametrize("line", ["ignore = 1", "service = 1"])
def test_a_table_that_is_none_is_refused(service: SmallService, line: str) -> None:
    assert "What is ignored cannot be read." in refused(stating(service, line))


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
def test_an_answer_that_is_none_is_not_green(asking: SmallService, osv: Osv, garbage: str) -> None:
    osv.badly = GARBAGE[garbage]
    said = refused(asking, COULD_NOT_LOOK)

    assert "The vulnerability service cannot be asked." in said
    assert osv.address in said


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://nowhere.invalid", "file:///etc", "nonsense"])
def test_a_service_that_is_not_there_is_not_green(service: SmallService, address: str) -> None:
    stating(service, f'service = "{address}"')

    assert "The vulnerability service cannot be asked." in refused(service, COULD_NOT_LOOK)


def test_a_service_that_never_answers_is_not_waited_for(asking: SmallService, osv: Osv) -> None:
    over = threading.Event()

    def later(_: list[Any]) -> bytes:
        over.wait(60)
        return b""

    osv.badly = later
    said = refused(asking, COULD_NOT_LOOK, seconds=0.2)
    over.set()

    assert "timed out" in said
