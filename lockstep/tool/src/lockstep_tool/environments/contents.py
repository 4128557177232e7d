"""What each package that an environment has is expected to have installed there: its locked wheel, and the service's own."""

from collections.abc import Mapping
from functools import lru_cache

from lockstep_tool.environments.environment import Comparison
from lockstep_tool.environments.own_wheel import read_own_wheel
from lockstep_tool.environments.wheels import (
    Contents,
    LockedWheel,
    NoLockedWheel,
    OtherWheel,
    UnknownContents,
    find_wheel,
    is_installed,
    read_all_contents,
)
from lockstep_tool.service import Service

__all__ = ["read_expected"]


def read_expected(comparison: Comparison) -> Mapping[str, Contents | UnknownContents | OtherWheel]:
    """Contents by name; what cannot be read is the reason why."""
    expected = read_all_contents(locked_wheels(comparison))
    name = comparison.fingerprint["service"]
    if name in comparison.fingerprint["distributions"]:
        expected[name] = own_contents(comparison.service)
    return expected


@lru_cache(maxsize=1)
def own_contents(service: Service) -> Contents | UnknownContents:
    """The service's own wheel, built once for all environments that are compared."""
    try:
        return read_own_wheel(service.root)
    except UnknownContents as reason:
        return reason


def locked_wheels(comparison: Comparison) -> dict[str, LockedWheel]:
    """The wheel of each package that the check `wheels` is content with."""
    service, seen = comparison.service, comparison.fingerprint
    chosen = {}
    for name, package in service.packages(comparison.markers).items():
        if is_installed(seen, name, package):
            try:
                chosen[name] = find_wheel(service.root, package, seen["distributions"][name]["tags"])
            except NoLockedWheel:
                continue
    return chosen
