"""Every check there is, found in the packages below this one: a module in them with a `CHECK` is a check."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from lockstep_serve.errors import Refusal
from lockstep_tool import checks
from lockstep_tool.checks.check import Check

__all__ = ["SESSIONS", "checks_of", "every_check", "find_check"]

SESSIONS = ("lock", "pins", "image", "parity", "audit")  # a package of checks for each


@cache
def every_check() -> Mapping[str, Check]:
    """All checks by name, in the order of their sessions and then as `ORDER` of the session's package lists them."""
    return {check.name: check for session in SESSIONS for check in checks_of(session)}


@cache
def checks_of(session: str) -> tuple[Check, ...]:
    """The checks that a session runs. Modules that its package's `ORDER` does not list come last."""
    package = import_module(f"{checks.__name__}.{session}")
    order = {name: place for place, name in enumerate(getattr(package, "ORDER", ()))}
    names = sorted((module.name for module in iter_modules(package.__path__)), key=lambda name: (order.get(name, 99), name))
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    return tuple(module.CHECK for module in modules if hasattr(module, "CHECK"))


def find_check(name: str) -> Check:
    """The check of this name; raises Refusal when there is none."""
    if name not in every_check():
        raise Refusal(
            f"There is no check named {name!r}.",
            [("checks", ", ".join(every_check()))],
            "Choose one of them, or none for all.",
        )
    return every_check()[name]
