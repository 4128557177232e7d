"""The check `unowned files`: whether everything in an environment belongs to a package, or is a part of the environment."""

import os
from collections.abc import Iterator, Mapping

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.environments.contents import read_expected
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.environments.machine import running_uv
from lockstep_tool.environments.made_by_uv import files_of_uv
from lockstep_tool.environments.wheels import Contents

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names them, and one for files of another uv, which nobody knows here."""
    unowned: Mapping[str, str] = comparison.fingerprint["unowned"]
    of_uv, unknown = compare_with_uv(comparison, unowned)
    left = [path for path in unowned if path not in of_uv and path not in unknown]
    if left:
        known = set(unlisted(comparison))
        left = [path for path in left if (path, unowned[path]) not in known]
    if left:
        yield comparison.finding(CHECK, f"no package owns {name_few([describe(path, unowned[path]) for path in left])}")
    if unknown:
        uv = comparison.fingerprint["venv"]["uv"]
        yield comparison.finding(
            CHECK,
            f"was made by uv {uv}, and whether that writes {name_few(unknown)} is not known here",
            fix=f"uvx uv@{uv} run noxfile.py -s parity",
            severity=Severity.UNKNOWN,
        )


def describe(path: str, there: str) -> str:
    """The path, and what is there where it is no file."""
    return path if len(there) == 16 and " " not in there else f"{path} ({there})"


def compare_with_uv(comparison: Comparison, unowned: Mapping[str, str]) -> tuple[set[str], list[str]]:
    """Which files are what uv writes into an environment, and which are called so and were written by another uv."""
    venv = comparison.fingerprint["venv"]
    if venv is None:
        return set(), []
    here = running_uv(os.environ.get("PATH", ""))
    same: set[str] = set()
    others: dict[str, None] = {}
    for prefix in dict.fromkeys((venv["prefix"], venv["real"])):
        for name, wanted in files_of_uv(comparison.service.root, {**venv, "prefix": prefix}, here).items():
            path = f"{venv['prefix']}/{name}"
            if unowned.get(path) == wanted:
                same.add(path)
            elif path in unowned:
                others[path] = None
    return same, [path for path in others if path not in same and venv["uv"] != here]


def unlisted(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """What wheels bring without naming it in their RECORD: files with their hash, and directories without a file."""
    for name, contents in read_expected(comparison).items():
        if isinstance(contents, Contents):
            site = comparison.fingerprint["distributions"][name]["site"]
            for file, digest in contents.files.items():
                yield os.path.normpath(f"{site}/{file}"), digest[:16]
            for directory in contents.directories:
                yield f"{site}/{directory}", "directory"


CHECK = Check(
    name="unowned files",
    session="parity",
    asks="Files, links and directories in the environment that neither a package owns nor uv writes there.",
    why="A .pth file runs at each start of the interpreter; a module that nobody installed hides a real one.",
    allowed="Never.",
    fix="build the environment again",
    find=find,
)
