"""Why the digest of an image or the commit of an action is not known."""

__all__ = ["Unanswered"]


class Unanswered(Exception):
    """`away` when nobody could be asked; else there is nothing of that name, or nothing to follow."""

    def __init__(self, why: str, *, away: bool) -> None:
        super().__init__(why)
        self.away = away
