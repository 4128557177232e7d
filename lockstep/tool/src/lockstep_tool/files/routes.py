"""Find the paths that the service answers by GET, by reading its source.

Nothing is imported. Found are the decorators of FastAPI and Flask and the `path()` of Django's URL files, each as it is
written: what a router is mounted below stands elsewhere and is not known here.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lockstep_tool.files.python_file import service_files
from lockstep_tool.service import Service

__all__ = ["Route", "routes"]

GET = frozenset({"get", "route", "api_route"})
PLACEHOLDER = re.compile(r"\\?\{[^}]*\}|<[^>]*>")


@dataclass(frozen=True)
class Route:
    """`path` as written, such as `/prices/{item}` or `/prices/<item>`, and where."""

    path: str
    file: str
    line: int

    @property
    def spot(self) -> str:
        """`file:line`, as a finding names it."""
        return f"{self.file}:{self.line}"

    def answers(self, request: str) -> bool:
        """Whether a request's path may be one of this route's, mounted wherever."""
        parts = PLACEHOLDER.split(self.path)
        pattern = r"[^?]+".join(map(re.escape, parts))
        return re.search(rf"{pattern}/?\Z", unquote(request.partition("?")[0])) is not None


def routes(service: Service) -> Iterator[Route]:
    """Every route, in the order of the files."""
    for file, tree in service_files(service):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = [call for call in node.decorator_list if isinstance(call, ast.Call)]
                yield from (Route(path, file, call.lineno) for call in calls if (path := path_of_decorator(call)))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "path" and is_view(node):
                yield Route(f"/{text_of_first(node)}", file, node.lineno)


def path_of_decorator(call: ast.Call) -> str:
    """`/prices` of `@router.get("/prices")` or `@blueprint.route("/prices")`; empty for what is no GET."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in GET:
        return ""
    methods = next((ast.unparse(word.value) for word in call.keywords if word.arg == "methods"), "GET")
    path = text_of_first(call)
    return path if "GET" in methods and path.startswith("/") else ""


def is_view(call: ast.Call) -> bool:
    """Whether `path()` leads to a view, and not to further paths."""
    if not call.args or not isinstance(call.args[0], ast.Constant) or len(call.args) < 2:
        return False
    return isinstance(call.args[0].value, str) and not ast.unparse(call.args[1]).startswith(("include(", "admin."))


def text_of_first(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
