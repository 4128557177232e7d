"""Which application an existing service serves: what its command names, else what its modules make."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adopting.checkout import Checkout
from adopting.modules import Modules, imported
from adopting.running_server import Running

__all__ = ["FRAMEWORKS", "Application", "find_application", "find_root"]

FRAMEWORKS = {"FastAPI": "fastapi", "Flask": "flask", "get_wsgi_application": "django", "get_asgi_application": "django"}
FACTORY = re.compile(r"(?:create|make|get|build|init)_(?:\w+_)?app(?:lication)?|(?:application|app)_factory")
NOT_SERVED = re.compile(
    r"(^|/)(tests?|docs?|examples?|scripts|bench\w*|migrations|alembic|node_modules|templates?)/|(^|/)(test_\w+|\w+_test|tests|conftest|setup|noxfile)\.py$"
)


@dataclass(frozen=True)
class Application:
    """`file` is below the checkout's top, `name` the object or the function; `ready` is whether it is an object."""

    file: str
    name: str
    framework: str
    ready: bool


def find_application(here: Checkout, running: Running, given: str) -> tuple[Sequence[Application], str]:
    """The applications that may be meant, one where it is clear, and the folder that they are imported from.

    `given` is `module:name`, as a person chose it.
    """
    found = list(list_applications(here))
    stated = given or running.app
    if stated:
        module, _, name = stated.partition(":")
        named = [one for one in found if Modules(here, find_root(here, one.file)).dotted(one.file) == module]
        roots = [find_root(here, one.file) for one in named] or [running.root if running.root is not None and not given else ""]
        for root in dict.fromkeys([*roots, "", "src/"]):
            file = Modules(here, root).files.get(module, "")
            if file:
                name = name.partition("(")[0] or "app"
                known = next((one for one in found if one.file == file), None)
                kind = known or next(iter(dict.fromkeys(found)), None)
                ready = not defines_function(Modules(here, root), file, name)
                return [Application(file, name, kind.framework if kind else "", ready)], root
        if given:
            return [], ""
    chosen = choose(found, running)
    return chosen, find_root(here, chosen[0].file) if chosen else ""


def choose(found: list[Application], running: Running) -> list[Application]:
    """An object before a function that makes one; of Django's two, the one that the server speaks with, WSGI where none says."""
    django = [one for one in found if one.framework == "django"]
    if django:
        wanted = "asgi" if running.interface == "ASGI" else "wsgi"
        return [one for one in django if one.file.endswith(f"{wanted}.py")] or django
    ready = [one for one in found if one.ready]
    return ready if len(ready) == 1 or (ready and len(found) == len(ready)) else [one for one in found if not one.ready] or ready


def list_applications(here: Checkout) -> Iterator[Application]:
    """Everything that a module makes at its top, and the functions that make one."""
    top = Modules(here, "")
    for file in here.files:
        if not file.endswith(".py") or NOT_SERVED.search(file) or file in here.links:
            continue
        tree = top.tree(file)
        makers = {name for name in FRAMEWORKS if any(called(node) == name for node in ast.walk(tree))}
        framework = FRAMEWORKS[min(makers)] if makers else ""
        own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        factories = {name for name, node in own.items() if FACTORY.fullmatch(name) or makes(node)}
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
                    pass
                case _:
                    continue
            if called(call) in FRAMEWORKS:
                yield Application(file, name, FRAMEWORKS[called(call)], True)
            elif called(call) in factories or (FACTORY.fullmatch(called(call)) and name in {"app", "application"}):
                yield Application(file, name, framework or framework_of(here, tree), True)
        for name in sorted(factories):
            if makes(own[name]) and not takes_values(own[name]):
                yield Application(file, name, framework, False)


def called(node: ast.AST) -> str:
    """The last name of what is called."""
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def makes(function: ast.FunctionDef) -> bool:
    return any(called(node) in FRAMEWORKS for node in ast.walk(function)) and any(
        isinstance(n, ast.Return) and n.value for n in ast.walk(function)
    )


def takes_values(function: ast.FunctionDef) -> bool:
    """Whether it cannot be called with nothing."""
    arguments = function.args
    return len(arguments.posonlyargs) + len(arguments.args) > len(arguments.defaults) or None in arguments.kw_defaults


def defines_function(modules: Modules, file: str, name: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in modules.tree(file).body)


def framework_of(here: Checkout, tree: ast.Module) -> str:
    """Of a module that calls a function of another one: what is imported anywhere in the service."""
    names = {name.partition(".")[0] for name in imported(tree)}
    everywhere = {
        name.partition(".")[0]
        for file in here.files
        if file.endswith(".py") and not NOT_SERVED.search(file)
        for name in imported(Modules(here, "").tree(file))
    }
    return next((one for one in ("fastapi", "flask", "django") if one in names), "") or next(
        (one for one in ("fastapi", "flask", "django") if one in everywhere), ""
    )


def find_root(here: Checkout, file: str) -> str:
    """The folder that a module is imported from, with a slash at its end: above its packages, and where its imports are found."""
    parts = file.split("/")[:-1]
    packages = len(parts)
    while packages and "/".join([*parts[:packages], "__init__.py"]) in here.files:
        packages -= 1
    candidates = ["".join(f"{part}/" for part in parts[:number]) for number in range(packages, -1, -1)]
    names = set(imported(Modules(here, "").tree(file)))
    scores = {root: sum(Modules(here, root).has(name) for name in names) for root in candidates}
    best = max(scores.values(), default=0)
    if not best and "src/" in candidates:
        return "src/"
    if not best and packages == len(parts) and parts and len(candidates) > 1:
        return ""
    return next(root for root in candidates if scores[root] == best)
