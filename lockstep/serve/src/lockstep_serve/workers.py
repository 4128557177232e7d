"""How many worker processes this process may use: CPU quota, affinity and memory limit, never the host's size.

Sources: cgroup v2 `cpu.max` and `memory.max`, cgroup v1 `cpu.cfs_quota_us` and `memory.limit_in_bytes`
(https://docs.kernel.org/admin-guide/cgroup-v2.html, …/cgroup-v1/), of the cgroup that /proc/self/cgroup names and of all
above it; `os.sched_getaffinity`.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["count", "cpus"]

CGROUP = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
MEMORY_PER_WORKER = 128 * 2**20  # bytes; a small service's worker takes 50 to 60 MB, and its traffic needs some


def directories(controller: str, root: Path, own: Path) -> Iterator[Path]:
    """Where limits of this process are stated: in its own cgroup, as of a systemd unit, and in all above it.

    `own` has a line `number:controllers:path` for each hierarchy; that of v2 names no controllers.
    """
    lines = own.read_text(encoding="utf-8").splitlines() if own.exists() else []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if not controllers or controller in controllers.split(","):
            below = PurePosixPath(path.lstrip("/"))
            yield from (root / (controller if controllers else "") / part for part in (below, *below.parents))


def words(path: Path) -> list[str]:
    """The words in a file of the kernel; none when it is not there."""
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []


def cpu_quota(cgroup: Path) -> float:
    """CPUs that it allows, such as 1.5; infinite without a limit, which is "max" in v2 and -1 in v1."""
    found = words(cgroup / "cpu.max") or words(cgroup / "cpu.cfs_quota_us") + words(cgroup / "cpu.cfs_period_us")
    return int(found[0]) / int(found[1]) if len(found) == 2 and found[0].isdecimal() else math.inf


def memory_limit(cgroup: Path) -> float:
    """Bytes that it allows; infinite without a limit, which is "max" in v2."""
    found = words(cgroup / "memory.max") or words(cgroup / "memory.limit_in_bytes")
    return int(found[0]) if found and found[0].isdecimal() else math.inf


def cpus() -> int:
    """CPUs that this process may run on; macOS has no affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count(root: Path = CGROUP, own: Path = OWN) -> tuple[int, str]:
    """The number of workers and the reason for it, in words for the boot line."""
    quota = min(map(cpu_quota, directories("cpu", root, own)), default=math.inf)
    memory = min(map(memory_limit, directories("memory", root, own)), default=math.inf)
    allowed, reason = min((cpus(), f"{cpus()} CPUs by affinity"), (quota, f"CPU quota {quota:g}"))
    if memory < MEMORY_PER_WORKER * math.ceil(allowed):
        allowed, reason = memory // MEMORY_PER_WORKER, f"{reason}, memory limit {memory / 2**20:.0f} MiB"
    return max(1, math.ceil(allowed)), reason
