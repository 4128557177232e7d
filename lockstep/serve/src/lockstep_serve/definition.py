"""Read `server.toml`, the one server definition, and what the environment changes in it.

`model` names the server model. Each other entry is `name = { default = …, env = "VARIABLE" }`; the value comes from the
variable when that is set and not blank, else from the default.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_serve.kinds import KINDS
from lockstep_serve.models import Model, find_model

__all__ = ["MARGIN", "Definition", "Value", "read_definition"]

MARGIN = 2  # seconds between the end of the drain and the moment when an orchestrator may kill


@dataclass(frozen=True)
class Value:
    """One value, its variable, and where the value comes from: `server.toml:12` or `PORT=8080`."""

    value: Any
    env: str
    source: str


@dataclass(frozen=True)
class Definition:
    """The values in force for the server model that this service has; `definition.port` gives the bare value."""

    path: Path
    model: Model
    values: Mapping[str, Value]

    @property
    def patience(self) -> int:
        """Seconds that requests have from the end of the lead on; the drain's last second is for their end."""
        return max(int(self.drain) - 1, 1)

    @property
    def last_patience(self) -> int:
        """Seconds from there on until a manager kills a worker that has not ended: a second before it is killed itself."""
        return int(self.grace - self.drain_lead) - 1

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name].value  # a copy in the making has none
        except KeyError:
            raise AttributeError(name) from None


def read_definition(path: Path, environment: Mapping[str, str] | None = None) -> Definition:
    """Parse `path`, which states a model and exactly its values; raises Refusal that names file, line and variable."""
    environment = os.environ if environment is None else environment
    try:
        text = path.read_text(encoding="utf-8")
        entries = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise Refusal("The server definition cannot be read.", [(str(path), str(error))], "Mend the file.") from error
    model = find_model(entries.pop("model", None), f"{path.name}:{line_of(text, 'model')}")
    refuse_unfit_names(path, text, entries, model)
    values = {name: read_value(path, text, name, entries[name], environment) for name in sorted(model.values)}
    definition = Definition(path, model, values)
    refuse_short_grace(definition)
    return definition


def read_value(path: Path, text: str, name: str, entry: Any, environment: Mapping[str, str]) -> Value:
    """One entry's value in force."""
    where = f"{path.name}:{line_of(text, name)}"
    if not isinstance(entry, dict) or set(entry) != {"default", "env"}:
        raise Refusal(
            f"`{name}` is not stated as a default and its variable.",
            [(where, str(entry))],
            f'Write `{name} = {{ default = …, env = "VARIABLE" }}`.',
        )
    env, kind = str(entry["env"]), KINDS[name]
    stated = environment.get(env, "").strip()
    raw, source = (stated, f"{env}={stated}") if stated else (entry["default"], where)
    try:
        return Value(kind.parse(raw), env, source)
    except (TypeError, ValueError):
        raise Refusal(
            f"`{name}` must be {kind.expected}.",
            [(where, f"default = {entry['default']!r}"), (env, stated or "not set")],
            f"Change {env if stated else where}.",
        ) from None


def refuse_unfit_names(path: Path, text: str, entries: Mapping[str, Any], model: Model) -> None:
    """Nothing is silently ignored, nothing silently assumed."""
    missing, unknown = sorted(model.values - set(entries)), sorted(set(entries) - model.values)
    if not missing and not unknown:
        return
    where = [(f"{path.name}:{line_of(text, name)}", f"{name} means nothing here") for name in unknown]
    where += [(path.name, f"{name} is missing: {KINDS[name].expected}") for name in missing]
    raise Refusal(
        "The server definition does not fit the server model.",
        where,
        f"State what {model.name} reads: {', '.join(sorted(model.values))}. "
        f"Or have it done: `uv run noxfile.py -s update -- --server {model.name}`.",
    )


def refuse_short_grace(definition: Definition) -> None:
    """Whoever stops the service kills it after the grace: the drain must be over by then."""
    needed = definition.drain_lead + definition.drain + MARGIN
    if needed <= definition.grace:
        return
    values = definition.values
    raise Refusal(
        "The service would be killed while it drains.",
        [(values[name].source, f"{name} = {values[name].value:g} s") for name in ("drain_lead", "drain", "grace")],
        f"Make the grace at least {needed:g} s (lead + drain + {MARGIN} s), here and where the service is deployed.",
    )


def line_of(text: str, name: str) -> int:
    """The line that states `name`, counted from 1."""
    starts = (line.partition("=")[0].strip() == name for line in text.splitlines())
    return next((number for number, found in enumerate(starts, 1) if found), 1)
