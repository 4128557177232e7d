"""A service's units on a machine where systemd is process 1: installed as their first lines say, asked, and put under load."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from containers.engine import Engine
from containers.interpreter import interpreter_of
from containers.systemd import Machine, machine
from services import PATIENCE, Service

__all__ = [
    "EXPOSED", "PYTHON", "SOCKET", "UNIT", "VERSION", "WORKERS", "count_by_limit", "install_units", "kill_service", "lost_during",
    "read_boot_line", "read_exposure", "rehearse_twice",
]  # fmt: skip

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy-without-losing-a-request.md"
UNIT, SOCKET = "orders-api.service", "orders-api.socket"
PYTHON = "/opt/orders-api/.venv/bin/python"
# Requests one after another on new connections, until a file is there; prints how many were answered and what was lost.
LOAD = """
import os, sys, urllib.request
answered, lost = 0, []
while not os.path.exists(sys.argv[1]):
    try:
        with urllib.request.urlopen("http://127.0.0.1:8000/health/live", timeout=120) as answer:
            answered += answer.status == 200
    except OSError as error:
        lost.append(repr(error))
print(answered, lost)
"""
VERSION = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/version', timeout=120).read().decode())"
READY = f"{PYTHON} -I -m lockstep_serve health"
EXPOSED = 2.0  # systemd-analyze security goes from 0 to 10
# Properties → the worker count that they allow; what the one before it said is taken back first.
WORKERS = {("CPUQuota=100%",): 1, ("CPUQuota=", "MemoryMax=300M"): 2}


@contextmanager
def install_units(engine: Engine, service: Service, folder: Path, suite: str) -> Iterator[Machine]:
    """A machine of that suite of Debian on which the unit's first lines were followed; `folder` is empty."""
    cache = Path(subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip())
    checkout = service.copy(folder / "orders-api").path
    unit = checkout / "deploy" / "systemd" / UNIT
    (folder / "machine").mkdir()
    with machine(engine, interpreter_of(Path(sys.executable)), cache, folder / "machine", suite) as made:
        made.put(checkout, "/opt/orders-api")
        made("git", "config", "--system", "--add", "safe.directory", "*")
        typed = [line.removeprefix("#   ") for line in unit.read_text().splitlines() if line.startswith("#   ")]
        made.script("\n".join(["cd /opt/orders-api", *typed]))
        made.script("cp /opt/orders-api/deploy/systemd/*.s* /etc/systemd/system/\nsystemctl daemon-reload")
        made("systemctl", "enable", "--now", SOCKET, UNIT)
        made.wait_until(READY)
        yield made


def read_boot_line(machine: Machine) -> dict[str, object]:
    """The newest."""
    lines = [json.loads(line) for line in machine.journal(UNIT) if line.startswith("{")]
    found: dict[str, object] = [line for line in lines if "workers" in line and "environment" in line][-1]
    return found


def lost_during(machine: Machine, *command: str) -> tuple[int, str]:
    """How many requests were answered while `command` ran on the machine, and what was lost."""
    machine("rm", "-f", "/run/enough")
    words = [machine.engine.command, "exec", machine.name, PYTHON, "-c", LOAD, "/run/enough"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as load:
        try:
            machine(*command)
            machine.wait_until(READY)
        finally:
            machine("touch", "/run/enough")
            said, _ = load.communicate(timeout=PATIENCE)
    count, _, lost = said.partition(" ")
    return int(count), lost.strip()


def read_exposure(machine: Machine) -> float:
    """What `systemd-analyze security` says of the unit: from 0 to 10."""
    said = machine("systemd-analyze", "security", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert level, said
    return float(level[1])


def kill_service(machine: Machine) -> bool:
    """Kill all of its processes; whether others serve afterwards."""
    before = machine("systemctl", "show", "--property=MainPID", "--value", UNIT).strip()
    machine("systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", UNIT)
    machine.wait_until(f"test $(systemctl show --property=MainPID --value {UNIT}) -gt 0 && {READY}")
    return machine("systemctl", "show", "--property=MainPID", "--value", UNIT).strip() != before


def count_by_limit(machine: Machine) -> dict[tuple[str, ...], object]:
    """Properties → the worker count after a restart with them, as in WORKERS; the unit stays as it was."""
    try:
        return {limits: count_workers(machine, *limits) for limits in WORKERS}
    finally:
        machine("systemctl", "revert", UNIT)
        machine("systemctl", "restart", UNIT)


def count_workers(machine: Machine, *limits: str) -> object:
    """The worker count after a restart with these properties."""
    machine("systemctl", "set-property", "--runtime", UNIT, *limits)
    machine("systemctl", "restart", UNIT)
    machine.wait_until(READY)
    return read_boot_line(machine)["workers"]


def rehearse_twice(machine: Machine) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """What the page's command that tries new code before a restart says: as it is, and with a setting that cannot be read."""
    [command] = re.findall(r"`sudo (systemd-run [^`]*rehearse)`", PAGE.read_text())
    good = machine.try_to("sh", "-c", command)
    machine.script("echo 'ORDERS_API_LOG_LEVEL=loud' > /etc/orders-api.env")
    bad = machine.try_to("sh", "-c", command)
    machine.script("rm /etc/orders-api.env")
    return good, bad
