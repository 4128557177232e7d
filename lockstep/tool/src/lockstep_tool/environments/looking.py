"""Look into an environment with the one probe: this machine, an image, a running container, whatever a command reaches,
and fingerprints that were saved.

Nothing is installed anywhere: the probe goes in by the standard input of the environment's own Python.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool import engine
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.environments.environment import Environment
from lockstep_tool.environments.machine import read_machine
from lockstep_tool.environments.probe import probe_program
from lockstep_tool.environments.progress import progress
from lockstep_tool.environments.verdicts import HERE, recall_verdicts, remember_verdicts
from lockstep_tool.fingerprint import SCHEMA

__all__ = ["look_here", "look_into", "names_in", "short_name"]

SECONDS = 300
ENGINE_FAILED = 125  # what docker and podman exit with when there is no such image, or they cannot start it
STARTED = ("sitecustomize.py", "usercustomize.py", "*.pth")
HOW = "image, container:ID, FILE.json, or a command that ends with a Python: kubectl exec -i POD -- python"


def names_in(words: Sequence[str]) -> list[str]:
    """The environments that words of a command line name.

    A word of several words (in quotes) is a command. So are all words together when the first is a program here:
    `parity -- kubectl exec -i POD -- python` needs no quotes.
    """
    if len(words) > 1 and ":" not in words[0] and "." not in words[0] and shutil.which(words[0]):
        return [shlex.join(words)]
    return list(words)


def look_into(name: str) -> Environment:
    """The environment that `name` names; raises Refusal with code 2 when it cannot be looked into."""
    if name.endswith(".json"):
        return read_saved(Path(name))
    if " " in name or name.startswith(("/", "./")):
        words = shlex.split(name)
        rebuild = "build that environment again from this commit"
        return Environment(name_of_command(words), run_probe(words, name), rebuild, "command")
    chosen = engine.find()
    if name.startswith("container:"):
        container = name.removeprefix("container:")
        words = [chosen, "exec", "--interactive", container, PYTHON_IN_IMAGE]
        start_anew = "uv run noxfile.py -s image, then start the container anew"
        called = container[:12] if len(container) == 64 else container
        return Environment(called, run_probe(words, name), start_anew, "container")
    words = [chosen, "run", "--rm", "--interactive", "--network", "none", "--read-only", name, PYTHON_IN_IMAGE]
    return Environment(short_name(name), run_probe(words, name), "uv run noxfile.py -s image", "image")


def look_here(python: Path, nox: str = "") -> Environment:
    """This machine's production set, looked into by its own interpreter, with what is around it.

    `nox` is the version of the nox that runs, where one does.
    """
    command, settings = [str(python), "-B", "-"], {**os.environ, **SETTINGS}
    try:
        done = subprocess.run(
            command, input=probe_program(recall_verdicts()), capture_output=True, env=settings, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise unseen(python, str(error)) from error
    try:
        document = keep_verdicts(parse_answer(done.stdout.decode(errors="replace")), HERE)
    except ValueError as error:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit {done.returncode}, and no fingerprint"]
        raise unseen(python, lines[-1]) from error
    kind = "ci" if os.environ.get("CI") else "laptop"
    rebuild = "rm -rf .nox/production && uv run noxfile.py -s parity"
    return Environment(kind, {**document, **read_machine(nox)}, rebuild, kind)


def unseen(python: Path, said: str) -> Refusal:
    """That this machine's own environment does not answer. It is there, so this is a difference and not skipped."""
    sites = python.parents[1].glob("lib/python*/site-packages")
    started = [path for site in sites for name in STARTED for path in sorted(site.glob(name))]
    rows = [(str(python), said), *((str(path), "is run by every start of that Python") for path in started)]
    return Refusal(
        "This machine's production set cannot be looked into.",
        rows,
        "Build it anew: `rm -rf .nox/production && uv run noxfile.py -s parity`.",
        code=DIFFERENT,
    )


def keep_verdicts(document: dict[str, Any], name: str = "") -> dict[str, Any]:
    """A fingerprint without its new verdicts on byte code, which are remembered under a name."""
    proved = document.get("byte_code", {}).pop("proved", ())
    if name:
        remember_verdicts(name, proved)
    return document


def run_probe(words: Sequence[str], name: str) -> dict[str, Any]:
    """The fingerprint from the Python at the end of a command; raises Refusal."""
    image = name if words[1:2] == ["run"] else ""
    try:
        with progress(f"looking into {name}"):
            program = probe_program(recall_verdicts(image or "*"))
            done = engine.run([*words, "-B", "-"], stdin=program, timeout=SECONDS)
        said = (done.stderr.strip().splitlines() or [f"exit {done.returncode}, no output"])[-1]
    except OSError as error:
        done, said = None, str(error)
    if done is None or done.returncode:
        raise not_reached(words, name, said, there=done is not None and done.returncode != ENGINE_FAILED)
    try:
        return keep_verdicts(parse_answer(done.stdout), image)
    except ValueError as error:
        raise not_reached(words, name, f"answers {done.stdout.strip()[:60]!r}, no fingerprint", there=True) from error


def parse_answer(printed: str) -> dict[str, Any]:
    """What the probe printed, in a line of its own: what every start runs may print before it and behind. Raises ValueError."""
    for line in reversed(printed.splitlines()):
        if SCHEMA in line:
            document = json.loads(line)
            if isinstance(document, dict) and document.get("schema") == SCHEMA:
                return document
    raise ValueError("no fingerprint")


def not_reached(words: Sequence[str], name: str, said: str, *, there: bool) -> Refusal:
    """Why an environment was not looked into, in three parts. An image that is there and does not answer is no image that
    nobody has built yet, so it is wrong.
    """
    code = DIFFERENT if there and "run" in words[1:2] else COULD_NOT_LOOK
    fix = "Build it with `uv run noxfile.py -s image`." if "run" in words[1:2] else f"Name an environment as {HOW}."
    if words[1:2] == ["exec"] and name.startswith("container:"):
        fix = f"Take a running one from `{words[0]} ps`; its Python must be {PYTHON_IN_IMAGE}."
    return Refusal(f"not looked at: {name} cannot be looked into", [(words[0], said)], fix, code=code)


def read_saved(path: Path) -> Environment:
    """A fingerprint from a file; raises Refusal when it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise ValueError(f"schema is {schema!r}, not {SCHEMA!r}")
    except (OSError, ValueError) as error:
        unread = error.strerror if isinstance(error, OSError) else None
        raise Refusal(
            "The fingerprint cannot be read." if unread else "This is no fingerprint.",
            [(str(path), unread or str(error))],
            "Make one: `uv run noxfile.py -s fingerprint -- environment.json`.",
            code=COULD_NOT_LOOK,
        ) from error
    return Environment(path.stem, document, "make that fingerprint again from this commit", "saved")


def short_name(name: str) -> str:
    """What the table calls an image: the service's own is `image`. Other names are as they were given."""
    return "image" if name.endswith(":lockstep") else name if " " in name else name.rpartition("/")[2]


def name_of_command(words: Sequence[str]) -> str:
    """What the table calls the environment that a command reaches: its program, and what it is told to reach."""
    program = words[0].rpartition("/")[2]
    targets = [w for w in words[1:-1] if not w.startswith("-") and w not in {"exec", "run", "env"}]
    return "-".join([program, *targets[:1]])
