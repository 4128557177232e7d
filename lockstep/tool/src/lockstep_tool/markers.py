"""Judge a dependency's marker, such as `sys_platform == 'win32'`, for a place that may be another machine.

Grammar: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers. It is a
subset of Python's own expressions, so Python's parser reads it; nothing is evaluated by Python itself.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["holds", "with_python"]

VERSIONS = {"python_version", "python_full_version", "implementation_version", "platform_release"}
COMPARE: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def holds(marker: str | None, environment: Mapping[str, str]) -> bool:
    """True when the marker is absent or true in `environment`; raises ValueError for what is not a marker."""
    return marker is None or judge(ast.parse(marker, mode="eval").body, environment)


def judge(node: ast.expr, environment: Mapping[str, str]) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(judge(part, environment) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(judge(part, environment) for part in parts)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
            names = {n.id for n in (left, right) if isinstance(n, ast.Name)}
            by_version = bool(names & VERSIONS) and not isinstance(op, ast.In | ast.NotIn)
            sides = (value(side, environment) for side in (left, right))
            return COMPARE[type(op)](*(version(side) if by_version else side for side in sides))
    raise ValueError(f"not a marker: {ast.unparse(node)}")


def value(node: ast.expr, environment: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return environment.get(name, "")
        case ast.Constant(value=str(text)):
            return text
    raise ValueError(f"not a marker's value: {ast.unparse(node)}")


def version(text: str) -> tuple[int, ...]:
    """`3.13.0` → (3, 13): trailing zeros do not matter; what follows the numbers is left out."""
    numbers = [int(part) for part in re.findall(r"\d+", text.partition("+")[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def with_python(environment: Mapping[str, str], python: str) -> dict[str, str]:
    """The same values for an interpreter of exactly this version, such as 3.13.9."""
    return {**environment, "python_full_version": python, "python_version": python.rpartition(".")[0]}
