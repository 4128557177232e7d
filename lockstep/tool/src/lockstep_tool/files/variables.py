"""Find the variables that the service's own package reads from its environment, by reading its source.

Nothing is imported, so no environment is needed and no code runs. Found are the fields of pydantic-settings' classes,
by the prefix and the aliases that stand in the source, and the names that `os.environ` and `os.getenv` are asked for.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lockstep_tool.files.python_file import service_files
from lockstep_tool.service import Service

__all__ = ["Variable", "variables"]


@dataclass(frozen=True)
class Variable:
    """`default` is the source text of a constant, None where it is computed; a `required` one has none at all."""

    name: str
    file: str
    line: int
    required: bool
    default: str | None = None

    @property
    def spot(self) -> str:
        """`file:line`, as a finding names it."""
        return f"{self.file}:{self.line}"


def variables(service: Service) -> dict[str, Variable]:
    """Name → variable, for every module of the service, with the first line that reads it."""
    found, asked_for = dict[str, Variable](), set[str]()
    package = service.package.name
    for file, tree in service_files(service):
        for variable in [*fields(tree, file, package), *read_by_name(tree, file)]:
            found.setdefault(variable.name, variable)
        asked_for |= names_asked_for(tree)
    return {name: replace(one, required=one.required and name not in asked_for) for name, one in found.items()}


def fields(tree: ast.Module, file: str, package: str) -> Iterator[Variable]:
    """The fields of classes below BaseSettings; one that inherits in the same module has its parent's prefix."""
    constants = {
        target.id: text
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and (text := text_of(node.value, {}, package)) is not None
    }
    prefixes: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        inherited = next((prefixes[base] for base in bases if base in prefixes), "")
        if "BaseSettings" in bases or any(base in prefixes for base in bases):
            prefixes[node.name] = prefix_of(node, constants, package, inherited)
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield from field(item, item.target.id, prefixes[node.name], file)


def prefix_of(node: ast.ClassDef, constants: dict[str, str], package: str, inherited: str) -> str:
    """`env_prefix` of the class's `model_config`."""
    for keyword in (k for item in node.body if isinstance(item, ast.Assign) for k in keywords(item.value)):
        if keyword.arg == "env_prefix":
            return text_of(keyword.value, constants, package) or inherited
    return inherited


def field(item: ast.AnnAssign, name: str, prefix: str, file: str) -> Iterator[Variable]:
    """The variable of one field; `ClassVar` and private names are none."""
    if name.startswith("_") or name == "model_config" or "ClassVar" in ast.unparse(item.annotation):
        return
    options = {k.arg: k.value for k in [*keywords(item.value), *keywords(item.annotation)]}
    aliases = [options[key] for key in ("validation_alias", "alias") if key in options]
    names = [text for node in aliases for text in strings(node)] or [prefix + name.upper()]
    value = options.get("default", item.value)
    if isinstance(value, ast.Call):
        value = value.args[0] if value.args else None
    required = (value is None and "default_factory" not in options) or is_ellipsis(value)
    default = str(value.value) if isinstance(value, ast.Constant) and value.value is not None else None
    yield Variable(names[0], file, item.lineno, required, None if required else default)


def read_by_name(tree: ast.Module, file: str) -> Iterator[Variable]:
    """`os.environ["X"]`, `os.environ.get("X", …)` and `os.getenv("X", …)`, with the name written there."""
    imported = {
        alias.asname or alias.name: f"os.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=where, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if dotted_name(where, imported) == "os.environ":
                    yield Variable(name, file, node.lineno, required=True)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *rest]):
                if dotted_name(function, imported) in {"os.environ.get", "os.getenv"}:
                    stated = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
                    yield Variable(name, file, node.lineno, False, None if stated is None else str(stated))


def names_asked_for(tree: ast.Module) -> set[str]:
    """The names that the source asks `os.environ` about, as in `if "X" in os.environ`: it goes on without them."""
    found = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In()], comparators=[where]):
                found |= {name} if ast.unparse(where) in {"os.environ", "environ"} else set()
    return found


def dotted_name(node: ast.expr, imported: dict[str, str]) -> str:
    """The dotted name, with what was imported from `os` written out: a WSGI application has an `environ` of its own."""
    first, dot, rest = ast.unparse(node).partition(".")
    return imported.get(first, first) + dot + rest


def keywords(node: ast.expr | None) -> list[ast.keyword]:
    """Of a call such as `Field(…)`, also inside `Annotated[…]`."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)] if node is not None else []
    return [keyword for call in calls for keyword in call.keywords]


def strings(node: ast.expr) -> list[str]:
    """The names in an alias: one, or the first of several choices."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def text_of(node: ast.expr, constants: dict[str, str], package: str) -> str | None:
    """A string that the source states, also `f"{__package__.upper()}_"`; None for what only running would tell."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name)
        case ast.JoinedStr(values=parts):
            texts = [text_of(part, constants, package) for part in parts]
            return None if None in texts else "".join(text for text in texts if text is not None)
        case ast.FormattedValue(value=inner):
            known = {"__package__": package, "__package__.upper()": package.upper(), "__package__.lower()": package}
            return known.get(ast.unparse(inner)) or text_of(inner, constants, package)
    return None


def is_ellipsis(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
