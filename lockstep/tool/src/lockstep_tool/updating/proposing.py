"""Save an update as a patch with a text, and open a change request of it.

The two halves run in two jobs: the first runs the service's code and may write nothing, the second may write and runs
none of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import git, open_checkout
from lockstep_tool.updating.hosts import Host, find_host
from lockstep_tool.updating.report import format_headline, format_report

__all__ = ["open_request", "save_proposal"]

BRANCH = "lockstep/update"
PATCH, TEXT, DOCUMENT = "update.patch", "update.md", "update.json"
LONGEST = 60_000  # characters that both hosts take
VERDICTS = {"holds": "It holds.", "does not hold": "**It does not hold.**"}
WHO = {"user.name": "Lockstep", "user.email": "lockstep@localhost"}


def save_proposal(root: Path, folder: Path, report: Mapping[str, Any]) -> None:
    """Write the update that is in the checkout, and the text of its change request."""
    folder.mkdir(parents=True, exist_ok=True)
    if report["verdict"] == "nothing to do":
        (folder / DOCUMENT).write_text(json.dumps(report), encoding="utf-8")
        return
    patch = git(root, "diff", "--binary", "--no-ext-diff", "--full-index", "HEAD")
    (folder / PATCH).write_text(patch, encoding="utf-8", errors="surrogateescape")
    (folder / TEXT).write_text(format_request(report), encoding="utf-8")
    (folder / DOCUMENT).write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")


def format_request(report: Mapping[str, Any]) -> str:
    """The text of a change request."""
    proofs = report["proofs"] or {}
    rows = [f"| `{name}` | {result} |" for name, result in proofs.items()]
    verdict = VERDICTS.get(report["verdict"], "**It is not proved.**")
    table = "\n".join(["| session | result |", "| --- | --- |", *rows]) if rows else ""
    parts = [verdict, table, format_report(report, markdown=True)]
    parts.append(f"## The difference\n\n~~~~diff\n{report['diff']}\n~~~~")
    whole = "\n\n".join(part for part in parts if part)
    return whole if len(whole) <= LONGEST else whole[:LONGEST] + "\n~~~~\n\nThe rest is in the change itself.\n"


def open_request(root: Path, folder: Path) -> int:
    """Put what was saved on a branch of its own and open a change request, or renew the one that is open."""
    report = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    if not (folder / PATCH).exists():
        print(f"There is nothing to propose: {report['verdict']}.")
        return 0
    there, here = find_host(), open_checkout(root)
    here.refuse_unfinished()
    if by := find_other_author(here.top, there):
        print(f"{by} works on {BRANCH}, so it is left alone. Merge it or delete it, then there is a new proposal.")
        return 0
    title = format_headline(report)
    git(here.top, "switch", "--quiet", "--force-create", BRANCH)
    git(here.top, "update-index", "-q", "--refresh")  # a checkout that was copied here is as good
    git(here.top, "apply", "--index", "--binary", str((folder / PATCH).resolve()))
    git(here.top, "commit", "--quiet", "--message", title, settings=WHO)
    push_branch(here.top, there)
    print(there.open_request(BRANCH, title, (folder / TEXT).read_text(encoding="utf-8")))
    return 0


def find_other_author(top: Path, there: Host) -> str:
    """Who else committed to the branch since it was proposed; a proposal is renewed only where nobody did."""
    if not git(top, "ls-remote", there.repository, f"refs/heads/{BRANCH}", settings=there.login):
        return ""
    git(top, "fetch", "--quiet", there.repository, f"refs/heads/{BRANCH}", settings=there.login)
    name, address = git(top, "log", "-1", "--format=%an%n%ae", "FETCH_HEAD").splitlines()
    return "" if address == WHO["user.email"] else name


def push_branch(top: Path, there: Host) -> None:
    """Push the branch; raises Refusal that says what the token needs."""
    try:
        git(top, "push", "--quiet", "--force", there.repository, f"HEAD:refs/heads/{BRANCH}", settings=there.login)
    except Refusal as refusal:
        raise Refusal(
            "The update cannot be pushed.",
            [("branch", BRANCH), *refusal.where],
            "Give LOCKSTEP_UPDATE_TOKEN the right to write contents, and workflows where the update changes them.",
        ) from refusal
