"""An update as a document: versions, notes, answers, files, packages, decisions, and the difference itself."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.updating.checkout import Checkout, git, list_changes
from lockstep_tool.updating.judging import path_of
from lockstep_tool.updating.origin import Origin, read_answers
from lockstep_tool.updating.packages import list_moved_packages, list_moved_wheels
from lockstep_tool.updating.wheels import FOLDER, is_wheel

__all__ = ["SCHEMA", "describe_update", "find_values_without_place", "show_difference"]

SCHEMA = "lockstep.update/1"
SIDES = ("1", "2", "3")  # of a conflict, as git numbers them: what came, what the team made of it, what comes
TOLD_IN_PACKAGES = ("uv.lock", f"{FOLDER}/uv.lock", f"{FOLDER}/*.whl")


def describe_update(
    here: Checkout, tree: Path, origin: Origin, findings: Sequence[Finding], data: Mapping[str, str]
) -> dict[str, Any]:
    """All that is known before anything has changed."""
    old = read_answers(here)
    new = yaml.safe_load((tree / ANSWERS).read_text(encoding="utf-8"))
    asked = {name for name in new if not name.startswith("_")} - set(old)
    helps = origin.read_helps() if asked else {}
    existing = set(here.list_files())
    changed = list_changes(tree, here.head)
    listed = [path for path in changed if not is_wheel(path)]
    gone = [path for path in listed if not (tree / path).exists()]
    wheels = list_moved_wheels(here, tree, changed)
    named = {wheel["name"] for wheel in wheels}
    packages = list_moved_packages(here.read_committed("uv.lock"), tree / "uv.lock")
    return {
        "schema": SCHEMA,
        "service": old.get("project_name", here.root.name),
        "template": origin.address,
        "from": origin.before,
        "to": origin.after,
        "answers": {name: {"from": old.get(name), "to": new.get(name)} for name in data if old.get(name) != new.get(name)},
        "notes": [asdict(note) for note in origin.read_notes()],
        "decide": {
            "new_questions": [
                {"name": name, "answer": new[name], "help": helps.get(name, "")} for name in sorted(asked - set(data))
            ],
            "questions_gone": sorted(name for name in old if not name.startswith("_") and name not in new),
            "values_without_a_place": list(find_values_without_place(tree, map(path_of, findings))),
        },
        "goes": [path for path in gone if path not in {path_of(finding) for finding in findings}],
        "files": {
            "added": [path for path in listed if path not in existing],
            "changed": [path for path in listed if path in existing and path not in gone],
            "removed": gone,
        },
        "packages": [*wheels, *(package for package in packages if package["name"] not in named)],
        "findings": [
            {"check": finding.check, "file": path_of(finding), "what": finding.what, "fix": finding.fix} for finding in findings
        ],
        "diff": show_difference(tree, here.head),
        "proofs": None,
        "verdict": "needs a hand" if findings else "clean",
    }


def find_values_without_place(tree: Path, conflicts: Iterable[str]) -> Iterator[dict[str, str]]:
    """Values of server.toml that the team chose and that another server model does not have."""
    for path in conflicts:
        if not path.endswith("/server.toml"):
            continue
        try:
            came, chosen, comes = (tomllib.loads(git(tree, "show", f":{side}:./{path}")) for side in SIDES)
        except (Refusal, tomllib.TOMLDecodeError):
            continue
        for name, value in chosen.items():
            if name not in comes and value != came.get(name):
                stated = value.get("default", value) if isinstance(value, dict) else value
                yield {"file": path, "name": name, "value": str(stated), "model": str(comes.get("model", ""))}


def show_difference(tree: Path, head: str, *, color: bool = False) -> str:
    """Everything that changes below `tree`, new files included; locks and wheels are told in packages."""
    if new := git(tree, "ls-files", "--others", "-z", "--", ".").split("\0")[:-1]:
        git(tree, "add", "--force", "--intent-to-add", "--", *new)
    how = ["--color=always"] if color else ["--no-color"]
    left_out = [f":(exclude){pattern}" for pattern in TOLD_IN_PACKAGES]
    return git(tree, "diff", "--no-ext-diff", "--no-renames", "--relative", *how, head, "--", ".", *left_out)
