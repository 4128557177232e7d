"""Change notes: the ones that wait for a release, and the text that a release makes of them."""

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["FOLDER", "KINDS", "find_faults", "join_notes", "select_waiting", "split_name"]

FOLDER = Path("docs", "changes")
# In the order in which a team has to know of them.
KINDS = {"removed": "Removed", "changed": "Changed", "new": "New", "repaired": "Repaired"}
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
VERSION = re.compile(r"v\d+\.\d+\.\d+\.md")


def split_name(name: str) -> tuple[str, str]:
    """`prove-says-more.changed.md` → its words and its kind."""
    words, _, kind = name.removesuffix(".md").rpartition(".")
    return words, kind


def select_waiting(files: Mapping[str, str]) -> dict[str, str]:
    """What is to be gathered: everything but the page about notes and the texts of releases."""
    return {name: text for name, text in files.items() if name != "README.md" and not VERSION.fullmatch(name)}


def find_faults(files: Mapping[str, str]) -> list[str]:
    """What is wrong with the notes that wait, by file name and text; none at all is a fault too."""
    notes = select_waiting(files)
    found = [] if notes else [f"{FOLDER}   has no note, so a team would not learn what changes"]
    for name, text in sorted(notes.items()):
        words, kind = split_name(name)
        if not name.endswith(".md") or kind not in KINDS or not NAME.fullmatch(words):
            found.append(f"{FOLDER / name}   is not called WORDS.KIND.md with a kind of {', '.join(KINDS)}")
        if not text.strip():
            found.append(f"{FOLDER / name}   is empty")
        elif text.lstrip().startswith("#"):
            found.append(f"{FOLDER / name}   has a heading; the release gives it one")
    return found


def join_notes(version: str, files: Mapping[str, str]) -> str:
    """The text of a release: a part for each kind, the notes in the order of their names."""
    parts = [f"# {version}\n"]
    for kind, title in KINDS.items():
        texts = [text.strip() for name, text in sorted(select_waiting(files).items()) if split_name(name)[1] == kind]
        if texts:
            parts += [f"## {title}\n", *(f"{text}\n" for text in texts)]
    return "\n".join(parts)
