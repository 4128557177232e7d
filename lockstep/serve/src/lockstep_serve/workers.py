"""How many worker processes this process may use: CPU quota, affinity and memory limit, never the host's size.

Sources: cgroup v2 `cpu.max` and `memory.max`, cgroup v1 `cpu.cfs_quota_us` and `memory.limit_in_bytes`
(https://docs.kernel.org/admin-guide/cgroup-v2.html, …/cgroup-v1/), `os.sched_getaffinity`.
"""

import math
import os
from pathlib import Path

__all__ = ["count"]

CGROUP = Path("/sys/fs/cgroup")
MEMORY_PER_WORKER = 128 * 2**20  # bytes; a small service's worker takes 50 to 60 MB, and its traffic wants room


def first_number(*paths: Path) -> int | None:
    """The first whole number found in the files, or None: no file, or no limit."""
    for path in paths:
        try:
            word = path.read_text(encoding="ascii").split()[0]
        except (OSError, IndexError):
            continue
        if word.lstrip("-").isdecimal():
            return int(word)
    return None


def cpu_quota(root: Path = CGROUP) -> float | None:
    """CPUs that the quota allows, such as 1.5, or None."""
    try:
        quota, period = (root / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        v1_quota = first_number(root / "cpu" / "cpu.cfs_quota_us")
        v1_period = first_number(root / "cpu" / "cpu.cfs_period_us")
        return v1_quota / v1_period if v1_quota and v1_period and v1_quota > 0 else None


def memory_limit(root: Path = CGROUP) -> int | None:
    """Bytes that the memory limit allows, or None; v1 says "no limit" with a number near 2**63."""
    limit = first_number(root / "memory.max", root / "memory" / "memory.limit_in_bytes")
    return limit if limit and limit < 2**60 else None


def cpus() -> int:
    """CPUs that this process may run on; macOS has no affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count(root: Path = CGROUP) -> tuple[int, str]:
    """The number of workers and the reason for it, in words for the boot line."""
    allowed, quota, memory = float(cpus()), cpu_quota(root), memory_limit(root)
    reasons = [f"{cpus()} CPUs by affinity"]
    if quota is not None and quota < allowed:
        allowed, reasons = quota, [f"CPU quota {quota:g}"]
    workers = max(1, math.ceil(allowed))
    if memory is not None and memory // MEMORY_PER_WORKER < workers:
        workers = max(1, memory // MEMORY_PER_WORKER)
        reasons.append(f"memory limit {memory // 2**20} MiB")
    return workers, ", ".join(reasons)
