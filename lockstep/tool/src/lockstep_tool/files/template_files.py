"""The files that the template gives for a service's answers, to compare the service's own with."""

import ast
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from posixpath import normpath
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.files.tree import ANSWERS

__all__ = ["asked_for", "rendered_files", "template"]

CONDITION = re.compile(r"\{% if (.+?) %\}(.*?)\{% endif %\}")
VALUE = re.compile(r"\{\{ (\w+) \}\}")


@cache
def template() -> Mapping[str, str]:
    """Path in the template → text, as both stand there; `locks/wheels.py` puts them beside this module."""
    read: dict[str, str] = json.loads(files(__package__).joinpath("template.json").read_text(encoding="utf-8"))
    return read


def rendered_files(answers: Mapping[str, Any]) -> dict[str, str]:
    """Name → text, with conditions on directories and values in contents, which is all that these files have of Jinja.

    `answers` has everything that they name; raises Refusal when it lacks something.
    """
    rendered = {}
    for path, text in template().items():
        kept = all(holds(ast.parse(condition, mode="eval").body, answers) for condition, _ in CONDITION.findall(path))
        if kept:
            name = normpath(put_values(CONDITION.sub(r"\2", path), answers))
            rendered[name.removesuffix(".jinja")] = put_values(text, answers) if name.endswith(".jinja") else text
    return rendered


@cache
def asked_for(question: str) -> frozenset[str]:
    """Every answer, to a question that takes several, that a condition on a directory asks for, as in `'systemd' in deploy`."""
    conditions = {condition for path in template() for condition, _ in CONDITION.findall(path)}
    found = (re.findall(rf"'(\w+)' (?:not )?in {question}\b", condition) for condition in conditions)
    return frozenset(word for words in found for word in words)


def put_values(text: str, answers: Mapping[str, Any]) -> str:
    return VALUE.sub(lambda found: str(answer(found[1], answers)), text)


def answer(name: str, answers: Mapping[str, Any]) -> Any:
    """The answer of this name; raises Refusal when nobody gave it."""
    if name not in answers:
        raise Refusal(
            "What the template gives cannot be told without its answers.",
            [(ANSWERS, f"no answer to {name}")],
            "Restore it: `git checkout .copier-answers.yml`.",
        )
    return answers[name]


def holds(node: ast.expr, answers: Mapping[str, Any]) -> bool:
    """A condition of the template: names, constants, `and`, `not`, `==`, `!=`, `in`, `not in`."""
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(holds(part, answers) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not holds(part, answers)
        case ast.Name(id=name):
            return bool(answer(name, answers))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            one, other = value(left, answers), value(right, answers)
            if isinstance(operator, ast.In | ast.NotIn):
                return (one in other) is isinstance(operator, ast.In)
            return bool(one == other) is isinstance(operator, ast.Eq)
    raise AssertionError(f"a condition of another kind: {ast.unparse(node)}")


def value(node: ast.expr, answers: Mapping[str, Any]) -> Any:
    return node.value if isinstance(node, ast.Constant) else answer(ast.unparse(node), answers)
