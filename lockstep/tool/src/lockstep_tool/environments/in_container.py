"""Start an image as its own command says, ask it from inside, and take the container away."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.environments import asking
from lockstep_tool.environments.asking import Answers

__all__ = ["ask_image"]

SECONDS = 120


def ask_image(image: str, port: int, server: Mapping[str, str], own: Mapping[str, str], paths: Iterable[str]) -> Answers:
    """Its answers, by path. It listens on `port`; `server` are variables of the server definition, `own` the service's.

    It has a read-only root and no network but its own loopback; LOCKSTEP_ASK_NETWORK names another one, for a service
    whose requests need a database. Raises Refusal with code 2 when it cannot be asked.
    """
    chosen = engine.find()
    network = os.environ.get("LOCKSTEP_ASK_NETWORK", "none")
    options = ["--network", network, "--read-only", "--tmpfs", "/tmp"]
    options += [part for name in (*own, *server) for part in ("--env", name)]  # values stay off the command line
    command, environment = [chosen, "run", "--detach", *options, image], {**os.environ, **own, **server}
    started = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if started.returncode:
        raise unasked(image, started.stderr)
    container = started.stdout.split()[-1]
    try:
        words = [chosen, "exec", "--interactive", container, PYTHON_IN_IMAGE, "-B", "-", str(port), *paths]
        done = engine.run(words, stdin=Path(asking.__file__).read_bytes(), timeout=SECONDS)
        if done.returncode:
            logs = engine.run([chosen, "logs", "--tail", "1", container], timeout=SECONDS)
            raise unasked(image, done.stderr, logs.stdout + logs.stderr)
        found: Answers = json.loads(done.stdout)
        return found
    finally:
        engine.run([chosen, "rm", "--force", container], timeout=SECONDS)


def unasked(image: str, *said: str) -> Refusal:
    """Why it was not asked: the last line of each that said something, but for docker's own hint."""
    telling = ([line for line in text.splitlines() if line.strip() and not line.startswith("See '")] for text in said)
    return Refusal(
        f"{image} does not start, or does not answer",
        [(image, lines[-1][:300] if lines else "nothing") for lines in telling],
        f"Start it by hand and look: `docker run --rm {image}`.",
        code=COULD_NOT_LOOK,
    )
