"""Say in words that a session's own packages are not installed, before one of them is imported."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["refuse_without"]


def refuse_without(session: str, modules: Sequence[str]) -> None:
    """Raise Refusal unless all of `modules` are installed; `session` is also the extra that brings them."""
    if missing := [name for name in modules if find_spec(name) is None]:
        raise Refusal(
            f"`{session}` needs packages that are not installed here.",
            [(sys.prefix, f"no {', '.join(missing)}")],
            f"Run `uv run noxfile.py -s {session}`, which installs them from .lockstep/uv.lock.",
            code=COULD_NOT_LOOK,
        )
