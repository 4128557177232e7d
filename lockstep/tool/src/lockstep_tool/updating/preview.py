"""An update as a document: versions, notes, answers, files, packages, decisions, and the difference itself."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from lockstep_tool.updating.checkout import ANSWERS, Checkout, changes, git
from lockstep_tool.updating.judging import Fault
from lockstep_tool.updating.origin import Origin, said

__all__ = ["SCHEMA", "difference", "document", "headline", "text"]

SCHEMA = "lockstep.update/1"
MARKS = {"added": "+", "changed": "~", "removed": "-"}
OURS, FEW = "src/lockstep", 5  # of its files, more than so many in one folder are counted, not listed
SIDES = ("1", "2", "3")  # of a conflict, as git numbers them: what came, what the team made of it, what comes


def document(here: Checkout, tree: Path, origin: Origin, found: Sequence[Fault], data: Mapping[str, str]) -> dict[str, Any]:
    """All that is known before anything has changed."""
    old = said(here)
    new = yaml.safe_load((tree / ANSWERS).read_text(encoding="utf-8"))
    asked = {name for name in new if not name.startswith("_")} - set(old)
    helps = origin.helps() if asked else {}
    existing, changed = set(here.files()), changes(tree, here.head)
    gone = [path for path in changed if not (tree / path).exists()]
    return {
        "schema": SCHEMA,
        "service": old.get("project_name", here.root.name),
        "template": origin.address,
        "from": origin.before,
        "to": origin.after,
        "answers": {name: {"from": old.get(name), "to": new.get(name)} for name in data if old.get(name) != new.get(name)},
        "notes": [asdict(note) for note in origin.notes()],
        "decide": {
            "new_questions": [
                {"name": name, "answer": new[name], "help": helps.get(name, "")} for name in sorted(asked - set(data))
            ],
            "questions_gone": sorted(name for name in old if not name.startswith("_") and name not in new),
            "values_without_a_place": list(homeless(here, tree, found)),
        },
        "goes": [path for path in gone if path not in {fault.path for fault in found}],
        "files": {
            "added": [path for path in changed if path not in existing],
            "changed": [path for path in changed if path in existing and path not in gone],
            "removed": gone,
        },
        "packages": moved(here.show("uv.lock"), tree / "uv.lock"),
        "faults": [{**asdict(fault), "remedy": fault.remedy} for fault in found],
        "diff": difference(tree, here.head),
        "proofs": None,
        "verdict": "needs a hand" if found else "clean",
    }


def homeless(here: Checkout, tree: Path, found: Sequence[Fault]) -> Iterator[dict[str, str]]:
    """Values of server.toml that the team chose and that another server model does not have."""
    for path in (fault.path for fault in found if fault.kind == "conflict" and fault.path.endswith("/server.toml")):
        try:
            came, chosen, comes = (tomllib.loads(git(tree, "show", f":{side}:./{path}")) for side in SIDES)
        except tomllib.TOMLDecodeError:
            continue
        for name, value in chosen.items():
            if name not in comes and value != came.get(name):
                yield {
                    "file": path,
                    "name": name,
                    "value": str(value.get("default", value) if isinstance(value, dict) else value),
                }


def difference(tree: Path, head: str, *, color: bool = False) -> str:
    """Everything that changes below `tree`, new files included; the lock's difference is told in packages."""
    if new := git(tree, "ls-files", "--others", "-z", "--", ".").split("\0")[:-1]:
        git(tree, "add", "--force", "--intent-to-add", "--", *new)
    how = ["--color=always"] if color else ["--no-color"]
    return git(tree, "diff", "--no-ext-diff", "--no-renames", "--relative", *how, head, "--", ".", ":(exclude)uv.lock")


def moved(before: bytes | None, after: Path) -> list[dict[str, str | None]]:
    """Packages whose locked version changes."""
    old = versions((before or b"").decode(errors="replace"))
    new = versions(after.read_text(encoding="utf-8") if after.exists() else "")
    differ = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return [{"name": name, "from": old.get(name), "to": new.get(name)} for name in differ]


def versions(lock: str) -> dict[str, str]:
    try:
        packages = tomllib.loads(lock).get("package", [])
    except tomllib.TOMLDecodeError:
        return {}
    return {package["name"]: package["version"] for package in packages if "version" in package}


def text(found: Mapping[str, Any], *, markdown: bool = False) -> str:
    """The document without its difference: for a terminal, or for a change request."""
    parts = [part(title, rows, markdown=markdown) for title, rows in sections(found, markdown=markdown) if rows]
    return "\n\n".join([headline(found), *parts])


def headline(found: Mapping[str, Any]) -> str:
    answers = ", ".join(f"{name} {change['from']} → {change['to']}" for name, change in found["answers"].items())
    versions = f"{found['from']} → {found['to']}" if found["from"] != found["to"] else f"stays at {found['to']}"
    return f"{found['service']}: " + "; ".join(part for part in (f"Lockstep {versions}", answers) if part)


def part(title: str, rows: Sequence[str], *, markdown: bool) -> str:
    if markdown:
        return f"## {title}\n\n" + "\n".join(rows)
    return f"{title}\n" + "\n".join(f"  {line}" for row in rows for line in row.splitlines())


def sections(found: Mapping[str, Any], *, markdown: bool) -> Iterator[tuple[str, list[str]]]:
    bullet = "- " if markdown else ""
    code = "`{}`" if markdown else "{}"
    said = "{version}\n\n{text}\n" if markdown else "{version}: {text}"
    noted = [said.format(**note) for note in found["notes"]]
    yield "What the template changed", noted
    yield "Needs a decision", [bullet + line for line in decisions(found["decide"], code)]
    yield "Goes, and you had not changed it", [bullet + line for line in by_folder(found["goes"], code)]
    files = found["files"]
    rest = {**files, "removed": [path for path in files["removed"] if path not in found["goes"]]}
    yield "Files", [f"{bullet}{MARKS[how]} {line}" for how in MARKS for line in by_folder(rest[how], code)]
    rows = [f"{bullet}{p['name']} {p['from'] or '(new)'} → {p['to'] or '(gone)'}" for p in found["packages"]]
    yield "Packages", rows
    stuck = [f"{bullet}{code.format(fault['path'])}: {fault['said']}. {fault['remedy']}" for fault in found["faults"]]
    yield "Needs a hand", stuck


def by_folder(paths: Sequence[str], code: str) -> Iterator[str]:
    """Each path; those of a package of Lockstep's that are many, as a number, because nobody decides about them."""
    rooms = Counter(path.rpartition("/")[0] for path in paths if path.startswith(OURS))
    for folder, number in rooms.items():
        if number > FEW:
            yield f"{code.format(folder)}: {number} files"
    yield from (code.format(path) for path in paths if rooms[path.rpartition("/")[0]] <= FEW)


def decisions(decide: Mapping[str, Any], code: str) -> Iterator[str]:
    for question in decide["new_questions"]:
        name = question["name"]
        asks = f" ({question['help']})" if question["help"] else ""
        yield f"new question {code.format(name)}: {question['answer']!r} is taken{asks}; another: --data {name}=…"
    for name in decide["questions_gone"]:
        yield f"{code.format(name)} is not asked any more; your answer goes"
    for value in decide["values_without_a_place"]:
        what = f"the new server model has no {value['name']}, which you set to {value['value']}"
        yield f"{code.format(value['file'])}: {what}"
