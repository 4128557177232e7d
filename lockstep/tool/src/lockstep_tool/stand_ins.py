"""What a session gives the service for a secret that its environment does not have: a random value of this checkout.

All sessions of a checkout have the same, so that what they see can be compared; it goes with `.nox/`.

Only sessions come here, on a laptop and in CI. `python -m lockstep_serve serve` does not: a production service without
its secret refuses to start.
"""

import base64
import contextlib
import hmac
import os
import secrets
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.service import Service

__all__ = ["stand_ins"]

SEED = Path(".nox", "stand-ins")


def stand_ins(root: Path) -> dict[str, str]:
    """Values for the names in pyproject.toml's `[tool.lockstep] secrets` that are not set, or empty."""
    names = Service(root).settings.get("secrets", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(
            "The names of the service's secrets cannot be read.",
            [("pyproject.toml [tool.lockstep] secrets", repr(names))],
            'Make it a list of variables: `secrets = ["ORDERS_API_TOKEN"]`.',
        )
    return {name: make_up(root, name) for name in names if not os.environ.get(name)}


def make_up(root: Path, name: str) -> str:
    """64 characters for that name."""
    return base64.urlsafe_b64encode(hmac.digest(read_seed(root / SEED), name.encode(), "sha512"))[:64].decode()


def read_seed(file: Path) -> bytes:
    """What the values are made from; written when there is none, whole and once, for sessions start side by side."""
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.touch(mode=0o600)
        new.write_bytes(secrets.token_bytes(48))
        with contextlib.suppress(FileExistsError):
            os.link(new, file)
        new.unlink()
    return file.read_bytes()
