"""The words of an update's document: for a terminal, or for a change request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["format_headline", "format_report"]

MARKS = {"added": "+", "changed": "~", "removed": "-"}


def format_report(document: Mapping[str, Any], *, markdown: bool = False) -> str:
    """The document without its difference."""
    parts = [format_part(title, rows, markdown=markdown) for title, rows in list_parts(document, markdown=markdown) if rows]
    return "\n\n".join([format_headline(document), *parts])


def format_headline(document: Mapping[str, Any]) -> str:
    answers = ", ".join(f"{name} {change['from']} → {change['to']}" for name, change in document["answers"].items())
    old, new = document["from"], document["to"]
    versions = f"{old} → {new}" if old != new else f"stays at {new}"
    return f"{document['service']}: " + "; ".join(part for part in (f"Lockstep {versions}", answers) if part)


def format_part(title: str, rows: Sequence[str], *, markdown: bool) -> str:
    if markdown:
        return f"## {title}\n\n" + "\n".join(rows)
    return f"{title}\n" + "\n".join(f"  {line}" for row in rows for line in row.splitlines())


def list_parts(document: Mapping[str, Any], *, markdown: bool) -> Iterator[tuple[str, list[str]]]:
    """Titles and rows."""
    bullet = "- " if markdown else ""
    code = "`{}`" if markdown else "{}"
    note = "{version}\n\n{text}\n" if markdown else "{version}: {text}"
    yield "What the template changed", [note.format(**one) for one in document["notes"]]
    yield "Needs a decision", [bullet + line for line in list_decisions(document["decide"], code)]
    yield "Goes, and you had not changed it", [bullet + code.format(path) for path in document["goes"]]
    files = document["files"]
    rest = {**files, "removed": [path for path in files["removed"] if path not in document["goes"]]}
    yield "Files", [f"{bullet}{MARKS[how]} {code.format(path)}" for how in MARKS for path in rest[how]]
    packages = document["packages"]
    yield "Packages", [f"{bullet}{one['name']} {one['from'] or '(new)'} → {one['to'] or '(gone)'}" for one in packages]
    stuck = [f"{bullet}{code.format(one['file'])}: {one['what']}. {one['fix']}" for one in document["findings"]]
    yield "Needs a hand", stuck


def list_decisions(decide: Mapping[str, Any], code: str) -> Iterator[str]:
    for question in decide["new_questions"]:
        name = question["name"]
        asks = f" ({question['help']})" if question["help"] else ""
        yield f"new question {code.format(name)}: {question['answer']!r} is taken{asks}; another: --data {name}=…"
    for name in decide["questions_gone"]:
        yield f"{code.format(name)} is not asked any more; your answer goes"
    for value in decide["values_without_a_place"]:
        what = f"the server model {value['model']} has no {value['name']}, which you set to {value['value']}"
        yield f"{code.format(value['file'])}: {what}"
