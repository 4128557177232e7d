"""The number of workers follows what the process may use, for both versions of cgroups."""

from pathlib import Path

import pytest

from lockstep_serve import workers

MEBIBYTE = 2**20


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "cpus", lambda: 8)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "count", "reason"),
    [
        pytest.param({}, 8, "8 CPUs by affinity", id="no cgroup"),
        pytest.param({"cpu.max": "max 100000"}, 8, "affinity", id="v2 without quota"),
        pytest.param({"cpu.max": "150000 100000"}, 2, "CPU quota 1.5", id="v2 quota 1.5"),
        pytest.param({"cpu.max": "25000 100000"}, 1, "CPU quota 0.25", id="v2 quota 0.25"),
        pytest.param({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2, "CPU quota 2", id="v1 quota 2"),
        pytest.param({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8, "affinity", id="v1 without quota"),
        pytest.param({"memory.max": str(512 * MEBIBYTE)}, 4, "memory limit 512 MiB", id="v2 memory"),
        pytest.param({"memory.max": str(64 * MEBIBYTE)}, 1, "memory limit 64 MiB", id="never fewer than one"),
        pytest.param({"memory/memory.limit_in_bytes": "9223372036854771712"}, 8, "affinity", id="v1 without memory limit"),
    ],
)
def test_workers_follow_the_limits_and_say_why(tmp_path: Path, files: dict[str, str], count: int, reason: str) -> None:
    number, because = workers.count(write(tmp_path, files))

    assert number == count
    assert reason in because
