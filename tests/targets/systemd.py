"""systemd: the units under systemd as process 1 of Debian 12 and 13, loaded while they are reloaded and restarted."""

from collections.abc import Iterator
from pathlib import Path

import yaml

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
    read_exposure,
    rehearse_twice,
)

from .place import Place
from .target import Target

__all__ = ["TARGET"]

ANSWERS = Path(__file__).parents[1] / "answers" / "fastapi-gunicorn-uvicorn.yml"
SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
ROUNDS = 10


def run(place: Place) -> Iterator[str]:
    """The same points on each Debian, each in a machine of its own."""
    yield f"systemd of {' and '.join(SUITES.values())} as process 1 of a container, Docker {place.engine.version}"
    answers = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))
    service = place.make_service("orders-api", **{**answers, "project_name": "orders-api", "deploy": ["systemd"]})
    for suite, name in SUITES.items():
        folder = place.folder / f"systemd-{suite}"
        folder.mkdir()
        with install_units(place.engine, service, folder, suite) as host:
            version = host("systemctl", "--version").split()[1]
            for point in look(host):
                yield f"{name}, systemd {version}: {point}"


def look(host: Machine) -> Iterator[str]:
    """What is to be seen on one machine; the units stay as they were."""
    verified = host.try_to("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stderr
    exposure = read_exposure(host)
    assert exposure < EXPOSED
    assert all(line.startswith("{") for line in host.journal(UNIT))
    yield f"the first lines of the unit start it; `verify` is silent, `security` says {exposure}, the journal has JSON only"

    counted = []
    for act in ("reload", "restart"):
        runs = [lost_during(host, "systemctl", act, UNIT) for _ in range(ROUNDS)]
        assert all(lost == "[]" for _, lost in runs), runs
        counted.append(f"{ROUNDS} times {act}: {sum(answered for answered, _ in runs)} requests, 0 lost")
    yield ", ".join(counted)

    assert kill_service(host)
    yield "killed, and started again"

    counts = count_by_limit(host)
    assert counts == WORKERS, counts
    yield "the worker count follows the limits: " + ", ".join(f"{count} ({limits[-1]})" for limits, count in counts.items())

    good, bad = rehearse_twice(host)
    assert good.returncode == 0, good.stdout
    assert bad.returncode, bad.stdout
    yield "a setting that cannot be read is named by a rehearsal before the restart"

    host("systemctl", "stop", SOCKET, UNIT)
    assert host.try_to(PYTHON, "-c", VERSION).returncode
    yield "stopped with its socket, it stays stopped"


TARGET = Target("systemd", run)
