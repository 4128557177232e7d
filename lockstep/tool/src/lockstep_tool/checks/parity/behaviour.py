"""The check `behaviour`: whether the development server, the production server and each image answer alike."""

from collections.abc import Iterator
from typing import Any

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding

__all__ = ["CHECK"]


def find(*given: Any) -> Iterator[Finding]:
    """What `environments.behaviour` finds. It starts servers, so it is run last, once for all environments, and with
    more than a Comparison.
    """
    from lockstep_tool.environments.behaviour import compare_answers

    yield from compare_answers(*given)


CHECK = Check(
    name="behaviour",
    session="parity",
    asks="Status, headers and body of the same requests: development server, production server, container.",
    why="It is what all other checks are for.",
    allowed="Date, Server, and the ids of request and connection; headers and bodies that the first "
    "environment, too, changes from one answer to the next.",
    fix="the check that explains it; where none does, a setting of the service differs",
    find=find,
)
