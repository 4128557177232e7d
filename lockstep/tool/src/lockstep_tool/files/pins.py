"""Compare every place that repeats something with the one voice that counts, and name all that disagree at once.

Python is said in `.python-version`, uv in `uv.toml` (the lower bound of required-version), nox in `noxfile.py.lock`,
how it serves in `server.toml`, what it reads from its environment in `settings.py`.
"""

from collections.abc import Iterator
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.files import deployed, started
from lockstep_tool.files import statements_of_versions as voices
from lockstep_tool.files.faults import Fault, judge, mend
from lockstep_tool.files.one_command import bypassed
from lockstep_tool.files.pinned_actions import by_tag
from lockstep_tool.files.pinned_images import loose
from lockstep_tool.files.ranges import outside
from lockstep_tool.files.variables_stated import unstated
from lockstep_tool.versions import exact_python, locked_nox, lower_bound

__all__ = ["check", "faults"]


def check(root: Path, *, nox: str | None = None, fix: bool = False) -> list[str]:
    """Raise Refusal for all that disagrees; return what was looked at, with the warnings below it. `fix` rewrites the
    echoes, never the source.
    """
    if nox is not None and nox != locked_nox(root):
        raise Refusal(
            "This is not the nox that the service locks.",
            [("noxfile.py.lock", locked_nox(root)), ("running", f"{nox}   <- differs")],
            "Run `uv run noxfile.py`: it takes the locked one.",
        )
    for name in ("Dockerfile", "noxfile.py"):
        (root / name).stat()  # or it would pass without having been looked at
    mended = [f"mended {place}" for place in mend(root, faults(root))] if fix else []
    warnings = judge("pins", faults(root))
    return [*mended, *said(root), *deployed.compared(root), *started.looked_at(root), *warnings]


def faults(root: Path) -> Iterator[Fault]:
    """Everything that the files of a service state in two ways, or not at all."""
    versions = truth(root)
    yield from voices.disagreeing(versions, list(voices.where(root, versions)))
    yield from voices.unpinned(root, versions)
    yield from outside(root, versions)
    yield from bypassed(root)
    yield from started.otherwise(root)
    yield from deployed.disagreeing(root)
    yield from unstated(root)
    yield from by_tag(root)
    yield from loose(root)


def truth(root: Path) -> dict[str, str]:
    """The version of each tool by the one voice that counts."""
    return {"Python": exact_python(root), "uv": lower_bound(root), "nox": locked_nox(root)}


def said(root: Path) -> Iterator[str]:
    """Each version, its source and where else it stands."""
    versions = truth(root)
    heard = list(voices.where(root, versions))
    for tool, version in versions.items():
        source = voices.SOURCES[tool]
        places = dict.fromkeys(voice.found.place for voice in heard if voice.tool == tool)
        yield f"{tool} {version}: {source}{', repeated by ' if places else ' alone says it'}{', '.join(places)}"
