"""The commands of the tool and of what serves, read from their sources without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .markdown import opening, table

__all__ = ["Command", "page", "read_serve", "read_tool"]

TOOL = Path("lockstep", "tool", "src")
SERVE = Path("lockstep", "serve", "src", "lockstep_serve", "__main__.py")


@dataclass(frozen=True)
class Command:
    """A command's name, what it does, and its arguments as they are typed, each with what it means."""

    name: str
    does: str
    arguments: tuple[str, ...]

    def row(self) -> tuple[str, str, str]:
        return f"`{self.name}`", self.does, "; ".join(self.arguments)


def page(root: Path) -> str:
    """Every command of `lockstep` and of `python -m lockstep_serve`."""
    head = ("command", "what it does", "arguments")
    return "\n".join(
        [
            opening("Commands", f"the modules in `{TOOL}/lockstep_tool/commands/` and `{SERVE}`"),
            "## lockstep\n",
            "The tool, which laptops and CI have. The sessions call it, and hand on what stands behind `--`:",
            "`uv run noxfile.py -s COMMAND -- ARGUMENTS`.",
            "By hand it is `.nox/lockstep/bin/lockstep COMMAND`, in the service's directory.\n",
            table(head, [command.row() for command in read_tool(root)]),
            "Exit codes: 0 the same, 1 different or wrong, 2 could not look.\n",
            "## python -m lockstep_serve\n",
            "What starts the service everywhere, and what production asks of it.\n",
            table(head, [command.row() for command in read_serve(root)]),
        ]
    )


def read_tool(root: Path) -> Iterator[Command]:
    """A command for each module; one that hands on its words has its arguments where they go."""
    for path in sorted((root / TOOL / "lockstep_tool" / "commands").glob("[a-z]*.py")):
        tree = parse(path)
        arguments = tuple(read_arguments(tree)) or tuple(
            argument
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and "main" in {name.name for name in node.names}
            for argument in read_arguments(parse(root / TOOL / f"{str(node.module).replace('.', '/')}.py"))
        )
        said = ast.get_docstring(tree)
        if said is None:
            raise ValueError(f"{path} does not say what it does")
        yield Command(path.stem.replace("_", "-"), said.partition("\n")[0], arguments)


def read_serve(root: Path) -> Iterator[Command]:
    """The parsers that one function makes, each with the arguments that are added to it."""
    tree = parse(root / SERVE)
    for call in calls(tree, "add_parser"):
        name = ast.literal_eval(call.args[0])
        words = {word.arg: word.value for word in call.keywords}
        added = [one for one in calls(tree, "add_argument") if ast.unparse(one.func).startswith(f"{name}.")]
        yield Command(name, sentence(ast.literal_eval(words["help"])), tuple(map(argument, added)))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a method, in the order of the file."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(f".{name}")]
    yield from sorted(found, key=lambda call: call.lineno)


def read_arguments(tree: ast.AST) -> Iterator[str]:
    """Those that are written out; the ones that a loop adds are there to be refused."""
    for call in calls(tree, "add_argument"):
        if isinstance(call.args[0], ast.Constant):
            yield argument(call)


def argument(call: ast.Call) -> str:
    """As it is typed, and what it means."""
    said = {word.arg: ast.literal_eval(word.value) for word in call.keywords if isinstance(word.value, ast.Constant)}
    name = str(ast.literal_eval(call.args[0]))
    shown = name if name.startswith("-") else name.upper()
    if "metavar" in said:
        shown += f" {said['metavar']}"
    elif name.startswith("--") and "action" not in said:
        shown += f" {name.removeprefix('--').upper()}"
    return f"`{shown}`: {said['help']}"


def sentence(words: str) -> str:
    """argparse's helps begin small and end open."""
    return f"{words[:1].upper()}{words[1:]}."
