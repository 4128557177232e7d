"""The number of workers follows what the process may use, for both versions of cgroups."""

from pathlib import Path

import pytest

from lockstep_serve import workers

MEBIBYTE = 2**20
V2 = "0::{path}\n"
V1 = "12:cpu,cpuacct:{path}\n9:memory:{path}\n1:name=systemd:{path}\n0::/user.slice\n"


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "cpus", lambda: 8)


def count(directory: Path, own: str, files: dict[str, str]) -> tuple[int, str]:
    """The workers of a process whose /proc/self/cgroup is `own`, in a tree of these files."""
    for name, text in files.items():
        (directory / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "cgroup" / name).write_text(text, encoding="ascii")
    (directory / "own").write_text(own, encoding="ascii")
    return workers.count(directory / "cgroup", directory / "own")


@pytest.mark.parametrize(
    ("own", "files", "number", "reason"),
    [
        pytest.param("", {}, 8, "8 CPUs by affinity", id="no cgroup"),
        pytest.param(V2, {"cpu.max": "max 100000"}, 8, "8 CPUs by affinity", id="v2 without quota"),
        pytest.param(V2, {"cpu.max": "150000 100000"}, 2, "CPU quota 1.5", id="v2 quota 1.5"),
        pytest.param(V2, {"cpu.max": "25000 100000"}, 1, "CPU quota 0.25", id="v2 quota 0.25"),
        pytest.param(V2, {"cpu.max": "1600000 100000"}, 8, "8 CPUs by affinity", id="v2 quota above affinity"),
        pytest.param(V2, {"cpu.max": ""}, 8, "8 CPUs by affinity", id="an empty file"),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2, "CPU quota 2", id="v1 quota 2"
        ),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8, "8 CPUs by affinity", id="v1 without quota"
        ),
        pytest.param(V2, {"memory.max": f"{512 * MEBIBYTE}"}, 4, "8 CPUs by affinity, memory limit 512 MiB", id="v2 memory"),
        pytest.param(V2, {"memory.max": f"{64 * MEBIBYTE}"}, 1, "memory limit 64 MiB", id="never fewer than one"),
        pytest.param(V2, {"memory.max": "max"}, 8, "8 CPUs by affinity", id="v2 without memory limit"),
        pytest.param(V1, {"memory/memory.limit_in_bytes": f"{256 * MEBIBYTE}"}, 2, "memory limit 256 MiB", id="v1 memory"),
        pytest.param(
            V1, {"memory/memory.limit_in_bytes": "9223372036854771712"}, 8, "8 CPUs by affinity", id="v1 without memory limit"
        ),
        pytest.param(
            V2,
            {"cpu.max": "200000 100000", "memory.max": f"{128 * MEBIBYTE}"},
            1,
            "CPU quota 2, memory limit 128 MiB",
            id="quota and memory",
        ),
    ],
)
def test_workers_follow_the_limits_and_say_why(tmp_path: Path, own: str, files: dict[str, str], number: int, reason: str) -> None:
    found, because = count(tmp_path, own.format(path="/"), files)

    assert found == number
    assert because.endswith(reason)


UNIT = "/system.slice/orders-api.service"


def test_the_quota_of_a_unit_of_systemd_counts(tmp_path: Path) -> None:
    """It stands in the unit's own cgroup; the root has none."""
    files = {f"{UNIT[1:]}/cpu.max": "200000 100000", f"{UNIT[1:]}/memory.max": "max"}

    assert count(tmp_path, V2.format(path=UNIT), files) == (2, "CPU quota 2")


def test_so_does_that_of_a_slice_above_it(tmp_path: Path) -> None:
    files = {"system.slice/cpu.max": "100000 100000", f"{UNIT[1:]}/cpu.max": "400000 100000"}

    assert count(tmp_path, V2.format(path=UNIT), files) == (1, "CPU quota 1")


def test_the_limits_of_another_unit_do_not(tmp_path: Path) -> None:
    files = {"system.slice/other.service/cpu.max": "100000 100000"}

    assert count(tmp_path, V2.format(path=UNIT), files) == (8, "8 CPUs by affinity")


def test_a_container_that_sees_the_path_of_its_host_finds_its_limits_at_the_root(tmp_path: Path) -> None:
    files = {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}

    assert count(tmp_path, V1.format(path="/docker/4f1c"), files) == (3, "CPU quota 3")


def test_a_system_without_cgroups_has_its_processors(tmp_path: Path) -> None:
    assert workers.count(tmp_path, tmp_path / "none") == (8, "8 CPUs by affinity")


def test_this_machine_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    number, because = workers.count()

    assert 1 <= number <= workers.cpus()
    assert because
