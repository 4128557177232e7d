"""Markers are judged as packaging, the reference implementation, judges them."""

import pytest
from packaging.markers import Marker

from lockstep_tool.markers import holds

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
}

MARKERS = [
    "sys_platform == 'win32'",
    "sys_platform != 'win32' and implementation_name == 'cpython'",
    "python_full_version < '3.11.10'",
    "python_full_version >= '3.13' and sys_platform == 'darwin'",
    "python_version < '3.12'",
    "(platform_machine == 'arm64' and os_name == 'nt') or (platform_machine == 'x86_64' and os_name == 'posix')",
    "sys_platform in 'linux darwin'",
    "platform_machine not in 'arm64 aarch64'",
    "python_full_version == '3.13.10'",
    "os_name == 'posix' or os_name == 'nt' and python_version > '3.14'",
]


@pytest.mark.parametrize("place", [LINUX, MAC], ids=["linux", "mac"])
@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_is_judged_as_packaging_judges_it(marker: str, place: dict[str, str]) -> None:
    assert holds(marker, place) == Marker(marker).evaluate(place)


def test_no_marker_holds_everywhere() -> None:
    assert holds(None, LINUX)


@pytest.mark.parametrize("text", ["__import__('os').system('true')", "sys_platform", "1 < 2"])
def test_what_is_no_marker_is_refused_and_not_run(text: str) -> None:
    with pytest.raises(ValueError, match="not a marker"):
        holds(text, LINUX)
