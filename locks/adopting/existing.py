"""What stands in an existing service: its packages, its application, what it asks for, and what is in the way."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adopting.checkout import git, list_tracked
from adopting.requirements import Requirements, read_requirements
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["Existing", "read_existing"]

FRAMEWORKS = ("fastapi", "flask", "django")
OBJECT = r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:fastapi\.|flask\.)?(?:FastAPI|Flask)\("
FACTORY = r"^def ((?:create|make|get|build)_app(?:lication)?)\("
NO_CODE = {"tests", "test", "docs", "scripts", "build", "dist", "bench"}


@dataclass
class Existing:
    """`packages` are folders of importable code below the root; `app` is `module:name`; `obstacles` are pairs:
    what stands in the way, and what to do.
    """

    path: Path
    files: list[str]
    project: dict[str, Any]
    requirements: Requirements
    name: str = ""
    framework: str = ""
    app: str = ""
    packages: list[str] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)


def read_existing(path: Path, *, name: str = "", app: str = "") -> Existing:
    """Read the service; raises Refusal where there is none to read."""
    if not path.is_dir():
        raise Refusal(f"{path} is no folder.", [(str(path), "not there")], "Name a service's.", code=COULD_NOT_LOOK)
    git(path, "rev-parse", "--verify", "--quiet", "HEAD")
    files = list_tracked(path)
    file = path / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise Refusal("pyproject.toml cannot be read.", [("pyproject.toml", str(error))], "Mend it.") from error
    found = Existing(path, files, project, read_requirements(path, files, project))
    stated = project.get("project", {}).get("name") or project.get("tool", {}).get("poetry", {}).get("name")
    found.name = name or re.sub(r"[^a-z0-9]+", "-", str(stated or path.resolve().name).lower()).strip("-")
    found.framework = next((one for one in FRAMEWORKS if one in found.requirements.list_names()), "")
    found.packages = find_packages(files)
    found.app = app or find_application(found)
    find_obstacles(found)
    return found


def find_packages(files: list[str]) -> list[str]:
    """Folders at the root, or below src/, that hold modules."""
    tops = {name.split("/")[0] for name in files if name.count("/") and name.endswith(".py")} - {"src", *NO_CODE}
    below = {"/".join(name.split("/")[:2]) for name in files if name.startswith("src/") and name.count("/") > 1}
    return sorted([*(top for top in tops if top.isidentifier()), *below])


def find_application(found: Existing) -> str:
    """`module:name` of what is served; empty when there is none or a choice, which is said."""
    inside = [n for n in found.files if n.endswith(".py") and n.startswith(tuple(f"{p}/" for p in found.packages))]
    if found.framework == "django":
        served = [f"{module_of(name)}:application" for name in inside if name.endswith("/asgi.py")]
        served = served or [f"{module_of(name)}:application" for name in inside if name.endswith("/wsgi.py")]
    else:
        texts = {name: (found.path / name).read_text(encoding="utf-8", errors="replace") for name in inside}
        served = [f"{module_of(n)}:{m[1]}" for n, text in texts.items() for m in re.finditer(FACTORY, text, re.MULTILINE)]
        objects = [f"{module_of(n)}:{m[1]}" for n, text in texts.items() for m in re.finditer(OBJECT, text, re.MULTILINE)]
        served = served or objects
    if len(served) == 1:
        return served[0]
    what = f"there are {len(served)} applications: {', '.join(served)}" if served else "no application was found in a package"
    found.obstacles.append((what, "Name it: `--app MODULE:NAME`."))
    return ""


def module_of(name: str) -> str:
    """The dotted name of a file."""
    return name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def find_obstacles(found: Existing) -> None:
    """What has to be out of the way before a file is written, each with what to do."""
    if not found.framework:
        found.obstacles.append(("neither FastAPI nor Flask nor Django is asked for", "State the framework as a requirement."))
    single = [name for name in found.files if "/" not in name and name.endswith(".py") and name not in KNOWN]
    if single:
        moves = f"mkdir service && git mv {' '.join(single)} service/"
        found.obstacles.append((f"modules at the root, of which no wheel can be made: {', '.join(single)}", f"`{moves}`"))
    if taken := [name for name in found.files if re.match(r"(src/)?lockstep_(serve|tool)/|\.lockstep/", name)]:
        found.obstacles.append((f"a name of Lockstep's is taken: {taken[0]}", "Rename that directory."))
    package = found.name.replace("-", "_")
    for name in ("adopted.py", "worker.py", "server.toml"):
        clash = [f for f in (f"src/{package}/{name}", f"{package}/{name}") if f in found.files]
        if clash:
            found.obstacles.append((f"a file is where Lockstep's has to be: {clash[0]}", "Rename it, or give `--name`."))


KNOWN = ("manage.py", "setup.py", "noxfile.py", "conftest.py", "tasks.py", "gunicorn.conf.py", "gunicorn_conf.py")
