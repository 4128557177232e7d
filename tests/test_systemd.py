"""The systemd units on a machine where systemd is process 1: built as their first lines say, started, reloaded, killed."""

import json
from collections.abc import Iterator

import pytest

from conftest import Render, committed, read_answers
from containers.engine import Engine
from containers.systemd import Machine
from deploying.machines import (
    EXPOSED,
    PYTHON,
    SOCKET,
    UNIT,
    VERSION,
    WORKERS,
    count_by_limit,
    install_units,
    kill_service,
    lost_during,
    read_boot_line,
    read_exposure,
    rehearse_twice,
)
from services import Service


@pytest.fixture(scope="module")
def service(render: Render) -> Service:
    """A service of a model that reloads, with systemd's files."""
    answers = {**read_answers("fastapi-gunicorn-uvicorn"), "project_name": "orders-api", "deploy": ["systemd"]}
    return committed(render(answers))


@pytest.fixture(scope="module")
def host(engine: Engine, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which the unit's first lines were followed."""
    with install_units(engine, service, tmp_path_factory.mktemp("systemd"), "trixie") as made:
        yield made


def test_it_runs_what_the_checkout_says_and_its_log_is_json(host: Machine, service: Service) -> None:
    version = json.loads(host(PYTHON, "-c", VERSION))
    commit = service.run("git", "rev-parse", "HEAD").stdout.strip()

    assert version["commit"] == commit
    assert version["environment"] == read_boot_line(host)["environment"]
    assert all(line.startswith("{") for line in host.journal(UNIT))


def test_it_has_the_rights_that_it_needs_and_no_others(host: Machine) -> None:
    verified = host.try_to("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}")

    assert read_exposure(host) < EXPOSED
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("act", ["reload", "restart"])
def test_no_request_is_lost(host: Machine, act: str) -> None:
    answered, lost = lost_during(host, "systemctl", act, UNIT)

    assert answered > 0
    assert lost == "[]"


def test_a_killed_service_comes_back(host: Machine) -> None:
    assert kill_service(host)


def test_the_worker_count_follows_the_units_limits(host: Machine) -> None:
    assert count_by_limit(host) == WORKERS == {("CPUQuota=100%",): 1, ("CPUQuota=", "MemoryMax=300M"): 2}


def test_new_code_is_tried_before_a_restart(host: Machine) -> None:
    good, bad = rehearse_twice(host)

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
