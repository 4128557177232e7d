"""What a session gives the service for a setting without a default that its environment does not have.

A secret gets a random value of this checkout: all its sessions have the same, so that what they see can be compared; it
goes with `.nox/`. A setting whose value must have a form, such as an address, gets the value that pyproject.toml states.

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

__all__ = ["NOT_SHOWN", "hide_value", "needed_names", "read_variables", "stand_ins"]

SEED = Path(".nox", "stand-ins")
NOT_SHOWN = "(not shown)"


def stand_ins(root: Path) -> dict[str, str]:
    """Values for the names in `secrets` and `stand-ins` of pyproject.toml's `[tool.lockstep]` that are not set, or empty."""
    service = Service(root)
    given = {**dict.fromkeys(read_secrets(service), ""), **read_variables(service, "stand-ins")}
    return {name: value or make_up(root, name) for name, value in given.items() if not os.environ.get(name)}


def needed_names(service: Service) -> list[str]:
    """The settings without a default, as pyproject.toml lists them."""
    return [*read_secrets(service), *read_variables(service, "stand-ins")]


def hide_value(service: Service, name: str, value: str) -> str:
    """A variable's value as it may be printed: not where pyproject.toml names it a secret, or states a stand-in for it."""
    return NOT_SHOWN if name in needed_names(service) else value


def read_secrets(service: Service) -> list[str]:
    """`[tool.lockstep] secrets`; raises Refusal for what is no list of names."""
    names = service.settings.get("secrets", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(
            "The names of the service's secrets cannot be read.",
            [("pyproject.toml [tool.lockstep] secrets", repr(names))],
            'Make it a list of variables: `secrets = ["ORDERS_API_TOKEN"]`.',
        )
    return names


def read_variables(service: Service, key: str) -> dict[str, str]:
    """A table of `[tool.lockstep]` that gives variables their values; raises Refusal for anything else."""
    table = service.settings.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise Refusal(
            f"The variables in `{key}` cannot be read.",
            [(f"pyproject.toml [tool.lockstep] {key}", repr(table))],
            f'Make it a table of variables and texts: `{key} = {{ ORDERS_API_WORD = "text" }}`.',
        )
    return table


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
