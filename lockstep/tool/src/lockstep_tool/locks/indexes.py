"""The indexes that the settings declare, and the hosts that serve the files of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lockstep_serve.errors import Refusal
from lockstep_tool.lockfile import Lock, files_of
from lockstep_tool.service import Service

__all__ = ["Index", "host", "hosts_by_index", "read_indexes", "usual_index"]


@dataclass(frozen=True)
class Index:
    """`hosts` serve its files; `exclude_newer` is what its own declaration says of ages, None when it says nothing."""

    url: str
    hosts: frozenset[str]
    exclude_newer: str | bool | None = None


def read_indexes(service: Service) -> dict[str, Index]:
    """Address without its last slash → index, as uv.toml and pyproject.toml declare them.

    Files may come from the index's own host, from those that noxfile.py.lock has for the same index (the template's
    lock, which no one edits), and from `[tool.lockstep] file-hosts`.
    """
    declared = [*service.uv.get("index", ()), *service.project.get("tool", {}).get("uv", {}).get("index", ())]
    known = hosts_by_index(service.locked("noxfile.py.lock").packages)
    hosts = service.settings.get("file-hosts", [])
    if not isinstance(hosts, list):
        raise Refusal(
            "The hosts of the indexes' files cannot be read.",
            [("pyproject.toml [tool.lockstep] file-hosts", repr(hosts))],
            'Make it a list: `file-hosts = ["files.example.org"]`.',
        )
    urls = {str(index.get("url", "")).rstrip("/"): index.get("exclude-newer") for index in declared}
    return {url: Index(url, frozenset({host(url), *map(str, hosts), *known.get(url, ())}), newer) for url, newer in urls.items()}


def usual_index(lock: Lock) -> dict[str, Index]:
    """The index and the host that most of a lock is from: scripts come locked, and declare no index of their own."""
    registries = [str(package["source"]["registry"]) for package in lock.packages if "registry" in package["source"]]
    hosts = [host(str(file["url"])) for package in lock.packages for file in files_of(package) if "url" in file]
    if not registries or not hosts:
        return {}
    url, files = Counter(registries).most_common(1)[0][0].rstrip("/"), Counter(hosts).most_common(1)[0][0]
    return {url: Index(url, frozenset({host(url), files}))}


def hosts_by_index(packages: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Hosts in another lock, by the index that its packages name."""
    hosts: dict[str, set[str]] = {}
    for package in packages:
        url = str(package.get("source", {}).get("registry", "")).rstrip("/")
        hosts.setdefault(url, set()).update(host(str(file["url"])) for file in files_of(package) if "url" in file)
    return hosts


def host(url: str) -> str:
    """Host and port: two ports of one machine are two services."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()
