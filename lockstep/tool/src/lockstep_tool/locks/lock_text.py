"""Find what stands in a lock beside its data, which uv neither writes nor minds."""

import re
from collections.abc import Iterator

from lockstep_tool.lockfile import Lock

__all__ = ["beside_the_data"]

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# The one comment that uv writes, beside a span.
ITS_OWN = "# This has no effect and is included for backwards compatibility"


def beside_the_data(name: str, lock: Lock) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and a comment, or the ends of lines that another program wrote."""
    if lock.returns:
        yield name, "its lines end as on Windows, and uv writes none so"
    for number, line in enumerate(lock.text.splitlines(), 1):
        _, mark, comment = STRING.sub("", line).partition("#")
        if mark and not f"#{comment}".startswith(ITS_OWN):
            yield f"{name}:{number}", f"has the comment `#{comment}`, and uv writes none"
