"""Start the image where it has nothing, look at process 1, stop it with a request in flight, and start it in vain."""

import json
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lockstep_serve import models as model
from lockstep_serve.definition import Definition
from lockstep_tool.environments.finding import Finding
from lockstep_tool.images.container import ENGINE_FAILED, Container

__all__ = ["ran"]

LEAD = 0.5  # seconds in which a server that is to stop says so first
BEYOND = 300  # milliseconds by which the request in flight outlasts the lead
PROCESS_1 = (
    "import json, os, sys; from pathlib import Path; "
    "words = Path('/proc/1/cmdline').read_text().split('\\0')[:-1]; "
    "same = os.path.realpath('/proc/1/exe') == os.path.realpath(sys.executable); "
    "print(json.dumps([words, same]))"
)


def ran(container: Container, config: Mapping[str, Any], environment: str, definition: Definition) -> Iterator[Finding]:
    """What differs from the contract; `environment` is the id that it must print."""
    with ThreadPoolExecutor(1) as beside, container:
        code = beside.submit(started_in_vain, container, definition)
        yield from lives(container, config, environment, definition)
        yield from exit_code(code.result())


def started_in_vain(container: Container, definition: Definition) -> int:
    """The exit code of a start with a port that is none."""
    variable = definition.values["port"].env
    wrong = [*container.given(), "--env", f"{variable}=none"]
    return container.run("--rm", "--network", "none", *wrong, container.image).returncode


def exit_code(code: int) -> Iterator[Finding]:
    if code == 0:
        yield Finding("image exit code", "it exits 0 where the server refuses to start")
    elif code != 1 and code != ENGINE_FAILED:
        yield Finding("image exit code", f"it exits {code} where the server exits 1")


def lives(container: Container, config: Mapping[str, Any], environment: str, definition: Definition) -> Iterator[Finding]:
    """From its start to its stop."""
    test = (config.get("Healthcheck") or {}).get("Test") or []
    told = {
        "port": port(config) or definition.port,
        "health": test[1:] if test[:1] == ["CMD"] else [],
        "path": f"/.lockstep/{container.settings['LOCKSTEP_PROVE']}/wait/{int(LEAD * 1000) + BEYOND}",
    }
    if container.refused:
        yield Finding("image start", f"it does not start: {container.refused.splitlines()[-1]}")
        return
    with container.client(told) as heard:
        ready: dict[str, Any] = next((word for word in heard if "ready" in word or not container.running()), {})
        if "ready" not in ready:
            yield Finding("image start", f"not ready without network, home and privileges: {telling(container.lines())}")
            return
        if ready["healthy"] != 0:
            yield Finding("image health", f"its health check says {ready['healthy']} of a server that is ready")
        yield from process_1(container.inside(PROCESS_1))
        yield from boot(container.lines(), environment)
        next((word for word in heard if "flying" in word), {})
        code = container.stop(definition.grace)
        answer: dict[str, Any] = next(heard, {"status": 0, "body": "no answer"})
    if (answer["status"], answer["body"]) != (200, "waited"):
        yield Finding("image stop", f"the request in flight was lost: {answer['status']} {answer['body'][:120]}")
    if code not in model.EXIT_CODES:
        yield Finding("image exit code", f"it exits {code} when it is stopped, not one of {sorted(model.EXIT_CODES)}")


def port(config: Mapping[str, Any]) -> int:
    """Where the image's own PORT has it listen, or 0; that it is another than stated is told by a clause of its own."""
    stated = [line.removeprefix("PORT=") for line in config.get("Env") or [] if line.startswith("PORT=")]
    return int(stated[0]) if stated and stated[0].isdecimal() else 0


def telling(lines: list[str]) -> str:
    """What it says before it ends, without what the managers say in JSON."""
    plain = [line.strip() for line in lines if line.strip() and not line.startswith("{")] or lines
    return " ".join(plain)[-400:] or "it printed nothing"


def process_1(said: str) -> Iterator[Finding]:
    """The server itself: a shell or an init in front would get the signals."""
    try:
        words, same = json.loads(said)
    except ValueError:
        yield Finding("image process 1", "it cannot be looked at from inside")
        return
    if not same or words[1:] != ["-m", "lockstep_serve", "serve"]:
        yield Finding("image process 1", f"it is `{' '.join(words)[:120]}`, not the server")


def boot(lines: list[str], environment: str) -> Iterator[Finding]:
    """The environment id that the running server prints."""
    said = [json.loads(line) for line in lines if line.startswith("{") and '"starting"' in line]
    ids = {str(line.get("environment")) for line in said if isinstance(line, dict)}
    if ids != {environment}:
        runs = ", ".join(sorted(ids)) or "none"
        yield Finding("image environment", f"it runs {runs}, and the lock promises {environment}")


def settings_for(definition: Definition, needed: Mapping[str, str]) -> dict[str, str]:
    """Variables of the watched server: a path that waits, a short lead, and what the service cannot start without."""
    return {
        **needed,
        "LOCKSTEP_PROVE": secrets.token_hex(8),
        definition.values["drain_lead"].env: str(LEAD),
    }
