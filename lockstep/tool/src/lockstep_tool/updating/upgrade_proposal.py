"""Move the packages, and save that as a proposal: where each says what changed, what is known of them, and the verdict."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.files.upgrade import Row, move_versions
from lockstep_tool.service import Service
from lockstep_tool.supply.audit import audit
from lockstep_tool.updating.checkout import git, open_checkout
from lockstep_tool.updating.proposing import NOTHING, format_verdict, save_change, save_nothing
from lockstep_tool.updating.proving import run_one_command

__all__ = ["BRANCH", "propose_upgrade"]

BRANCH = "lockstep/upgrade"
RENOVATE = (
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
)
# Labels of links as PEP 753 compares them, the most telling first: without punctuation and spaces, in lower case.
CHANGES = ("changelog", "changes", "whatsnew", "history", "releasenotes", "release")
PLACES = ("source", "sourcecode", "repository", "github", "homepage", "documentation")
# What a proposal may link to: it is another's text, and stands in ours.
LINK = re.compile(r"https://[\w.-]+(?:/[\w./~@+%#=-]*)?")


def propose_upgrade(root: Path, folder: Path) -> list[str]:
    """Move the packages in the checkout, run the one command, and save the change request in `folder`.

    Returns what there is to say. Raises Refusal where something is not committed or cannot be moved.
    """
    if there := [name for name in RENOVATE if (root / name).is_file()]:
        return save_without_change(folder, f"Renovate moves the packages here, as {there[0]} says")
    here = open_checkout(root)
    here.refuse_unfinished()
    rows = move_versions(root).rows
    if not rows:
        return save_without_change(folder, "all packages are as new as allowed")
    proofs = run_one_command(root)
    report = {
        "verdict": "holds" if {*proofs.values()} <= {"success", "skipped"} else "does not hold",
        "proofs": proofs,
        "packages": [{"name": name, "from": before, "to": now} for name, before, now in rows],
        "known": ask_audit(root),
        "diff": git(root, "diff", "--no-ext-diff", "HEAD"),
    }
    count = f"{len(rows)} package{'s' * (len(rows) != 1)}"
    save_change(root, folder, f"{root.name}: {count} to newer versions", format_upgrade(report, rows, find_links(root)), report)
    return [f"{count} moved. It {report['verdict']}. Saved in {folder}."]


def save_without_change(folder: Path, why: str) -> list[str]:
    save_nothing(folder, {"verdict": f"{NOTHING}, {why}"})
    return [f"Nothing to propose: {why}."]


def ask_audit(root: Path) -> str:
    """What is known of the packages as they are now, or why that is not known."""
    try:
        return audit(Service(root))
    except Refusal as refusal:
        return str(refusal)


def format_upgrade(report: Mapping[str, Any], rows: Sequence[Row], links: Mapping[str, str]) -> str:
    """The text of the change request, without the difference."""
    lines = [f"| {name} | {before} | {now} | {links.get(name, '')} |" for name, before, now in rows]
    table = "\n".join(["| package | from | to | what changed |", "| --- | --- | --- | --- |", *lines])
    return f"{format_verdict(report)}\n\n## Packages\n\n{table}\n\n## What is known of them\n\n~~~~\n{report['known']}\n~~~~"


def find_links(root: Path) -> dict[str, str]:
    """Package → where it says what changed, by its metadata in the environment that the one command has just made."""
    places = [str(path) for path in root.glob(".nox/checks/lib/python3*/site-packages")]
    found = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): find_link(one) for one in distributions(path=places)}
    return {name: link for name, link in found.items() if link}


def find_link(distribution: Distribution) -> str:
    """A link in Markdown to a package's changes, else to its source; empty where it names none that may stand there."""
    stated = [line.partition(",") for line in distribution.metadata.get_all("Project-URL") or ()]
    named = {re.sub(r"[\W_]", "", label).lower(): url.strip() for label, _, url in stated}
    for text, labels in (("changes", CHANGES), ("source", PLACES)):
        for label in labels:
            if LINK.fullmatch(named.get(label, "")):
                return f"[{text}]({named[label]})"
    return ""
