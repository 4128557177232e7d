"""Why a digest or a commit cannot be told."""

__all__ = ["Unknown"]


class Unknown(Exception):
    """`away` when nobody could be asked; else there is nothing of that name, or nothing to follow."""

    def __init__(self, why: str, *, away: bool) -> None:
        super().__init__(why)
        self.away = away
