"""Markers are judged as their specification says, for an environment that may be another machine's."""

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.markers import holds, with_python

LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.7",
    "python_version": "3.11",
    "sys_platform": "linux",
}
MAC = LINUX | {
    "platform_machine": "arm64",
    "platform_system": "Darwin",
    "sys_platform": "darwin",
    "python_full_version": "3.13.10",
    "python_version": "3.13",
}


@pytest.mark.parametrize(
    ("marker", "on_linux", "on_mac"),
    [
        ("sys_platform == 'win32'", False, False),
        ("sys_platform != 'win32' and implementation_name == 'cpython'", True, True),
        ("python_full_version < '3.11.10'", True, False),
        ("python_full_version >= '3.13' and sys_platform == 'darwin'", False, True),
        ("python_version ~= '3.11'", True, True),
        ("python_full_version ~= '3.11.2'", True, False),
        ("(platform_machine == 'arm64' and os_name == 'nt') or platform_machine == 'x86_64'", True, False),
        ("sys_platform in 'linux darwin'", True, True),
        ("platform_machine not in 'arm64 aarch64'", True, False),
        ("os_name == 'posix' or os_name == 'nt' and python_version > '3.14'", True, True),
        ("'linux' in sys_platform", True, False),
        ("extra == 'speed'", False, False),
        ("extra != 'extra-10-orders-api-cpu'", True, True),
    ],
)
def test_a_marker_holds_where_it_is_true(marker: str, on_linux: bool, on_mac: bool) -> None:
    assert (holds(marker, LINUX), holds(marker, MAC)) == (on_linux, on_mac)


@pytest.mark.parametrize(
    ("release", "newer"),
    [("6.1.0", False), ("6.6.0", True), ("6.10.1", True), ("", False)],
)
def test_the_release_of_a_platform_is_compared_as_a_version(release: str, newer: bool) -> None:
    assert holds("platform_release >= '6.5'", LINUX | {"platform_release": release}) is newer


def test_a_release_that_is_no_version_is_no_error() -> None:
    assert not holds("platform_release >= '6.5'", LINUX | {"platform_release": "6.8.0-45-generic"})


def test_nothing_of_this_machine_counts_for_another() -> None:
    """`packaging` takes from the running interpreter what it is not given."""
    assert not holds("platform_version != '' or platform_release != '' or implementation_version != ''", LINUX)


def test_an_extra_holds_where_it_is_asked_for() -> None:
    assert holds("extra == 'speed'", LINUX | {"extra": "speed"})


def test_no_marker_holds_everywhere() -> None:
    assert holds(None, LINUX)


@pytest.mark.parametrize("text", ["__import__('os').system('true')", "sys_platform", "1 < 2", "sys_platform == "])
def test_what_is_no_marker_is_refused_and_not_run(text: str) -> None:
    with pytest.raises(Refusal, match="a marker that cannot be read"):
        holds(text, LINUX)


def test_the_python_of_the_service_takes_the_place_of_this_one() -> None:
    assert with_python(LINUX, "3.13.10") == LINUX | {"python_full_version": "3.13.10", "python_version": "3.13"}
