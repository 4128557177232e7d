"""Look into a place with the one probe: this machine, an image, a running container, whatever a command reaches, and
fingerprints that were kept.

Nothing is installed anywhere: the probe goes in by the standard input of the place's own Python.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool import engine, fingerprint
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.environments.finding import Place
from lockstep_tool.environments.surroundings import around_here

__all__ = ["look", "look_here", "named", "short"]

PROBE = Path(fingerprint.__file__)
SECONDS = 120
HOW = "image, container:ID, FILE.json, or a command that ends with a Python: kubectl exec -i POD -- python"


def named(words: Sequence[str]) -> list[str]:
    """The places that words of a command line name.

    A word of several words (in quotes) is a command. So are all words together when the first is a program here:
    `parity -- kubectl exec -i POD -- python` needs no quotes.
    """
    if len(words) > 1 and ":" not in words[0] and "." not in words[0] and shutil.which(words[0]):
        return [shlex.join(words)]
    return list(words)


def look(name: str) -> Place:
    """The place that `name` names; raises Refusal with code 2 when it cannot be looked into."""
    if name.endswith(".json"):
        return kept(Path(name))
    if " " in name or name.startswith(("/", "./")):
        words = shlex.split(name)
        return Place(called(words), through(words, name), "build that place again from this commit", "command")
    chosen = engine.find()
    if name.startswith("container:"):
        container = name.removeprefix("container:")
        words = [chosen, "exec", "--interactive", container, PYTHON_IN_IMAGE]
        start_anew = "uv run noxfile.py -s image, then start the container anew"
        return Place(container[:12] if len(container) == 64 else container, through(words, name), start_anew, "container")
    words = [chosen, "run", "--rm", "--interactive", "--network", "none", "--read-only", name, PYTHON_IN_IMAGE]
    return Place(short(name), through(words, name), "uv run noxfile.py -s image", "image")


def look_here(root: Path, python: Path) -> Place:
    """This machine's production set, looked into by its own interpreter, with what is around it."""
    settings = {**os.environ, **SETTINGS}
    done = subprocess.run([python, "-B", PROBE], capture_output=True, text=True, env=settings, check=False)
    if done.returncode:
        raise Refusal(
            "This machine's production set cannot be looked into.",
            [(str(python), (done.stderr.strip().splitlines() or ["no output"])[-1])],
            "Build it: `uv run noxfile.py -s prove`.",
            code=COULD_NOT_LOOK,
        )
    kind = "ci" if os.environ.get("CI") else "laptop"
    rebuild = "rm -rf .nox/production && uv run noxfile.py -s parity"
    return Place(kind, {**answer(done.stdout), **around_here()}, rebuild, kind)


def through(words: Sequence[str], name: str) -> dict[str, Any]:
    """What the Python at the end of a command says of its place; raises Refusal."""
    if sys.stdout.isatty():
        print(f"looking into {name} …", flush=True)
    try:
        done = engine.run([*words, "-B", "-"], stdin=PROBE.read_bytes(), timeout=SECONDS)
        said = (done.stderr.strip().splitlines() or [f"exit {done.returncode}, no output"])[-1]
    except OSError as error:
        done, said = None, str(error)
    if done is None or done.returncode:
        raise unreached(words, name, said)
    try:
        document = answer(done.stdout)
        if document.get("schema") != fingerprint.SCHEMA:
            raise ValueError
    except (ValueError, AttributeError) as error:
        raise unreached(words, name, f"answers {done.stdout.strip()[:60]!r}, no fingerprint") from error
    return document


def answer(said: str) -> dict[str, Any]:
    """What the probe printed: the last line, for a stray .pth file may have printed before it. Raises ValueError."""
    document: dict[str, Any] = json.loads((said.splitlines() or [""])[-1])
    return document


def unreached(words: Sequence[str], name: str, said: str) -> Refusal:
    """Why a place was not looked into, in three parts."""
    remedy = "Build it with `uv run noxfile.py -s image`." if "run" in words[1:2] else f"Name a place as {HOW}."
    if words[1:2] == ["exec"] and name.startswith("container:"):
        remedy = f"Take a running one from `{words[0]} ps`; its Python must be {PYTHON_IN_IMAGE}."
    return Refusal(f"not looked at: {name} cannot be looked into", [(words[0], said)], remedy, code=COULD_NOT_LOOK)


def kept(path: Path) -> Place:
    """A fingerprint from a file; raises Refusal when it is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document.get("schema") != fingerprint.SCHEMA:
            raise ValueError(f"schema is {document.get('schema')!r}, not {fingerprint.SCHEMA!r}")
    except (OSError, ValueError, AttributeError) as error:
        raise Refusal(
            "This is no fingerprint.",
            [(str(path), str(error))],
            "Make one: `uv run noxfile.py -s fingerprint -- place.json`.",
            code=COULD_NOT_LOOK,
        ) from error
    return Place(path.stem, document, "make that fingerprint again from this commit", "saved")


def short(name: str) -> str:
    """What the table calls an image: the service's own is `image`. Other names are as they were given."""
    return "image" if name.endswith(":lockstep") else name if " " in name else name.rpartition("/")[2]


def called(words: Sequence[str]) -> str:
    """What the table calls a command's place: its program, and what it is told to reach."""
    program = words[0].rpartition("/")[2]
    targets = [w for w in words[1:-1] if not w.startswith("-") and w not in {"exec", "run", "env"}]
    return "-".join([program, *targets[:1]])
