"""Make base images from Debian's archive, for a machine that reaches no registry, and say how a service builds with them.

python -m bases                 prints what to export, and serves the interpreter to builds until Ctrl-C
python -m bases COMMAND …       runs the command with all of that set, and ends with it
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from containers.bases import bring_bases
from containers.building import build_settings
from containers.engine import NoEngine, find_engine
from containers.interpreter import interpreter_of
from containers.offered import offered
from containers.programs import CannotMake

__all__ = ["main"]

ENDING = (signal.SIGINT, signal.SIGTERM)


def main(words: Sequence[str]) -> int:
    """The exit code of the command in `words`; 0 without one."""
    try:
        bases, interpreter = bring_bases(find_engine()), interpreter_of(Path(sys.executable))
    except (NoEngine, CannotMake) as reason:
        print(f"The base images cannot be made.\n\n  {reason}\n\nMend what it says, then run this again.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory, offered(interpreter, Path(directory)) as offer:
        settings = build_settings(bases, offer)
        if words:
            reader = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # the tests' own
            return subprocess.run(words, env={**reader, **settings}, check=False).returncode
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        print("In the terminal in which a service builds its image:\n")
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in settings.items()))
        print(f"\nPython {interpreter.version} is served to its builds as long as this runs; Ctrl-C ends it.", flush=True)
        signal.sigwait(ENDING)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
