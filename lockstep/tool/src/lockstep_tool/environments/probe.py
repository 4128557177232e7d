"""Put the probe together: the one program of the standard library that looks into any interpreter it is piped into."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lockstep_serve import environment
from lockstep_tool import fingerprint
from lockstep_tool.inside import byte_code, files, installer, modes, programs, records, unowned, variables

__all__ = ["MODULES", "probe_program"]

# One follows the other; each uses those before it.
MODULES = (environment, files, programs, installer, records, byte_code, unowned, modes, variables, fingerprint)
# What the files have in common: in the program, it is there already.
IMPORT = re.compile(r"^from lockstep_\w+\.(?:environment|inside\.\w+) import (?:\(.*?^\)|[^(\n]*)\n", re.MULTILINE | re.DOTALL)


def probe_program(known: Iterable[str] = ()) -> bytes:
    """The program, to be piped into `python -`: it prints a fingerprint and needs nothing but Python 3.11 or newer.

    `known` are verdicts on byte code that were given before.
    """
    whole = join_modules()
    if verdicts := " ".join(known):
        call = "take_fingerprint("
        head, found, tail = whole.rpartition(call)
        assert found, "the program takes the fingerprint in its last lines"
        whole = f'{head}{call}frozenset("{verdicts}".split()){tail}'
    return whole.encode()


@cache
def join_modules() -> str:
    """The modules without what they import from one another."""
    texts = (Path(str(module.__file__)).read_text(encoding="utf-8") for module in MODULES)
    return "\n\n".join(IMPORT.sub("", text) for text in texts)
