"""What the shell that prove runs in gives to every server: a failure may be this shell's, and not the service's."""

import os
import re
import resource
from collections.abc import Collection, Iterator, Mapping

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.inside.variables import INTERPRETER, LINKER
from lockstep_tool.stand_ins import NOT_SHOWN

__all__ = ["allow_files", "list_suspects"]

FILES_NEEDED, FILES_WANTED = 256, 4096
REACHING = re.compile(f"{INTERPRETER}|{LINKER}")


def allow_files() -> None:
    """Raise the number of files that may be open, as far as this shell lets; raises Refusal when that is too few."""
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = FILES_WANTED if most == resource.RLIM_INFINITY else min(FILES_WANTED, most)
    if limit < FILES_NEEDED:
        raise Refusal(
            "This shell lets a process open too few files to prove a server.",
            [("ulimit -Hn", str(most)), ("prove", f"needs {FILES_NEEDED}, for its clients and for each server's")],
            "Start another shell, or have whoever set the limit raise it: a server needs more in production, too.",
            code=COULD_NOT_LOOK,
        )
    if least != resource.RLIM_INFINITY and least < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


def list_suspects(secret: Collection[str], environment: Mapping[str, str] = os.environ) -> Iterator[tuple[str, str]]:
    """Variables of this shell that change what an interpreter does, with their values: servers get them as well.

    The values of the `secret` ones are not shown.
    """
    for name, value in sorted(environment.items()):
        if value and REACHING.fullmatch(name) and SETTINGS.get(name) != value:
            yield name, NOT_SHOWN if name in secret else value
