"""Judge a dependency's marker, such as `sys_platform == 'win32'`, for an environment that may be another machine's.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from lockstep_serve.errors import Refusal

if TYPE_CHECKING:
    from packaging.markers import Marker

__all__ = ["holds", "with_python"]

# Every variable that a marker may name. One that an environment does not say is empty: `packaging` would take this
# machine's.
UNSAID = {
    "extra": "",
    "implementation_name": "",
    "implementation_version": "",
    "os_name": "",
    "platform_machine": "",
    "platform_python_implementation": "",
    "platform_release": "",
    "platform_system": "",
    "platform_version": "",
    "python_full_version": "",
    "python_version": "",
    "sys_platform": "",
}


def holds(marker: str | None, environment: Mapping[str, str]) -> bool:
    """True when the marker is absent or true in `environment`; raises Refusal for what is not a marker."""
    return marker is None or parse_marker(marker).evaluate({**UNSAID, **environment})


@cache
def parse_marker(text: str) -> "Marker":
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(text)
    except InvalidMarker as error:
        raise Refusal(
            "A dependency has a marker that cannot be read.",
            [("marker", text)],
            "Run `uv lock --refresh`, and review what it changes.",
        ) from error


def with_python(environment: Mapping[str, str], python: str) -> dict[str, str]:
    """The same values for an interpreter of exactly this version, such as 3.13.9."""
    return {**environment, "python_full_version": python, "python_version": python.rpartition(".")[0]}
