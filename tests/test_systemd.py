"""The systemd units on a machine where systemd is process 1: built as their first lines say, started, reloaded, killed."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from containers.engine import Engine
from containers.interpreter import interpreter_of
from containers.systemd import Machine, machine
from services import PATIENCE, Service

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "deploy-without-losing-a-request.md"
UNIT, SOCKET = "orders-api.service", "orders-api.socket"
PYTHON = "/opt/orders-api/.venv/bin/python"
EXPOSED = 2.0  # systemd-analyze security goes from 0 to 10
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


@pytest.fixture(scope="module")
def service(render: Render) -> Service:
    """A service of a model that reloads, with systemd's files."""
    answers = {**read_answers("fastapi-gunicorn-uvicorn"), "project_name": "orders-api", "deploy": ["systemd"]}
    return committed(render(answers))


@pytest.fixture(scope="module")
def host(engine: Engine, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which the unit's first lines were followed."""
    cache = Path(subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip())
    checkout = service.copy(tmp_path_factory.mktemp("systemd") / "orders-api").path
    unit = checkout / "deploy" / "systemd" / UNIT
    with machine(engine, interpreter_of(Path(sys.executable)), cache, tmp_path_factory.mktemp("machine")) as made:
        made.put(checkout, "/opt/orders-api")
        made("git", "config", "--system", "--add", "safe.directory", "*")
        typed = [line.removeprefix("#   ") for line in unit.read_text().splitlines() if line.startswith("#   ")]
        made.script("\n".join(["cd /opt/orders-api", *typed]))
        made.script("cp /opt/orders-api/deploy/systemd/*.s* /etc/systemd/system/\nsystemctl daemon-reload")
        made("systemctl", "enable", "--now", SOCKET, UNIT)
        made.wait_until(READY)
        yield made


def boot(machine: Machine) -> dict[str, object]:
    """The newest boot line."""
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


def test_it_runs_what_the_checkout_says_and_its_log_is_json(host: Machine, service: Service) -> None:
    version = json.loads(host(PYTHON, "-c", VERSION))
    commit = service.run("git", "rev-parse", "HEAD").stdout.strip()

    assert version["commit"] == commit
    assert version["environment"] == boot(host)["environment"]
    assert all(line.startswith("{") for line in host.journal(UNIT))


def test_it_has_the_rights_that_it_needs_and_no_others(host: Machine) -> None:
    said = host("systemd-analyze", "security", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    verified = host.try_to("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}")

    assert level
    assert float(level[1]) < EXPOSED, said
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("act", ["reload", "restart"])
def test_no_request_is_lost(host: Machine, act: str) -> None:
    answered, lost = lost_during(host, "systemctl", act, UNIT)

    assert answered > 0
    assert lost == "[]"


def test_a_killed_service_comes_back(host: Machine) -> None:
    before = host("systemctl", "show", "--property=MainPID", "--value", UNIT).strip()
    host("systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", UNIT)
    host.wait_until(f"test $(systemctl show --property=MainPID --value {UNIT}) -gt 0 && {READY}")

    assert host("systemctl", "show", "--property=MainPID", "--value", UNIT).strip() != before


def test_the_worker_count_follows_the_units_limits(host: Machine) -> None:
    try:
        host("systemctl", "set-property", "--runtime", UNIT, "CPUQuota=100%")
        host("systemctl", "restart", UNIT)
        host.wait_until(READY)
        quota = boot(host)["workers"]
        host("systemctl", "set-property", "--runtime", UNIT, "CPUQuota=", "MemoryMax=300M")
        host("systemctl", "restart", UNIT)
        host.wait_until(READY)
        memory = boot(host)["workers"]
    finally:
        host("systemctl", "revert", UNIT)
        host("systemctl", "restart", UNIT)

    assert (quota, memory) == (1, 2)


def test_new_code_is_tried_before_a_restart(host: Machine) -> None:
    [command] = re.findall(r"`sudo (systemd-run [^`]*rehearse)`", PAGE.read_text())
    good = host.try_to("sh", "-c", command)
    host.script("echo 'ORDERS_API_LOG_LEVEL=loud' > /etc/orders-api.env")
    bad = host.try_to("sh", "-c", command)
    host.script("rm /etc/orders-api.env")

    assert good.returncode == 0, good.stdout + good.stderr
    assert bad.returncode != 0
    assert "ORDERS_API_LOG_LEVEL" in bad.stdout + bad.stderr


def test_it_stops_for_good_with_its_socket(host: Machine) -> None:
    host("systemctl", "stop", SOCKET, UNIT)
    try:
        refused = host.try_to(PYTHON, "-c", VERSION)
        assert refused.returncode != 0
        assert host.try_to("systemctl", "is-active", UNIT).stdout.strip() == "inactive"
    finally:
        host("systemctl", "start", SOCKET, UNIT)
