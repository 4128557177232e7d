"""Whom a service may ask: an index and a vulnerability service, both on loopback, and a service that is locked from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import Service
from snapshot import git
from stand_in_index import Index, from_index, stand_in_index
from stand_in_osv import Osv, stand_in_osv

__all__ = ["Network", "forget", "network"]


@dataclass
class Network:
    """`service` is the good checkout at `commit`, as it is put back after each fault; `environment` is made from its lock."""

    index: Index
    osv: Osv
    service: Service
    environment: Path
    commit: str

    def restore(self) -> None:
        self.osv.advisories.clear()
        git(self.service.path, "reset", "--quiet", "--hard", self.commit)


@contextmanager
def network(good: Service, folder: Path) -> Iterator[Network]:
    """Both, and a copy of a good service in `folder` that asks them, until the end of the block."""
    with stand_in_index() as index, stand_in_osv() as osv:
        index.publish("tiny", "1.0", "smaller")
        index.publish("smaller", "1.0")
        index.publish("evil", "1.0")
        born = from_index(good, index, folder)
        service = Service(born.path, {**good.settings, **born.settings})
        with (service.path / "pyproject.toml").open("a") as project:
            project.write(f'\n[tool.lockstep.audit]\nservice = "{osv.address}"\n')
        forget(service)
        commit = git(service.path, "rev-parse", "HEAD").strip()
        yield Network(index, osv, service, folder.parent / f"{folder.name}-environment", commit)


def forget(service: Service) -> None:
    """One commit has all: nothing is known of before."""
    git(service.path, "add", "--all")
    whole = git(service.path, "write-tree").strip()
    git(service.path, "reset", "--quiet", git(service.path, "commit-tree", whole, "-m", "All of it").strip())
