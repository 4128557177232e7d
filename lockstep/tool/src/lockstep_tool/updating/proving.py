"""Run the one command as a person would, in the service as it is now, and read which sessions passed."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from lockstep_serve.errors import Refusal

__all__ = ["run_one_command"]

# Of the process that this one was started by, and what would have nox run less than all.
NOT_OURS = ("VIRTUAL_ENV", "UV_RUN_RECURSION_DEPTH", "NOX_CURRENT_SESSION", "NOXSESSION", "NOXTAG", "NOXPYTHON")


def run_one_command(root: Path) -> dict[str, str]:
    """Each session of the one command with what became of it; raises Refusal when it did not come to that."""
    settings = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = ["uv", "run", "noxfile.py", "--report", str(report)]
        done = subprocess.run(command, cwd=root, env=settings, stdin=subprocess.DEVNULL, check=False)
        if not report.exists():
            raise Refusal(
                "The one command could not run.",
                [("uv run noxfile.py", f"exit code {done.returncode}, see above")],
                "Mend what it says. Or take the update back: `git reset --hard`.",
            )
        sessions = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    return {session["name"]: session["result"] for session in sessions}
