"""Put the probe together: the one program of the standard library that looks into any interpreter it is piped into."""

import re
from functools import cache
from pathlib import Path

from lockstep_serve import environment
from lockstep_tool import fingerprint

__all__ = ["probe_program"]

# What the two files have in common: in the program, one follows the other.
IMPORT = re.compile(r"^from lockstep_serve\.environment import \(.*?^\)\n", re.MULTILINE | re.DOTALL)


@cache
def probe_program() -> bytes:
    """The program, to be piped into `python -`: it prints a fingerprint and needs nothing but Python 3.11 or newer."""
    shared, own = (Path(str(module.__file__)).read_text(encoding="utf-8") for module in (environment, fingerprint))
    program, found = IMPORT.subn("", own)
    assert found == 1, "fingerprint.py imports what it shares in one statement"
    return f"{shared}\n\n{program}".encode()
