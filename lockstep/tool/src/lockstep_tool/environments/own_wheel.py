"""What the service's own wheel holds: built from the checkout each time, as uv builds it for an environment."""

import subprocess
import sys
import tempfile
from pathlib import Path

from lockstep_tool.environments.wheels import Contents, UnknownContents, recorded_files
from lockstep_tool.hermetic import environment

__all__ = ["read_own_wheel"]


def read_own_wheel(root: Path) -> Contents:
    """Its contents; raises UnknownContents when it cannot be built without a network.

    uv builds it in itself when the backend is uv_build, which takes 20 ms.
    """
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        command = ["uv", "build", "--wheel", "--quiet", "--offline", "--no-config", "--python", sys.executable]
        done = subprocess.run(
            [*command, "--out-dir", folder, str(root)], cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["uv gives no reason"]
            raise UnknownContents(f"the service's own wheel cannot be built: {lines[-1]}")
        with wheels[0].open("rb") as file:
            return recorded_files(file, own=True)
