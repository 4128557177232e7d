"""What a session gives the service for a secret that its environment does not have: a random value, new in each run.

All sessions of a run have the same, so that what they see can be compared.

Only the sessions of noxfile.py come here, on a laptop and in CI. `python -m lockstep_serve serve` does not: a production
service without its secret refuses to start.
"""

import os
import secrets
from functools import cache
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.toml_file import read_toml

__all__ = ["RUN", "stand_ins", "this_run"]

RUN = "LOCKSTEP_RUN"


def stand_ins(root: Path) -> dict[str, str]:
    """Values for the names in pyproject.toml's `[tool.lockstep] secrets` that are not set, or empty."""
    names = read_toml(root / "pyproject.toml").get("tool", {}).get("lockstep", {}).get("secrets", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(
            "The names of the service's secrets cannot be read.",
            [("pyproject.toml [tool.lockstep] secrets", repr(names))],
            'Make it a list of variables: `secrets = ["ORDERS_API_TOKEN"]`.',
        )
    return {name: made_up(name) for name in names if not os.environ.get(name)}


@cache
def made_up(_: str) -> str:
    """A value for a name, once in a process."""
    return secrets.token_urlsafe(48)


def this_run() -> str:
    """What this process and those that it starts have in common, and no other run has."""
    return os.environ.setdefault(RUN, secrets.token_hex(8))
