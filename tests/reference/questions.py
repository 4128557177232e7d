"""The questions, with what each offers and refuses, from `copier.yml` and the rules beside it."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import nodes

from .markdown import opening, table
from .rendering import compute_answers, template

__all__ = ["list_questions", "page"]

FOLDER = "orders-api"
RULES = {"project_name": "name"}  # a rule has its question's name, but for this one


def page(root: Path) -> str:
    """Every question, then its choices, then the defaults that follow from answers before."""
    parts = [
        opening("Questions", "`copier.yml` and `questions/rules.jinja`"),
        "`copier copy` asks these, in this order.",
        "Any of them is answered by `--data NAME=VALUE`, and `--defaults` takes the default of all others.\n",
        "The defaults are those of a copy to a folder named `orders-api`.\n",
    ]
    rules = read_refusals((root / "questions" / "rules.jinja").read_text(encoding="utf-8"))
    settings = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8"))
    offered: Mapping[str, Mapping[str, str]] = settings["offered"]["default"]
    with template(root) as source, tempfile.TemporaryDirectory() as empty:
        taken = {name: compute_answers(source, Path(empty, FOLDER), {"framework": name}) for name in offered["framework"]}
    usual = taken[settings["framework"]["default"]]
    following = [
        (f"`{framework}`", f"`{work}`", f"`{server}`", "the default" if work == taken[framework]["work"] else "")
        for framework, choices in settings["first_choice"]["default"].items()
        for work, server in choices.items()
    ]
    for name, question in list_questions(settings).items():
        rows = [(f"`{value}`", label) for value, label in offered.get(name, {}).items()]
        kind = "several of these" if question.get("multiselect") else "one of these" if rows else "text"
        parts.append(f"## {name}\n\n{question['help']}\n\nType: {kind}; default: `{format_default(usual[name])}`.\n")
        parts += [table(("answer", "meaning"), rows)] if rows else []
        refused = [*rules.get(RULES.get(name, name), ()), *(rules["choice"] if rows else ())]
        parts.append("Refused:\n\n" + "".join(f"- {rule}\n" for rule in refused))
    parts.append("## What follows\n\nThe server model that is offered first, by the two answers before it:\n")
    parts.append(table(("framework", "work", "server", "work is"), following))
    parts.append("A copy is refused as well when:\n\n" + "".join(f"- {rule}\n" for rule in rules["destination"]))
    return "\n".join(parts)


def list_questions(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of copier.yml that are questions to a person."""
    return {name: entry for name, entry in settings.items() if not name.startswith("_") and entry.get("when") is not False}


def format_default(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def read_refusals(rules: str) -> dict[str, list[str]]:
    """Rule → the first sentence of each of its refusals, with `…` for what depends on the answer."""
    tree = jinja2.Environment().parse(rules)
    return {macro.name: list(dict.fromkeys(sentences(macro))) for macro in tree.find_all(nodes.Macro)}


def sentences(macro: nodes.Macro) -> Iterator[str]:
    calls = [call for call in macro.find_all(nodes.Call) if isinstance(call.node, nodes.Name) and call.node.name == "three"]
    for call in calls:
        yield words(call.args[0])
    if not calls:  # a rule that writes its three paragraphs itself
        said = [line.strip() for data in macro.find_all(nodes.TemplateData) for line in data.data.splitlines()]
        yield from [line for line in said if line.endswith(".")][:1]


def words(expression: nodes.Expr) -> str:
    """A string, or strings joined with values."""
    if isinstance(expression, nodes.Concat):
        return "".join(words(part) for part in expression.nodes)
    return str(expression.value) if isinstance(expression, nodes.Const) else "…"
