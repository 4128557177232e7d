# Lockstep's: how a mistake is told. Change it by `copier update`, not by hand.
"""An error that a person can act on: what is wrong, where each voice says what, what to do."""

from collections.abc import Sequence

__all__ = ["COULD_NOT_LOOK", "DIFFERENT", "SAME", "Refusal"]

SAME, DIFFERENT, COULD_NOT_LOOK = 0, 1, 2


class Refusal(Exception):
    """Stop with a three-part message instead of a traceback.

    `voices` are pairs of a place (a file with its line, a variable, a command) and what it says there.
    `code` is the exit status: 1 for what is wrong, 2 for what could not be looked at.
    """

    def __init__(
        self,
        wrong: str,
        voices: Sequence[tuple[str, str]] = (),
        remedy: str = "",
        *,
        code: int = DIFFERENT,
    ) -> None:
        super().__init__(wrong)
        self.wrong, self.voices, self.remedy, self.code = wrong, tuple(voices), remedy, code

    def __str__(self) -> str:
        width = max((len(place) for place, _ in self.voices), default=0)
        rows = [f"  {place:<{width}}   {said}".rstrip() for place, said in self.voices]
        parts = [self.wrong, "\n".join(rows), self.remedy]
        return "\n\n".join(part for part in parts if part)
