"""Start an image as its own command says, ask it from inside, and take the container away."""

import json
import os
import secrets
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
    chosen, name = engine.find(), f"lockstep-{secrets.token_hex(8)}"
    network = os.environ.get("LOCKSTEP_ASK_NETWORK", "none")
    options = ["--name", name, "--network", network, "--read-only", "--tmpfs", "/tmp"]
    options += [part for variable in (*own, *server) for part in ("--env", variable)]  # values stay off the command line
    try:
        started = engine.run([chosen, "run", "--detach", *options, image], settings={**own, **server})
        if started.returncode:
            raise unasked(image, started.stderr)
        words = [chosen, "exec", "--interactive", name, PYTHON_IN_IMAGE, "-B", "-", str(port), *paths]
        done = engine.run(words, stdin=Path(asking.__file__).read_bytes(), timeout=SECONDS)
        if done.returncode:
            logs = engine.run([chosen, "logs", "--tail", "1", name], timeout=SECONDS)
            raise unasked(image, done.stderr, logs.stdout + logs.stderr)
        found: Answers = json.loads(done.stdout)
        return found
    finally:
        engine.run([chosen, "rm", "--force", name], timeout=SECONDS)  # also one that was made and did not start


def unasked(image: str, *said: str) -> Refusal:
    """Why it was not asked: the last line of each that said something, but for docker's own hint."""
    telling = ([line for line in text.splitlines() if line.strip() and not line.startswith("See '")] for text in said)
    return Refusal(
        f"{image} does not start, or does not answer",
        [(image, lines[-1][:300] if lines else "nothing") for lines in telling],
        f"Start it by hand and look: `docker run --rm {image}`.",
        code=COULD_NOT_LOOK,
    )
