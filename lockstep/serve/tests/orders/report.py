"""What a process tells of itself: the modules of Lockstep that it has loaded."""

import sys

__all__ = ["loaded_modules"]


def loaded_modules() -> dict[str, str]:
    """Modules of lockstep_serve in this process: name → file."""
    found = sorted(name for name in sys.modules if name.partition(".")[0] == "lockstep_serve")
    return {name: str(sys.modules[name].__file__) for name in found}
