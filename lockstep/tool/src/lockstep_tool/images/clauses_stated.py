"""Hold the image's configuration to the contract: user, command, health check, variables, labels, ports, signal."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_serve.runtime import SETTINGS
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.environments.finding import Finding
from lockstep_tool.images.budget import Budget

__all__ = ["COMMAND", "VARIABLES", "stated"]

COMMAND = [PYTHON_IN_IMAGE, "-m", "lockstep_serve", "serve"]
PORT = "8000"
VARIABLES = {
    **SETTINGS,
    "PATH": "/app/.venv/bin:/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PORT": PORT,
}


def stated(config: Mapping[str, Any], labels: Mapping[str, str], budget: Budget) -> Iterator[Finding]:
    """What differs from the contract; `labels` are those that this checkout gives its image."""
    yield from user(str(config.get("User") or ""))
    whole = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    if whole != COMMAND:
        yield Finding("image command", f"it starts {' '.join(whole) or 'nothing'}, not {' '.join(COMMAND)}")
    if (signal := config.get("StopSignal")) not in {"SIGTERM", "15"}:
        yield Finding("image command", f"it is stopped by {signal or 'no stated signal'}, not SIGTERM")
    test = (config.get("Healthcheck") or {}).get("Test") or []
    if test[:1] != ["CMD"]:
        said = " ".join(test) or "missing"
        yield Finding("image health", f"the health check is {said}, not a command without a shell")
    if (ports := sorted(config.get("ExposedPorts") or {})) != [f"{PORT}/tcp"]:
        yield Finding("image ports", f"it announces {', '.join(ports) or 'none'}, not {PORT}/tcp")
    yield from variables(config.get("Env") or [], labels["org.opencontainers.image.revision"], budget)
    given = config.get("Labels") or {}
    for name, value in labels.items():
        if given.get(name) != value:
            yield Finding("image labels", f"{name} is {given.get(name) or 'missing'}, not {value}")


def user(name: str) -> Iterator[Finding]:
    """A number, so that Kubernetes can see that it is not root's."""
    if not re.fullmatch(r"[0-9]+(:[0-9]+)?", name):
        yield Finding("image user", f"{name or 'root, because none is stated'}, which is not a number")
    elif "0" in {str(int(part)) for part in name.split(":")}:
        yield Finding("image user", f"{name} is root or in root's group")


def variables(environment: list[str], revision: str, budget: Budget) -> Iterator[Finding]:
    """Exactly those of the Dockerfile, and what the team says that its base brings."""
    wanted = {**VARIABLES, "LOCKSTEP_REVISION": revision}
    given = dict(line.partition("=")[::2] for line in environment)
    for name in sorted({*wanted, *given}):
        if name in wanted and given.get(name) != wanted[name]:
            yield Finding("image variables", f"{name} is {given.get(name, 'missing')}, not {wanted[name]}")
        if name not in wanted:
            allowed = name in budget.variables
            yield Finding("image variables", f"{name} is set" + (" by the base" if allowed else ""), allowed=allowed)
