"""Start the image where it has nothing, look at process 1, stop it with a request in flight, and start it in vain."""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from lockstep_serve.definition import Definition
from lockstep_tool.images.container import Container

__all__ = ["SECONDS_IN_VAIN", "SERVER", "Run", "run_image", "settings_of_run"]

LEAD = 0.5  # seconds in which a server that is to stop says so first
SECONDS_IN_VAIN = 120.0  # of a start that is to fail: an image that does not listen to PORT would serve on for ever
SERVER = ["-m", "lockstep_serve", "serve"]
# An emulator of another architecture stands before every program, also before one that is started to see it.
PROCESS_1 = """
import json, os, subprocess, sys
from pathlib import Path
def words(process): return Path(f"/proc/{process}/cmdline").read_text().split("\\0")[:-1]
with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
    front, first = words(child.pid)[:-3], words(1)
    same = os.readlink("/proc/1/exe") == os.readlink(f"/proc/{child.pid}/exe")
    child.communicate(b"\\n")
print(json.dumps([first[len(front):] if first[:len(front)] == front else first, same]))
"""


@dataclass(frozen=True)
class Run:
    """What was seen of one container from its start to its stop, and of another that was given a port that is none.

    `refused` is why the engine started nothing. What comes after `ready` is known of a container that became ready only.
    """

    refused: str = ""
    ready: bool = False
    lines: tuple[str, ...] = ()
    """What it printed until it was ready, or until it ended."""
    healthy: object = 0
    """The exit code of its own health check, or why that could not be run."""
    process_1: str = ""
    """JSON: the command line of process 1, and whether it is the image's Python."""
    answer: tuple[int, str] = (0, "")
    """Status and body of the request that was in flight when it was stopped."""
    exit_code: int = 0
    exit_code_in_vain: int = 1


def run_image(container: Container, config: Mapping[str, Any], definition: Definition) -> Run:
    """Start it, ask it, stop it; `config` is what the image says of itself."""
    with ThreadPoolExecutor(1) as beside, container:
        in_vain = beside.submit(start_in_vain, container, definition)
        run = watch(container, config, definition)
        return replace(run, exit_code_in_vain=in_vain.result())


def start_in_vain(container: Container, definition: Definition) -> int:
    """The exit code of a start with a port that is none; NO_ANSWER where it serves on."""
    variable, name = definition.values["port"].env, f"{container.name}-in-vain"
    wrong = [*container.given(), "--env", f"{variable}=none"]
    try:
        return container.run(name, "--network", "none", *wrong, container.image, timeout=SECONDS_IN_VAIN).returncode
    finally:
        container.remove(name)


def watch(container: Container, config: Mapping[str, Any], definition: Definition) -> Run:
    """From its start to its stop."""
    if container.refused:
        return Run(refused=container.refused)
    test = (config.get("Healthcheck") or {}).get("Test") or []
    question = {
        "port": port_of(config) or definition.port,
        "health": test[1:] if test[:1] == ["CMD"] else [],
        "prefix": f"/.lockstep/{container.settings['LOCKSTEP_PROVE']}/",
        "patience": definition.drain / 2,
    }
    with container.client(question) as heard:
        ready: dict[str, Any] = next((word for word in heard if "ready" in word or not container.running()), {})
        if "ready" not in ready:
            return Run(lines=tuple(container.lines()))
        process_1, lines = container.inside(PROCESS_1), tuple(container.lines())
        said = next(heard, {})
        code = container.stop(definition.grace)
        answer: dict[str, Any] = {"status": 0, "body": "no answer"} | (next(heard, {}) if "flying" in said else said)
    return Run("", True, lines, ready["healthy"], process_1, (answer["status"], answer["body"]), code)


def port_of(config: Mapping[str, Any]) -> int:
    """Where the image's own PORT has it listen, or 0; that it is another than declared is named by a check of its own."""
    stated = [line.removeprefix("PORT=") for line in config.get("Env") or [] if line.startswith("PORT=")]
    return int(stated[0]) if stated and stated[0].isdecimal() else 0


def settings_of_run(definition: Definition, needed: Mapping[str, str]) -> dict[str, str]:
    """Variables of the watched server: a path that waits, a short lead, and what the service cannot start without."""
    return {
        **needed,
        "LOCKSTEP_PROVE": secrets.token_hex(8),
        definition.values["drain_lead"].env: str(LEAD),
    }
