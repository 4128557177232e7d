#!/usr/bin/env -S uv run --locked --script
# Lockstep's: moving this service forward. Change it by `copier update`, not by hand.
# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["copier>=9.19", "packaging>=25", "pyyaml>=6"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""Move this service to a newer version of its template, or to other answers, and prove that it still holds.

Everything is tried in a second tree first. Here, nothing changes before that is done, and one command takes it back.
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src")]

from lockstep_serve.errors import DIFFERENT, SAME, Refusal
from lockstep_tool.bench.progress import Progress
from lockstep_tool.updating import proposing
from lockstep_tool.updating.applying import Born, apply, bring_lock
from lockstep_tool.updating.checkout import BACK, checkout
from lockstep_tool.updating.judging import Fault, faults
from lockstep_tool.updating.origin import fetch, said
from lockstep_tool.updating.preview import difference, document, text
from lockstep_tool.updating.proving import prove

FIXED = {
    "framework": "The framework is what the application is written with, and no template can rewrite that.",
    "project-name": "The name is the package's folder and stands in your own code and in every deployment.",
}


def main(words: Sequence[str]) -> int:
    """0 when the service has moved and holds; a mistake of the user is told in three parts."""
    options = parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the second tree is taken down
    os.chdir(ROOT)
    try:
        return proposing.open_request(ROOT, options.open) if options.open else update(options)
    except Refusal as refusal:
        sys.stdout.flush()
        print(refusal, file=sys.stderr)
        return refusal.code
    except (OSError, subprocess.SubprocessError) as error:
        sys.stdout.flush()
        remedy = "Nothing has changed here." if options.preview else f"Nothing is lost: `{BACK}`."
        print(Refusal("The update was broken off.", [("it met", str(error))], remedy), file=sys.stderr)
        return DIFFERENT


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s update --", description=__doc__)
    options.add_argument("--preview", action="store_true", help="show what would change, and change nothing")
    options.add_argument("--to", metavar="VERSION", help="a version of the template; default: the newest released one")
    options.add_argument("--from", dest="source", metavar="ADDRESS", help="where the template is now")
    options.add_argument("--server", metavar="MODEL", help="another server model; the template's version stays")
    options.add_argument("--python", metavar="X.Y.Z", help="another Python; the template's version stays")
    options.add_argument("--deploy", metavar="WAY,…", help="other ways to deploy; the template's version stays")
    options.add_argument("--ci", metavar="HOST", help="another home of its CI; the template's version stays")
    options.add_argument("--data", metavar="NAME=VALUE", action="append", default=[], help="any other answer")
    for name in FIXED:
        options.add_argument(f"--{name}", metavar="…", help="refused, with the reason")
    options.add_argument("--without-proofs", action="store_true", help="do not run the one command afterwards")
    options.add_argument("--json", type=Path, metavar="FILE", help="save what was found")
    options.add_argument("--propose", type=Path, metavar="FOLDER", help="for CI: save the change and what to say about it")
    options.add_argument("--open", type=Path, metavar="FOLDER", help="for CI: open a change request with what was saved")
    return options


def update(options: argparse.Namespace) -> int:
    """Try it, show it, and unless only a preview was asked for do it and prove it."""
    data = answers(options)
    here = checkout(ROOT)
    if not options.preview:
        here.refuse_unfinished()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockstep-update-")))
        progress = stack.enter_context(Progress())
        progress.expect(5)
        progress.step("fetching the template")
        stay = bool(data) and not options.to and not options.source
        origin = fetch(here, scratch / "template", source=options.source, wanted=options.to, stay=stay)
        if origin.before == origin.after and not data and origin.address == said(here).get("_src_path"):
            progress.clear()
            print(f"{ROOT.name} is at {origin.after}, the newest version of its template.")
            save(options, {"verdict": "nothing to do", "faults": [], "from": origin.before, "to": origin.after})
            return SAME
        progress.step("making a second tree")
        tree = stack.enter_context(here.second_tree(scratch / "tree"))
        born = Born.begin(tree, origin, scratch / "born", scratch)
        progress.step(f"updating it to {origin.after}")
        apply(tree, origin, data, scratch)
        progress.step("locking")
        lock = bring_lock(tree)
        progress.step("looking for what went wrong")
        found = faults(here, tree, born.done(), lock)
        report = document(here, tree, origin, found, data)
        progress.clear()
        if options.preview:
            print(difference(tree, here.head, color=sys.stdout.isatty()))
            print(text(report))
            if here.uncommitted():
                print("\nWhat is not committed here is not in this preview.")
            save(options, report)
            return previewed(report)
        print(f"{text(report)}\n", flush=True)
        here.bring(tree)
    if found:
        save(options, report)
        stop("The update is here, and it needs your hand.", found)
    return proved(options, report)


def answers(options: argparse.Namespace) -> dict[str, str]:
    """The answers that are to change; raises Refusal for one that cannot."""
    for name, why in FIXED.items():
        if getattr(options, name.replace("-", "_")):
            raise Refusal(
                f"--{name} cannot change.",
                [("why", why)],
                "Make a new service with `copier copy`, and bring your application over.",
            )
    given = {name: getattr(options, name) for name in ("server", "python", "ci") if getattr(options, name)}
    if options.deploy is not None:
        given["deploy"] = json.dumps([way for way in options.deploy.split(",") if way])
    for word in options.data:
        name, equal, value = word.partition("=")
        if not equal or name.replace("_", "-") in FIXED:
            remedy = FIXED.get(name.replace("_", "-"), "Write it as NAME=VALUE.")
            raise Refusal(f"--data {word} cannot be used.", [("--data", word)], remedy)
        given[name] = value
    return given


def previewed(report: dict[str, Any]) -> int:
    """Say what to do next; 1 when the update would stop for a hand."""
    print(f"\nNothing has changed here. To do it: `{shown()}`.")
    return DIFFERENT if report["faults"] else SAME


def shown() -> str:
    words = [word for word in sys.argv[1:] if word != "--preview"]
    return shlex.join(["uv", "run", "noxfile.py", "-s", "update", *(["--", *words] if words else [])])


def proved(options: argparse.Namespace, report: dict[str, Any]) -> int:
    """Run the one command, and say whether the service holds."""
    if options.without_proofs:
        report["verdict"] = "not proved"
        save(options, report)
        print("NOT PROVED, because of --without-proofs. Before you commit: `uv run noxfile.py`.")
        return SAME
    report["proofs"] = prove(ROOT)
    failed = [name for name, result in report["proofs"].items() if result not in ("success", "skipped")]
    report["verdict"] = "does not hold" if failed else "holds"
    save(options, report)
    if failed and not options.propose:
        stop("The update is here, and the service does not hold.", [Fault("proof", name, "it fails") for name in failed])
    unseen = [name for name, result in report["proofs"].items() if result == "skipped"]
    print(f"\nIt {report['verdict']}.", *([f"Not looked at: {', '.join(unseen)}."] if unseen else []))
    print(f"Look at it with `git diff HEAD`, then commit it. Back: {BACK}")
    return SAME


def save(options: argparse.Namespace, report: dict[str, Any]) -> None:
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.propose and not report["faults"]:
        proposing.save(ROOT, options.propose, report)


def stop(wrong: str, found: Sequence[Fault]) -> NoReturn:
    """Say what is to be done by hand, and the way back."""
    voices = [(fault.path, f"{fault.said}. {fault.fix}") for fault in found]
    last = f"Then run `uv run noxfile.py`. Or take everything back: `{BACK}`."
    raise Refusal(wrong, voices, last)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
