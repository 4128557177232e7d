"""Move this service to a newer version of its template, or to other answers, and prove that it still holds.

Everything is tried in a second tree first. Here, nothing changes before that is done, and one command takes it back.
"""

import argparse
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_serve.models import NAMES
from lockstep_tool.updating.checkout import BACK
from lockstep_tool.updating.moving import Update, preview_update, run_update
from lockstep_tool.updating.proposing import open_request
from lockstep_tool.updating.wheels import refuse_changed_wheels

__all__ = ["main"]

BRANCH = "lockstep/update"
FIXED = {
    "framework": "The framework is what the application is written with, and no template can rewrite that.",
    "project-name": "The name is the package's folder and stands in your own code and in every deployment.",
}


def main(words: Sequence[str]) -> int:
    """0 when the service has moved and holds, 1 when a preview finds that it needs a hand; raises Refusal."""
    options = parse_words(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the second tree is taken down
    root = Path.cwd()
    try:
        return update(root, options, words)
    except (OSError, subprocess.SubprocessError) as error:
        fix = "Nothing has changed here." if options.preview else f"Nothing is lost: `{BACK}`."
        raise Refusal("The update was broken off.", [("it met", str(error))], fix) from error


def update(root: Path, options: argparse.Namespace, words: Sequence[str]) -> int:
    """Refuse first what need not be tried."""
    data = read_data(options)
    if options.open:
        return open_request(root, options.open, BRANCH)
    if shutil.which("git") is None:
        raise Refusal("An update needs git.", [("PATH", "has no git")], "Install git, and commit the service to it.")
    refuse_changed_wheels(root)
    command = shlex.join(["uv", "run", "noxfile.py", "-s", "update"])
    if rest := [word for word in words if word not in ("--preview", "--diff")]:
        command += f" -- {shlex.join(rest)}"
    wanted = Update(
        root,
        data,
        version=options.to,
        source=options.source,
        prove=not options.without_proofs,
        json=options.json,
        propose=options.propose,
        diff=options.diff,
    )
    return preview_update(wanted, command) if options.preview else run_update(wanted)


def parse_words(words: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s update --", description=__doc__)
    options.add_argument("--preview", action="store_true", help="show what would change, and change nothing")
    options.add_argument("--diff", action="store_true", help="every note, file and line, not one screen of it")
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
    options.add_argument("--propose", type=Path, metavar="FOLDER", help="for CI: save the change and the text of its request")
    options.add_argument("--open", type=Path, metavar="FOLDER", help="for CI: open a change request with what was saved")
    return options.parse_args(words)


def read_data(options: argparse.Namespace) -> dict[str, str]:
    """The answers that are to change; raises Refusal for one that cannot."""
    for name, why in FIXED.items():
        if getattr(options, name.replace("-", "_")):
            raise Refusal(
                f"--{name} cannot change.",
                [("why", why)],
                "Make a new service with `copier copy`, and bring your application over.",
            )
    data = {name: getattr(options, name) for name in ("server", "python", "ci") if getattr(options, name)}
    if options.deploy is not None:
        data["deploy"] = json.dumps([way for way in options.deploy.split(",") if way])
    for word in options.data:
        name, equal, value = word.partition("=")
        if not equal or name.replace("_", "-") in FIXED:
            fix = FIXED.get(name.replace("_", "-"), "Write it as NAME=VALUE.")
            raise Refusal(f"--data {word} cannot be used.", [("--data", word)], fix)
        data[name] = value
    if not options.to and not options.source:  # a later version may know more
        refuse_unknown(data)
    return data


def refuse_unknown(data: Mapping[str, str]) -> None:
    """Raise Refusal for an answer that the service's own version cannot take, before anything is fetched."""
    if (server := data.get("server")) is not None and server not in NAMES:
        raise Refusal("There is no such server model.", [("--server", server), ("models", ", ".join(NAMES))], "Name one of them.")
    python = data.get("python")
    if python is not None and not re.fullmatch(r"\d+\.\d+\.\d+", python):
        raise Refusal(
            f"Python {python} is not an exact version.",
            [("--python", python)],
            "Write major, minor and patch, such as 3.13.9.",
        )
