"""What somebody else must know of this machine to compare figures."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

__all__ = ["describe_machine"]


def describe_machine(python: str) -> dict[str, object]:
    """Facts for people; nothing that names a person or a host."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": name_processor(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": python,
        "load_average": round(os.getloadavg()[0], 1),
    }


def name_processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
