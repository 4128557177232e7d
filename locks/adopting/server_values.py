"""Put the numbers of the server that runs now into the rendered server.toml."""

import re
import tomllib

from adopting.running_server import Running
from lockstep_serve.definition import MARGIN
from lockstep_serve.models import Model

__all__ = ["state_values"]


SHOWN = ("host", "port", "workers", "threads", "concurrency", "request_timeout", "drain", "keep_alive", "max_requests")


def state_values(text: str, model: Model, running: Running) -> tuple[str, list[tuple[str, str, str]], list[str]]:
    """server.toml, each number that is in force with where it comes from, and what is dropped: the model has no place for it."""
    told: list[tuple[str, str, str]] = []
    dropped = list(running.dropped)
    for name, (value, spot) in sorted(running.values.items()):
        if name not in model.values:
            same = (name, value) in {("workers", "1"), ("threads", "1")}
            dropped += [] if same else [f"{spot} {name} = {value}: {model.name} has no such value"]
            continue
        text = state(text, name, value)
        told.append((name, value, spot))
    values = {name: entry["default"] for name, entry in tomllib.loads(text).items() if isinstance(entry, dict)}
    needed = float(values["drain_lead"]) + float(values["drain"]) + MARGIN
    if needed > float(values["grace"]):
        text = state(text, "grace", f"{needed:.0f}")
        told.append(("grace", f"{needed:.0f}", f"drain and its lead, and {MARGIN} s"))
    stated = {name for name, *_ in told}
    rest = [(name, str(values[name]), "Lockstep's default") for name in SHOWN if name in values and name not in stated]
    return text, [*told, *rest], dropped


def state(text: str, name: str, value: str) -> str:
    written = value if re.fullmatch(r"\d+(\.\d+)?", value) else f'"{value}"'
    return re.sub(rf"^({name} = \{{ default = )[^,]+,", rf"\g<1>{written},", text, count=1, flags=re.MULTILINE)
