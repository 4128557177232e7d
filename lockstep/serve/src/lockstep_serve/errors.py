"""An error that a person can act on: what is wrong, where it says what, what to do."""

from collections.abc import Sequence

__all__ = ["COULD_NOT_LOOK", "DIFFERENT", "SAME", "Refusal"]

SAME, DIFFERENT, COULD_NOT_LOOK = 0, 1, 2


class Refusal(Exception):
    """Stop with a three-part message instead of a traceback.

    `where` are pairs of a spot (a file with its line, a variable, a command) and what it says there.
    `code` is the exit status: 1 for what is wrong, 2 for what could not be looked at.
    """

    def __init__(self, wrong: str, where: Sequence[tuple[str, str]] = (), fix: str = "", *, code: int = DIFFERENT) -> None:
        super().__init__(wrong)
        self.wrong, self.where, self.fix, self.code = wrong, tuple(where), fix, code

    def __str__(self) -> str:
        width = max((len(spot) for spot, _ in self.where), default=0)
        rows = [f"  {spot:<{width}}   {text}".rstrip() for spot, text in self.where]
        parts = [self.wrong, "\n".join(rows), self.fix]
        return "\n\n".join(part for part in parts if part)
