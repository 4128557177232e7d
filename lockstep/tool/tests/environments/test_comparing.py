"""Two environments are compared by rule: what may differ between platforms is allowed, what may not is named."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.registry import find_check
from lockstep_tool.environments.environment import Comparison, Environment
from lockstep_tool.environments.since import find_changes, is_of_another_commit
from lockstep_tool.service import Service
from tiny_environment import TinyEnvironment

LINUX: dict[str, Any] = {
    "schema": "lockstep.fingerprint/2",
    "python": "3.13.9",
    "inputs": {},
    "markers": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "interpreter": {"build": "3.13.9 (uv)", "executable": "e1", "standard_library": "s1", "files": {"json/decoder.py": "aa"}},
    "libraries": {"openssl": "OpenSSL 3.5", "libc": "glibc 2.41", "certificates": "c1"},
    "flags": {"utf8_mode": 1, "optimize": 0, "text_encoding": "utf-8", "locale": "C.UTF-8"},
    "time": {"zone": "UTC", "data": "2025b"},
    "server": {"model": "uvicorn", "drain": 20, "port": 8000},
    "packages": {"click": "8.3.0", "idna": "3.11"},
    "distributions": {"click": {"digest": "d1", "files": {"click/core.py": "11"}}},
    "source": {"orders_api/app.py": "77"},
    "process": {"user": 10001, "open_files": 1_000_000},
}
# Checks that compare with the first environment, or judge a container.
CHECKS = ("server", "flags", "time", "interpreter", "libraries", "process")


def environment(kind: str, **other: Any) -> Environment:
    """An environment as on Linux, but for these members."""
    return Environment(kind, {**deepcopy(LINUX), **other}, "build it again", kind)


@pytest.fixture
def service(good_environment: TinyEnvironment) -> Service:
    return Service(good_environment.root)


def find(service: Service, one: Environment, first: Environment | None, *, strict: bool = False) -> Iterator[Finding]:
    for name in CHECKS:
        yield from find_check(name).find(Comparison(one, service, first, strict))


def weights(findings: Iterator[Finding]) -> dict[str, Severity]:
    return {finding.check: finding.severity for finding in findings}


@pytest.mark.parametrize("strict", [False, True], ids=["laptop", "ci"])
def test_an_environment_agrees_with_one_that_is_the_same(service: Service, strict: bool) -> None:
    assert list(find(service, environment("image"), environment("ci"), strict=strict)) == []


@pytest.mark.parametrize("strict", [False, True], ids=["laptop", "ci"])
@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_laptop_of_another_platform_may_differ(service: Service, platform: str, strict: bool) -> None:
    laptop = environment(
        "laptop",
        markers={"sys_platform": platform, "platform_machine": "arm64"},
        interpreter={"build": "3.13.9 (clang)", "executable": "e2", "standard_library": "s2", "files": {"os.py": "bb"}},
        libraries={"openssl": "OpenSSL 3.0", "libc": platform, "certificates": "none"},
        flags={**LINUX["flags"], "locale": "de_DE.UTF-8"},
    )

    found = weights(find(service, environment("image"), laptop, strict=strict))

    assert found == dict.fromkeys(("flags", "interpreter", "libraries"), Severity.ALLOWED)


def test_another_build_on_the_same_platform_is_allowed_on_a_laptop_and_not_in_ci(service: Service) -> None:
    other = environment("image", interpreter={**LINUX["interpreter"], "build": "3.13.9 (Debian)", "executable": "e2"})

    assert weights(find(service, other, environment("laptop"))) == {"interpreter": Severity.ALLOWED}
    assert weights(find(service, other, environment("ci"), strict=True)) == {"interpreter": Severity.ERROR}


def test_libraries_that_come_with_the_interpreter_must_agree_in_ci(service: Service) -> None:
    other = environment("image", libraries={**LINUX["libraries"], "openssl": "OpenSSL 3.0"})
    base = environment("image", libraries={**LINUX["libraries"], "certificates": "c2"})

    assert weights(find(service, other, environment("laptop"))) == {"libraries": Severity.ALLOWED}
    assert weights(find(service, other, environment("ci"), strict=True)) == {"libraries": Severity.ERROR}
    assert weights(find(service, base, environment("ci"), strict=True)) == {"libraries": Severity.ALLOWED}


def test_an_edited_file_of_the_standard_library_is_named_wherever_the_build_is_the_same(service: Service) -> None:
    edited = {**LINUX["interpreter"], "standard_library": "s9", "files": {"json/decoder.py": "99"}}

    [finding] = find(service, environment("image", interpreter=edited), environment("laptop"))

    assert finding.matters
    assert "json/decoder.py" in finding.what
    assert "uv python install --reinstall" in finding.fix


def test_an_encoding_matters_and_a_locale_does_not_while_text_is_utf_8(service: Service) -> None:
    locale = environment("image", flags={**LINUX["flags"], "locale": "C"})
    encoding = environment("image", flags={**LINUX["flags"], "text_encoding": "ascii"})

    assert weights(find(service, locale, environment("laptop"))) == {"flags": Severity.ALLOWED}
    assert weights(find(service, encoding, environment("laptop"))) == {"flags": Severity.ERROR}


def test_a_server_value_matters_and_where_it_listens_does_not(service: Service) -> None:
    drain = environment("image", server={**LINUX["server"], "drain": 5})
    port = environment("image", server={**LINUX["server"], "port": 80})

    [finding] = find(service, drain, environment("laptop"))

    assert (finding.what, finding.severity) == ("drain = 5 (laptop: 20)", Severity.ERROR)
    assert weights(find(service, port, environment("laptop"))) == {"server": Severity.ALLOWED}


def test_an_environment_without_a_server_definition_is_named(service: Service) -> None:
    [finding] = find(service, environment("image", server=None), environment("laptop"))

    assert (finding.check, finding.what) == ("server", "no server definition is installed")


def test_other_data_of_time_zones_is_allowed(service: Service) -> None:
    older = environment("image", time={"zone": "UTC", "data": "2024a"})

    assert weights(find(service, older, environment("laptop"))) == {"time": Severity.ALLOWED}


def test_a_container_that_runs_as_root_or_with_few_files_is_warned_of(service: Service) -> None:
    root = environment("container", process={"user": 0, "open_files": 256})

    found = list(find(service, root, None))

    assert [finding.what for finding in found] == ["runs as root", "may open 256 files, fewer than 1024"]
    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_an_image_that_was_made_from_other_files_is_named(service: Service) -> None:
    other = environment("image", inputs={"uv.lock": "0" * 64, "pyproject.toml": service.inputs["pyproject.toml"]})

    [finding] = find_check("inputs").find(Comparison(other, service))

    assert finding.what == "uv.lock is another one than in this checkout"


def test_what_changed_since_a_release_is_said_check_by_check() -> None:
    saved = environment("saved", commit="1234567")
    now = environment(
        "laptop",
        python="3.13.10",
        packages={"click": "8.4.0", "anyio": "4.0"},
        source={"orders_api/app.py": "78"},
        server={**LINUX["server"], "drain": 30},
    )

    found = list(find_changes(saved, now))

    assert [f"{finding.check}: {finding.what}" for finding in found] == [
        "python: 3.13.9 then, 3.13.10 now",
        "packages: anyio was not there then, 4.0 now",
        "packages: click 8.3.0 then, 8.4.0 now",
        "packages: idna 3.11 then, is not there now",
        "source: 1 file changed: orders_api/app.py",
        "server: drain = 20 then, 30 now",
    ]
    assert all("git diff 1234567" in finding.fix for finding in found)


def test_other_content_of_the_same_version_is_a_change() -> None:
    now = environment("laptop", distributions={"click": {"digest": "d2", "files": {"click/core.py": "22"}}})

    [finding] = find_changes(environment("saved"), now)

    assert (finding.check, finding.what) == ("bytes", "click: other content of the same version: click/core.py")


def test_a_fingerprint_of_another_commit_is_known_by_what_was_declared(service: Service) -> None:
    assert is_of_another_commit(environment("saved", declared={"uv.lock": "0"}), service.inputs)
    assert not is_of_another_commit(environment("saved", declared=dict(service.inputs)), service.inputs)
    assert not is_of_another_commit(environment("saved"), service.inputs)
