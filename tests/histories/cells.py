"""One service of one version, untouched or lived in, brought to today, and looked at."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from owners import read_owners
from services import Service
from snapshot import git

from .ledger import Ledger, find_entered
from .living import live_in
from .looking import find_differences, find_forgotten, find_leftovers, find_stale_lock, list_unmerged, read_answers
from .versions import TODAY, Past

__all__ = ["Cell", "Verdict", "list_cells", "try_cell"]


@dataclass(frozen=True)
class Cell:
    """`data` is what was answered; `lived` says that a team worked there before the update."""

    version: str
    name: str
    data: Mapping[str, object] = field(hash=False)
    lived: bool

    def __str__(self) -> str:
        return f"{self.version} {self.name} {'lived-in' if self.lived else 'untouched'}"


@dataclass(frozen=True)
class Verdict:
    """`conflicts` are files that a person has to resolve, uv.lock not among them; `lost` and `wrong` must be empty."""

    conflicts: tuple[str, ...] = ()
    written: int = 0
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    seconds: float = 0.0


def list_cells(past: Past) -> list[Cell]:
    """Every version with every set of answers that it was tested with, twice."""
    sets = [(version, name, data) for version, known in past.answers.items() for name, data in known.items()]
    return [Cell(version, name, data, lived) for version, name, data in sets for lived in (False, True)]


def try_cell(past: Past, cell: Cell, folder: Path) -> Verdict:
    """Make the service, let a team live in it, update it, look."""
    began = time.monotonic()
    service, template = Service(folder / "service", {}), past.template
    done = template.copy(service.path, {"project_name": "orders-api", **cell.data}, tag=cell.version)
    assert done.returncode == 0, done.stderr
    git(service.path, "init", "--quiet")
    git(service.path, "add", "--all")
    git(service.path, "commit", "--quiet", "--message", "Begin")
    git(service.path, "tag", "begin")
    ledger = Ledger()
    if cell.lived:
        live_in(service)
        ledger.enter(service.path, "begin", "HEAD")
    owners = read_owners(template.path, service.package().name)
    before = read_answers(service)
    done = template.update(service.path)
    if done.returncode:
        return Verdict(wrong=(f"not updated: {done.stderr}",), seconds=time.monotonic() - began)
    conflicts = tuple(sorted(list_unmerged(service) - {"uv.lock"}))
    lost = tuple(ledger.lost(service.path))
    known = past.known.get(cell.version, {})
    wrong = [f"{path}   <- in conflict" for path in conflicts if path not in known]
    wrong += [*find_entered(service.path, owners), *find_leftovers(service), *find_forgotten(before, service)]
    for path in conflicts:  # resolved by the team's side, whole
        (service.path / path).write_text(git(service.path, "show", f":2:{path}"), encoding="utf-8")
    wrong += find_stale_lock(service)
    if not cell.lived:
        wrong += find_differences(service, template, TODAY, owners, folder / "fresh", merged=True)
    return Verdict(conflicts, ledger.written(), lost, tuple(wrong), time.monotonic() - began)
