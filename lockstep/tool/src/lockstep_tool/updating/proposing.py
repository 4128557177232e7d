"""Save a change of the checkout as a patch with a text, and open a change request of it.

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

__all__ = ["NOTHING", "format_verdict", "open_request", "save_change", "save_nothing", "save_proposal"]

NOTHING = "nothing to do"
PATCH, TEXT, DOCUMENT = "update.patch", "update.md", "update.json"
LONGEST = 60_000  # characters that both hosts take
VERDICTS = {"holds": "It holds.", "does not hold": "**It does not hold.**"}
WHO = {"user.name": "Lockstep", "user.email": "lockstep@localhost"}


def save_proposal(root: Path, folder: Path, report: Mapping[str, Any]) -> None:
    """Write the update that is in the checkout, and the text of its change request."""
    if report["verdict"] == NOTHING:
        save_nothing(folder, report)
    else:
        save_change(root, folder, format_headline(report), format_request(report), report)


def save_nothing(folder: Path, report: Mapping[str, Any]) -> None:
    """Write that there is nothing to propose, by its verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DOCUMENT).write_text(json.dumps(report), encoding="utf-8")


def save_change(root: Path, folder: Path, title: str, text: str, report: Mapping[str, Any]) -> None:
    """Write what is changed in the checkout, with the title and the text of its change request."""
    folder.mkdir(parents=True, exist_ok=True)
    patch = git(root, "diff", "--binary", "--no-ext-diff", "--full-index", "HEAD")
    (folder / PATCH).write_text(patch, encoding="utf-8", errors="surrogateescape")
    whole = f"{text}\n\n## The difference\n\n~~~~diff\n{report['diff']}\n~~~~"
    cut = whole[:LONGEST] + "\n~~~~\n\nThe rest is in the change itself.\n"
    (folder / TEXT).write_text(whole if len(whole) <= LONGEST else cut, encoding="utf-8")
    (folder / DOCUMENT).write_text(json.dumps({**report, "title": title}, ensure_ascii=False), encoding="utf-8")


def format_request(report: Mapping[str, Any]) -> str:
    """The text of an update's change request."""
    return f"{format_verdict(report)}\n\n{format_report(report, markdown=True)}"


def format_verdict(report: Mapping[str, Any]) -> str:
    """Whether it holds, with a row for each session."""
    rows = [f"| `{name}` | {result} |" for name, result in (report["proofs"] or {}).items()]
    verdict = VERDICTS.get(report["verdict"], "**It is not proved.**")
    return "\n\n".join([verdict, *(["\n".join(["| session | result |", "| --- | --- |", *rows])] if rows else [])])


def open_request(root: Path, folder: Path, branch: str) -> int:
    """Put what was saved on this branch and open a change request, or renew the one that is open."""
    report = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    if not (folder / PATCH).exists():
        print(f"There is nothing to propose: {report['verdict']}.")
        return 0
    there, here = find_host(), open_checkout(root)
    here.refuse_unfinished()
    if by := find_other_author(here.top, there, branch):
        print(f"{by} works on {branch}, so it is left alone. Merge it or delete it, then there is a new proposal.")
        return 0
    title = str(report["title"])
    git(here.top, "switch", "--quiet", "--force-create", branch)
    git(here.top, "update-index", "-q", "--refresh")  # a checkout that was copied here is as good
    git(here.top, "apply", "--index", "--binary", str((folder / PATCH).resolve()))
    git(here.top, "commit", "--quiet", "--message", title, settings=WHO)
    push_branch(here.top, there, branch)
    print(there.open_request(branch, title, (folder / TEXT).read_text(encoding="utf-8")))
    return 0


def find_other_author(top: Path, there: Host, branch: str) -> str:
    """Who else committed to the branch since it was proposed; a proposal is renewed only where nobody did."""
    if not git(top, "ls-remote", there.repository, f"refs/heads/{branch}", settings=there.login):
        return ""
    git(top, "fetch", "--quiet", there.repository, f"refs/heads/{branch}", settings=there.login)
    name, address = git(top, "log", "-1", "--format=%an%n%ae", "FETCH_HEAD").splitlines()
    return "" if address == WHO["user.email"] else name


def push_branch(top: Path, there: Host, branch: str) -> None:
    """Push the branch; raises Refusal that says what the token needs."""
    try:
        git(top, "push", "--quiet", "--force", there.repository, f"HEAD:refs/heads/{branch}", settings=there.login)
    except Refusal as refusal:
        raise Refusal(
            "The change cannot be pushed.",
            [("branch", branch), *refusal.where],
            "Give LOCKSTEP_UPDATE_TOKEN the right to write contents, and workflows where the change touches them.",
        ) from refusal
