"""The components of the lock and of an image, each by the name that scanners know: its package URL.

https://github.com/package-url/purl-spec
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lockstep_tool.environments.wheels import NoLockedWheel, find_wheel
from lockstep_tool.lockfile import Lock, files_of
from lockstep_tool.markers import holds
from lockstep_tool.service import Service

__all__ = ["Component", "components_of_image", "components_of_lock", "is_local", "service_purl"]

LOCAL = {"directory", "editable", "path", "virtual"}  # sources in the repository itself

Package = Mapping[str, Any]


@dataclass(frozen=True)
class Component:
    """`files` are pairs of an address and `sha256:…`; `installed` is the one that is, where that is known.

    `needs` are package URLs, or None where nobody was asked.
    """

    purl: str
    name: str
    version: str
    type: str = "library"
    files: tuple[tuple[str, str], ...] = ()
    installed: str = ""
    needs: tuple[str, ...] | None = None


def is_local(package: Package) -> bool:
    """Whether a locked package lies in the repository: what an index has under its name is somebody else's."""
    return bool(LOCAL & set(package["source"]))


def components_of_lock(service: Service, version: str, markers: Mapping[str, str]) -> list[Component]:
    """The service, its interpreter and its production set on a platform with these marker values."""
    lock, packages = service.lock, service.packages(markers)
    needs = {by: tuple(sorted(package_purl(packages[name]) for name in names)) for by, names in graph(lock, markers).items()}
    own = Component(
        service_purl(str(lock.root["name"]), version),
        str(lock.root["name"]),
        version,
        "application",
        needs=tuple(sorted((*needs[""], python_purl(service.python)))),
    )
    locked = (
        Component(
            package_purl(package),
            name,
            version_of(package),
            files=tuple(sorted((address_of(package, file), str(file["hash"])) for file in files_of(package) if "hash" in file)),
            needs=needs[name],
        )
        for name, package in packages.items()
    )
    return sort_by_purl([own, interpreter(service.python), *locked])


def components_of_image(seen: Mapping[str, Any], service: Service) -> list[Component]:
    """What an inventory says, with the wheel that the lock has for each distribution."""
    return sort_by_purl(
        [
            interpreter(str(seen["python"])),
            *(match_installed(package, service) for package in seen["packages"]),
            *(debian(package, seen["system"]) for package in seen["debian"]),
        ]
    )


def match_installed(package: Package, service: Service) -> Component:
    """A distribution with its wheel, where the lock has one of this version with these tags."""
    name, version = str(package["name"]), str(package["version"])
    if package["service"]:
        return Component(service_purl(name, version), name, version, "application")
    for locked in service.lock.named(name):
        if version_of(locked) == version:
            try:
                wheel = find_wheel(service.root, locked, list(package["tags"]))
            except NoLockedWheel:
                return Component(package_purl(locked), name, version)
            file = (wheel.address or wheel.file, f"sha256:{wheel.digest}")
            return Component(package_purl(locked), name, version, files=(file,), installed=file[1])
    return Component(purl("pypi", name, version), name, version)


def debian(package: Mapping[str, str], system: Mapping[str, str]) -> Component:
    """A package of the base system."""
    vendor = system.get("ID", "debian")
    release = {"distro": f"{vendor}-{system['VERSION_ID']}"} if "VERSION_ID" in system else {}
    url = purl(f"deb/{vendor}", package["name"], package["version"], arch=package["arch"], **release)
    return Component(url, package["name"], package["version"])


def interpreter(version: str) -> Component:
    return Component(python_purl(version), "cpython", version, "platform", needs=())


def python_purl(version: str) -> str:
    return purl("generic", "cpython", version)


def service_purl(name: str, version: str) -> str:
    """Not of an index: what an index has under this name is somebody else's."""
    return purl("generic", name, version)


def package_purl(package: Package) -> str:
    """Of the index, unless the package lies in the repository."""
    return purl("generic" if is_local(package) else "pypi", str(package["name"]), version_of(package))


def version_of(package: Package) -> str:
    """A directory that computes its version has none in the lock."""
    return str(package.get("version", "0"))


def address_of(package: Package, file: Package) -> str:
    """Where a locked file comes from: an address, or a path in the repository."""
    return str(file.get("url") or package["source"].get("path") or file.get("path", ""))


def purl(kind: str, name: str, version: str, **qualifiers: str) -> str:
    tail = "&".join(f"{key}={quote(value, safe=':')}" for key, value in sorted(qualifiers.items()))
    return f"pkg:{kind}/{quote(name, safe='')}@{quote(version, safe=':')}{'?' * bool(tail)}{tail}"


def sort_by_purl(components: Iterable[Component]) -> list[Component]:
    return sorted({component.purl: component for component in components}.values(), key=lambda one: one.purl)


def graph(lock: Lock, markers: Mapping[str, str]) -> dict[str, set[str]]:
    """Name → names that it needs there, with the extras that somebody asks for; the service is the empty name."""
    needs: dict[str, set[str]] = {"": set()}
    followed: set[tuple[str, str]] = set()
    todo: list[tuple[str, Package]] = [("", edge) for edge in lock.root.get("dependencies", ())]
    while todo:
        by, edge = todo.pop()
        if not holds(edge.get("marker"), markers):
            continue
        name = str(edge["name"])
        needs[by].add(name)
        needs.setdefault(name, set())
        for extra in {"", *edge.get("extra", ())} - {extra for of, extra in followed if of == name}:
            followed.add((name, extra))
            todo += [(name, further) for further in needed_by(lock.chosen(edge, markers), extra)]
    return needs


def needed_by(package: Package, extra: str) -> Iterator[Package]:
    """The edges of a package, or of one of its extras."""
    yield from package.get("optional-dependencies", {}).get(extra, ()) if extra else package.get("dependencies", ())
