"""The words of an update's document: on one screen, in full, or for a change request."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockstep_tool.files.template_address import is_only_here

__all__ = ["describe_address", "format_headline", "format_report", "format_screen"]

MARKS = {"added": "+", "changed": "~", "removed": "-"}


MOST = 4  # lines of one part of the screen, which has 24
SHORT = 2  # packages that are named there


def format_screen(document: Mapping[str, Any]) -> str:
    """What comes, what is in conflict and what is to be decided, in at most 21 lines."""
    width = max(min(shutil.get_terminal_size().columns, 120), 60)
    stuck = [f"{one['file']}: {one['what']}" for one in document["findings"]]
    notes = [f"{note['version']}: {line}" for note in document["notes"] for line in note["text"].splitlines() if line.strip()]
    parts = (
        (f"Needs a hand: {len(stuck)}", stuck),
        ("Needs a decision", list_decisions(document, "{}")),
        ("What the template changed", notes),
    )
    lines = textwrap.wrap(format_headline(document), width, max_lines=2)
    for title, rows in parts:
        lines += [title, *shorten(list(rows), width)] if rows else []
    lines.append("Files: " + ", ".join(f"{len(document['files'][how])} {how}" for how in MARKS))
    if packages := [format_package(one) for one in document["packages"]]:
        rest = f" and {len(packages) - SHORT} more" if len(packages) > SHORT else ""
        lines.append(textwrap.shorten(f"Packages: {', '.join(packages[:SHORT])}{rest}", width, placeholder=" …"))
    return "\n".join(lines)


def shorten(rows: Sequence[str], width: int) -> list[str]:
    """As many rows as there is room for, each of two lines at most, and how many more there are."""
    lines: list[str] = []
    for number, row in enumerate(rows):
        wrapped = textwrap.wrap(row, width, initial_indent="  ", subsequent_indent="    ", max_lines=2, placeholder=" …")
        last = number == len(rows) - 1
        if len(lines) + len(wrapped) > MOST + last:
            return [*lines, f"  and {len(rows) - number} more"]
        lines += wrapped
    return lines


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
    yield "Needs a decision", [bullet + line for line in list_decisions(document, code)]
    yield "Goes, and you had not changed it", [bullet + code.format(path) for path in document["goes"]]
    files = document["files"]
    rest = {**files, "removed": [path for path in files["removed"] if path not in document["goes"]]}
    yield "Files", [f"{bullet}{MARKS[how]} {code.format(path)}" for how in MARKS for path in rest[how]]
    packages = document["packages"]
    yield "Packages", [bullet + format_package(one) for one in packages]
    stuck = [f"{bullet}{code.format(one['file'])}: {one['what']}. {one['fix']}" for one in document["findings"]]
    yield "Needs a hand", stuck


def format_package(moved: Mapping[str, str | None]) -> str:
    return f"{moved['name']} {moved['from'] or '(new)'} → {moved['to'] or '(gone)'}"


def list_decisions(document: Mapping[str, Any], code: str) -> list[str]:
    """What somebody has to decide, or would want to know."""
    decide = document["decide"]
    return [*describe_address(document["template"]), *describe_questions(decide, code), *describe_values(decide, code)]


def describe_address(address: str) -> Iterator[str]:
    """How to name another one, where it is a directory of this machine."""
    if is_only_here(address):
        yield (
            f"the template's address is on this machine alone: {address}; "
            "where others reach it: `uv run noxfile.py -s update -- --from ADDRESS`"
        )


def describe_questions(decide: Mapping[str, Any], code: str) -> Iterator[str]:
    for question in decide["new_questions"]:
        name = question["name"]
        asks = f" ({question['help']})" if question["help"] else ""
        yield f"new question {code.format(name)}: {question['answer']!r} is taken{asks}; another: --data {name}=…"
    for name in decide["questions_gone"]:
        yield f"{code.format(name)} is not asked any more; your answer goes"


def describe_values(decide: Mapping[str, Any], code: str) -> Iterator[str]:
    for value in decide["values_without_a_place"]:
        what = f"the server model {value['model']} has no {value['name']}, which you set to {value['value']}"
        yield f"{code.format(value['file'])}: {what}"
