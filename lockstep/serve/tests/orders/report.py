"""What a process tells of itself: the modules of Lockstep that it has loaded."""

import sys

__all__ = ["loaded_modules"]


def loaded_modules() -> dict[str, str]:
    """Modules of lockstep_serve in this process, the command itself included: name → file."""
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    return {name: file for name, file in sorted(files.items()) if "/lockstep_serve/" in file}
