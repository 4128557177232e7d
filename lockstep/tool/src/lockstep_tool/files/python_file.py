"""Read Python by its syntax tree; nothing is imported."""

import ast
from functools import lru_cache

from lockstep_tool.service import Service

__all__ = ["parse_python", "service_files"]


def parse_python(text: str) -> ast.Module:
    """The tree of a file; an empty one where it is no Python, which `lint` or nox says with the line."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


@lru_cache(1)
def service_files(service: Service) -> tuple[tuple[str, ast.Module], ...]:
    """Name and tree of each file of the service's modules, in order; parsed once for all checks."""
    names = service.files.named(*(f"src/{module.name}/**/*.py" for module in service.modules))
    return tuple((name, parse_python(service.files.text(name))) for name in names)
