"""Parity asks the servers of this machine the same, names what they answer otherwise, and nothing that changes by itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import Service

NO_ENGINE = {"LOCKSTEP_ENGINE": "no-such-engine"}
GOOD = 'return {"service": about.NAME, "version": about.VERSION}'
IMPORTS = "from flask import Blueprint, abort"


@pytest.fixture(scope="module")
def built(flask: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that has run once."""
    return flask.copy(tmp_path_factory.mktemp("behaviour") / "service")


@pytest.fixture
def service(built: Service) -> Iterator[Service]:
    """Its endpoint is put back afterwards."""
    module = built.package() / "hello.py"
    before = module.read_text()
    yield built
    module.write_text(before)


def plant(service: Service, endpoint: str, at_import: str = "") -> None:
    """Answer `/` with that expression instead."""
    module = str(service.package().relative_to(service.path) / "hello.py")
    service.edit(module, GOOD, f"return {endpoint}")
    service.edit(module, IMPORTS, f"import os, secrets, sys\nfrom pathlib import Path\n{IMPORTS}\n{at_import}")


def found(service: Service) -> list[tuple[str, str, bool]]:
    """Facet, place and whether it is allowed, of each finding of parity."""
    done = service.lockstep("parity", **NO_ENGINE)
    findings = [finding for finding in service.report()["findings"] if not finding["unseen"]]
    assert done.returncode == (2 if all(finding["allowed"] for finding in findings) else 1), done.stdout
    return [(str(finding["facet"]), str(finding["place"]), bool(finding["allowed"])) for finding in findings]


def said(service: Service) -> str:
    return (service.path / ".lockstep" / "report.txt").read_text()


def test_a_good_service_answers_alike_in_development_and_production(service: Service) -> None:
    assert found(service) == []
    assert "behaviour" in said(service)


FAULTS = {
    "a file that is not in the wheel": (
        '{"there": (Path(__file__).parents[2] / "README.md").exists()}',
        "dev: GET /: body of 15 bytes, '{\"there\":true}\\n' (laptop: of 16 bytes, '{\"there\":false}\\n')",
    ),
    "a header that tells where it runs": (
        '({}, 200, {"X-Place": Path(sys.prefix).name})',
        "dev: GET /: header x-place 'dev' (laptop: 'production')",
    ),
    "an error in one place only": (
        'abort(418) if Path(sys.prefix).name == "dev" else {}',
        "dev: GET /: status 418 (laptop: 200)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_another_answer_of_the_development_server_is_named_by_its_request(
    service: Service, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    endpoint, words = FAULTS[fault]
    plant(service, endpoint)

    assert found(service) == [("behaviour", "dev", False)]
    assert words in said(service)


CHANGING = {
    "with each answer": ('{"id": secrets.token_hex(8)}', ""),
    "with each start": ('{"id": STARTED}', "STARTED = secrets.token_hex(8)"),
}


@pytest.mark.parametrize("moment", CHANGING)
def test_what_changes_by_itself_is_named_and_is_no_difference(service: Service, moment: str) -> None:
    plant(service, *CHANGING[moment])

    assert [(facet, allowed) for facet, _, allowed in found(service)] == [("behaviour", True)]
    assert "GET /: body changes" in said(service)


def test_a_server_that_does_not_start_is_not_called_the_same(service: Service) -> None:
    plant(service, "{}", 'if Path(sys.prefix).name == "dev":\n    raise RuntimeError("not here")')
    done = service.lockstep("parity", **NO_ENGINE)

    assert done.returncode == 2, done.stdout
    assert "? behaviour   dev: " in done.stdout
    assert "behaviour of dev" in done.stdout.splitlines()[-1]


def test_a_place_that_differs_otherwise_is_not_started(service: Service) -> None:
    found(service)
    stray = service.site_packages() / "evil.pth"
    stray.write_text("")
    try:
        assert found(service)[0][0] == "strays"
        assert "not asked while it differs otherwise" in said(service)
    finally:
        stray.unlink()


def test_what_prove_has_seen_in_the_same_run_is_not_asked_again(service: Service, tmp_path: Path) -> None:
    started = "f\"{Path(sys.prefix).name} in {os.environ.get('NOX_CURRENT_SESSION')}\""  # parity starts none by nox
    plant(service, "{}", f"Path({str(tmp_path)!r}, str(os.getpid())).write_text({started})")
    done = service.nox("prove", "parity", **NO_ENGINE)

    assert "0 differences matter, 0 are allowed" in done.stdout
    assert {file.read_text() for file in tmp_path.iterdir()} == {
        "production in prove",
        f"dev in {os.environ.get('NOX_CURRENT_SESSION')}",  # of whoever runs this test
    }
