"""Try an update in a second tree, show what it would do, and do it when it was asked for."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_serve.errors import DIFFERENT, SAME, Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.updating.applying import Rendering, apply_update
from lockstep_tool.updating.checkout import BACK, Checkout, open_checkout
from lockstep_tool.updating.judging import find_damage, path_of, session_finding
from lockstep_tool.updating.locking import bring_locks
from lockstep_tool.updating.origin import Origin, fetch_template, read_answers
from lockstep_tool.updating.preview import describe_update, show_difference
from lockstep_tool.updating.progress import Progress
from lockstep_tool.updating.proposing import save_proposal
from lockstep_tool.updating.proving import run_one_command
from lockstep_tool.updating.report import describe_address, format_report, format_screen
from lockstep_tool.updating.second_tree import make_second_tree
from lockstep_tool.updating.taking_over import take_over

__all__ = ["Update", "preview_update", "run_update"]


@dataclass(frozen=True)
class Update:
    """What is asked for: other answers, another version or address of the template, and where to save what is found."""

    root: Path
    data: Mapping[str, str]
    version: str | None = None
    source: str | None = None
    prove: bool = True
    json: Path | None = None
    propose: Path | None = None
    diff: bool = False

    def format(self, document: Mapping[str, Any]) -> str:
        """The document on one screen, or all of it."""
        return f"{format_report(document)}\n" if self.diff else format_screen(document)

    def save(self, document: Mapping[str, Any]) -> None:
        if self.json:
            self.json.parent.mkdir(parents=True, exist_ok=True)
            self.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if self.propose and not document["findings"]:
            save_proposal(self.root, self.propose, document)


@dataclass(frozen=True)
class Trial:
    """A second tree with the update in it, what is wrong with it, and all that is known of it."""

    tree: Path
    findings: Sequence[Finding]
    document: dict[str, Any]


def preview_update(update: Update, command: str) -> int:
    """Show what would come and change nothing; `command` is how the update is done. 1 when it would need a hand."""
    here = open_checkout(update.root)
    with try_update(here, update) as trial:
        if trial is None:
            return SAME
        if update.diff:
            print(show_difference(trial.tree, here.head, color=sys.stdout.isatty()))
        print(update.format(trial.document))
        if here.list_uncommitted():
            print("What is not committed here is not in this preview.")
        update.save(trial.document)
        if not update.diff:
            print("With every note, file and line: `--preview --diff`.")
        print(f"Nothing has changed here. To do it: `{command}`.")
        return DIFFERENT if trial.findings else SAME


def run_update(update: Update) -> int:
    """Do it, and run the one command; raises Refusal where it needs a hand or does not hold."""
    here = open_checkout(update.root)
    here.refuse_unfinished()
    with try_update(here, update) as trial:
        if trial is None:
            return SAME
        print(f"{update.format(trial.document)}\n", flush=True)
        take_over(here, trial.tree)
    if trial.findings:
        update.save(trial.document)
        raise stop("The update is here, and it needs your hand.", trial.findings)
    return prove_update(update, trial.document)


@contextmanager
def try_update(here: Checkout, update: Update) -> Iterator[Trial | None]:
    """The update in a second tree, for as long as this lasts; None where there is nothing to do."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockstep-update-")))
        progress = stack.enter_context(Progress())
        progress.expect(5)
        progress.step("fetching the template")
        stay = bool(update.data) and not update.version and not update.source
        origin = fetch_template(here, scratch / "template", source=update.source, wanted=update.version, stay=stay)
        if is_there(here, update, origin):
            progress.stop()
            print(f"{update.root.name} is at {origin.after}, the newest version of its template.")
            print("".join(f"Besides, {line}.\n" for line in describe_address(origin.address)), end="")
            update.save({"verdict": "nothing to do", "findings": [], "from": origin.before, "to": origin.after})
            yield None
            return
        progress.step("making a second tree")
        tree = make_second_tree(here, scratch / "tree")
        born = stack.enter_context(Rendering.begin(tree, origin, scratch / "born", scratch))
        progress.step(f"updating it to {origin.after}")
        apply_update(tree, origin, update.data, scratch)
        progress.step("locking")
        lock = bring_locks(tree)
        progress.step("looking for what went wrong")
        findings = find_damage(here, tree, born.wait(), lock)
        document = describe_update(here, tree, origin, findings, update.data)
        progress.stop()
        yield Trial(tree, findings, document)


def is_there(here: Checkout, update: Update, origin: Origin) -> bool:
    """Whether nothing is asked for that the service does not have."""
    same_template = origin.before == origin.after and origin.address == read_answers(here).get("_src_path")
    return same_template and not update.data


def prove_update(update: Update, document: dict[str, Any]) -> int:
    """Run the one command, and say whether the service holds; raises Refusal when it does not."""
    if not update.prove:
        document["verdict"] = "not proved"
        update.save(document)
        print("NOT PROVED, because of --without-proofs. Before you commit: `uv run noxfile.py`.")
        return SAME
    document["proofs"] = run_one_command(update.root)
    failed = [name for name, result in document["proofs"].items() if result not in ("success", "skipped")]
    document["verdict"] = "does not hold" if failed else "holds"
    update.save(document)
    if failed and not update.propose:
        raise stop("The update is here, and the service does not hold.", [session_finding(name) for name in failed])
    unseen = [name for name, result in document["proofs"].items() if result == "skipped"]
    print(f"\nIt {document['verdict']}.", *([f"Not looked at: {', '.join(unseen)}."] if unseen else []))
    print(f"Look at it with `git diff HEAD`, then commit it. Back: {BACK}")
    return SAME


def stop(wrong: str, findings: Sequence[Finding]) -> Refusal:
    """What is to be done by hand, and the way back."""
    rows = [(path_of(finding), f"{finding.what}. {finding.fix}") for finding in findings]
    return Refusal(wrong, rows, f"Then run `uv run noxfile.py`. Or take everything back: `{BACK}`.")
