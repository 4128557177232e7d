"""Which files are the code of a service, where they are imported from, and where they have to lie so that a wheel has them.

A folder is code when the application imports it or the distribution names it, not because a .py file lies in it. What a
page or a module opens by its place (`templates`, `static`) moves along, so that it lies where it lay, seen from the code.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from adopting.checkout import Checkout
from adopting.modules import Modules

__all__ = ["Layout", "find_layout"]

BESIDE_FLASK = ("templates", "static")
# Calls whose first text is a name below the folder of a package, or no path at all.
ELSEWHERE = {"Flask", "Blueprint", "render_template", "get_template", "url_for", "include", "path", "PackageLoader", "mount"}
DATA = re.compile(r"(?:\./)?([A-Za-z_][\w-]*)(?:/[\w./-]*)?")


@dataclass
class Layout:
    """`root` is the folder that the code is imported from, with a slash at its end, or empty for the top.

    `move` are files by old and new name; `modules` what the wheel is made of, below src/; `bare` are those without
    `__init__.py`. `working` is whether code opens files from where it is started.
    """

    root: str = ""
    move: dict[str, str] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    working: bool = False
    know: list[str] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)

    def list_moves(self) -> list[tuple[str, str]]:
        """Old and new place, folders where they move whole."""
        tops = {old.removeprefix(self.root).partition("/")[0] for old in self.move}
        whole = {}
        for top in sorted(tops):
            names = [old for old in self.move if old.removeprefix(self.root).partition("/")[0] == top]
            new = self.move[names[0]]
            if f"{self.root}{top}" in names:
                whole[f"{self.root}{top}"] = new
            else:
                whole[f"{self.root}{top}/"] = f"{new[: len(new) - len(names[0].removeprefix(f'{self.root}{top}/'))]}"
        return list(whole.items())


def find_layout(here: Checkout, modules: Modules, app: str, project: Mapping[str, Any]) -> Layout:
    """From what the application and the distribution name, everything that they import."""
    found = Layout(modules.root)
    starts = {app.partition(":")[0].partition(".")[0], *name_packages(project, modules), *name_settings(here, modules)}
    tops = sorted(modules.reach(starts - {""}))
    for top in tops:
        place(here, modules, top, found)
    files = [file for top in tops for file in modules.below(top)]
    for folder, working in sorted(find_data(here, modules, files, tops)):
        place_data(here, modules, folder, app, found)
        found.working |= working
    refuse_broken_links(here, found)
    return found


def name_packages(project: Mapping[str, Any], modules: Modules) -> Iterator[str]:
    """What the distribution is made of, and the modules of its commands."""
    tool, stated = project.get("tool", {}), project.get("project", {})
    said = [one.get("include", "") for one in tool.get("poetry", {}).get("packages", ()) if isinstance(one, dict)]
    said += tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {}).get("packages", ())
    setuptools = tool.get("setuptools", {})
    packages = setuptools.get("packages", ())
    said += (
        packages
        if isinstance(packages, list)
        else packages.get("find", {}).get("include", ())
        if isinstance(packages, dict)
        else ()
    )
    said += setuptools.get("py-modules", ())
    backend = tool.get("uv", {}).get("build-backend", {}).get("module-name", ())
    said += [backend] if isinstance(backend, str) else backend
    for table in ("scripts", "gui-scripts"):
        said += [
            str(one).partition(":")[0] for one in {**stated.get(table, {}), **tool.get("poetry", {}).get(table, {})}.values()
        ]
    for name in said:
        top = re.split(r"[./*]", str(name).removeprefix("src/"))[0]
        if top in modules.tops:
            yield top


def name_settings(here: Checkout, modules: Modules) -> Iterator[str]:
    """The settings that manage.py names."""
    manage = f"{modules.root}manage.py" if f"{modules.root}manage.py" in here.files else "manage.py"
    yield from modules.used_by(manage) if manage in here.files else ()


def place(here: Checkout, modules: Modules, top: str, found: Layout) -> None:
    """Below src/: a package as it is, a single module as a package of the same name."""
    single = f"{modules.root}{top}.py"
    folder = f"{modules.root}{top}/"
    inside = [name for name in here.files if name.startswith(folder)]
    package = bool(inside) and any(name.endswith(".py") for name in inside)
    found.modules.append(top)
    if single in here.files and not package:
        found.move[single] = f"src/{top}/__init__.py"
        return
    if f"{folder}__init__.py" not in here.files:
        found.bare.append(top)
    if modules.root != "src/":
        found.move |= {name: f"src/{name.removeprefix(modules.root)}" for name in inside}


def find_data(here: Checkout, modules: Modules, files: list[str], tops: list[str]) -> set[tuple[str, bool]]:
    """Folders beside the code that it names as text and that hold no code, each with whether it is looked for from where the
    service is started.
    """
    beside = {
        name.removeprefix(modules.root).partition("/")[0]
        for name in here.files
        if name.startswith(modules.root) and "/" in name.removeprefix(modules.root)
    }
    coded = {
        name.removeprefix(modules.root).partition("/")[0]
        for name in here.files
        if name.startswith(modules.root) and name.endswith(".py")
    }
    candidates = beside - coded - {*tops, "tests", "docs", "src"}
    found: dict[str, bool] = {}
    for file in files:
        for text, joined in path_texts(modules.tree(file)):
            match = DATA.fullmatch(text)
            if match and match[1] in candidates:
                found[match[1]] = found.get(match[1], False) or not joined
    if any(f"{modules.root}{top}.py" in files and makes_flask(modules.tree(f"{modules.root}{top}.py")) for top in tops):
        found |= {name: found.get(name, False) for name in BESIDE_FLASK if name in candidates}
    return set(found.items())


def path_texts(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Each text that may be a path, with whether it is joined to another one."""
    joined: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            joined.add(id(node.right))
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in {"join", "joinpath", "path_join"}:
                joined |= {id(one) for one in node.args[1 if name != "joinpath" else 0 :]}
            elif name in ELSEWHERE:
                joined |= {id(one) for one in [*node.args, *(k.value for k in node.keywords)]}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, id(node) in joined


def makes_flask(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Flask" for node in ast.walk(tree))


def place_data(here: Checkout, modules: Modules, folder: str, app: str, found: Layout) -> None:
    """Beside the code; what Flask looks for beside a single module goes into the package that the module becomes."""
    start = f"{modules.root}{folder}/"
    single = [
        old
        for old in found.move
        if found.move[old].endswith("/__init__.py")
        and old.count("/") == modules.root.count("/")
        and makes_flask(modules.tree(old))
    ]
    home = f"src/{PurePosixPath(single[0]).stem}/{folder}/" if single and folder in BESIDE_FLASK else f"src/{folder}/"
    moved = {name: f"{home}{name.removeprefix(start)}" for name in here.files if name.startswith(start)}
    if home == f"src/{folder}/":
        found.modules.append(folder)
        found.bare.append(folder)
    found.move |= {old: new for old, new in moved.items() if old != new}


def refuse_broken_links(here: Checkout, found: Layout) -> None:
    """A link that moves has to lead where it led."""
    for link in (name for name in here.links if name in found.move):
        target = (here.path / link).readlink()
        inside = PurePosixPath(link).parent.joinpath(target).as_posix()
        normal = re.sub(r"[^/]+/\.\./", "", inside)
        if target.is_absolute() or not any(name == normal or name.startswith(f"{normal}/") for name in found.move):
            found.obstacles.append(
                (f"the link {link} leads to {target}, which does not move along", "Replace it by what it leads to.")
            )
    for name in here.submodules:
        if any(old.startswith(f"{name.partition('/')[0]}/") for old in found.move):
            found.obstacles.append(
                (
                    f"the submodule {name} lies in a folder that has to move",
                    "Move it out of the package, or make its files yours.",
                )
            )
