"""See that every package which this machine needs has a wheel for this machine and the service's Python."""

import re
from collections.abc import Iterator, Mapping

from lockstep_tool.fingerprint import markers
from lockstep_tool.lockfile import Lock, name_of, spot
from lockstep_tool.locks.lock_graph import reached
from lockstep_tool.markers import with_python

__all__ = ["fits", "lacking_wheels"]


def lacking_wheels(lock: Lock, python: str) -> Iterator[tuple[str, str]]:
    """Pairs of `uv.lock:line` and a package that has wheels, and none for this machine and an exact version of Python."""
    here = with_python(markers(), python)
    for package in reached(lock, here):
        names = [name_of(w) for w in package.get("wheels", ())]
        if names and not any(fits(name, here) for name in names):
            machine = f"{here['sys_platform']} {here['platform_machine']}, Python {here['python_version']}"
            yield spot("uv.lock", lock, package), f"{package['name']} has no wheel for {machine}"


def fits(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a wheel's tags allow a platform; what is unknown is allowed.

    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """
    parts = name.removesuffix(".whl").split("-")
    if len(parts) < 5:
        return False
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(
        python_fits(python, abi, int(environment["python_version"].split(".")[1])) for python in pythons for abi in abis
    ) and any(platform_fits(platform, environment) for platform in platforms)


def python_fits(python: str, abi: str, minor: int) -> bool:
    """Of CPython 3: a wheel for any 3, for this minor, or for the stable interface of an older one."""
    found = re.fullmatch(r"(py|cp)3(\d*)", python)
    if found is None:
        return False
    least = int(found[2] or 0)
    if abi == f"cp3{minor}":
        return found[1] == "cp" and least == minor
    return abi in {"abi3", "none"} and (least <= minor if abi == "abi3" or found[1] == "py" else least == minor)


def platform_fits(platform: str, environment: Mapping[str, str]) -> bool:
    """By system and machine; the age of the C library is left to the installer."""
    system, machine = environment["sys_platform"], environment["platform_machine"]
    prefixes = {"linux": ("linux", "manylinux", "musllinux"), "darwin": ("macosx",), "win32": ("win",)}
    if platform == "any" or system not in prefixes:
        return True
    machines = (machine.lower(), *{"darwin": ("universal2",), "win32": ("win32",)}.get(system, ()))
    return platform.startswith(prefixes[system]) and platform.endswith(machines)
