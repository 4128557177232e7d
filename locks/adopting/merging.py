"""Make one pyproject.toml of two: Lockstep's blocks as they are rendered, and what is the team's between them."""

import json
import re
import tomllib
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adopting.existing import Existing
from lockstep_serve.errors import Refusal

__all__ = ["merge_projects"]

STATED = ("name", "version", "description", "readme", "requires-python", "dependencies", "dynamic")
# Settings of the team's tools come along; those of other builders and lockers, and those that Lockstep states, do not.
LEFT = ("poetry", "setuptools", "hatch", "pdm", "flit", "mypy", "pytest", "django-stubs", "lockstep")
SERVERS = ("uvicorn", "gunicorn", "uvicorn-worker", "gevent")
MINE = "    # Yours: what else it imports.\n"
COMMANDS = "# Yours: commands, URLs, optional dependencies.\n"
BACKEND = "[tool.uv.build-backend]\n"
SOURCES = "[tool.uv.sources]\n"


def merge_projects(rendered: str, old: str, found: Existing, packages: list[str]) -> tuple[str, list[str]]:
    """The text, and what had to be decided."""
    project = found.project.get("project", found.project.get("tool", {}).get("poetry", {}))
    know: list[str] = []
    text = rendered
    for key in ("version", "description"):
        if isinstance(project.get(key), str):
            text = re.sub(rf"^{key} = .*$", lambda _, k=key: f"{k} = {value(project[k])}", text, count=1, flags=re.M)  # type: ignore[misc]
    text = add_requirements(text, found, know)
    text = text.replace(".app:create_app", ".adopted:create_app").replace(".asgi:create_app", ".adopted:create_app")
    text = text.replace(".wsgi:create_app", ".adopted:create_app").replace(".logs:config", ".adopted:logs")
    text = re.sub(r"^worker = .*$", lambda m: f'{m[0]}\nadopted = "{found.app}"', text, count=1, flags=re.M)
    if packages != [found.name.replace("-", "_")]:
        text = text.replace(BACKEND, f"{BACKEND}module-name = {value(packages)}\n", 1)
    text = re.sub(r"^requests = .*$", 'requests = ["/health/live"]', text, count=1, flags=re.M)
    text = re.sub(r"^secrets = .*$", "secrets = []", text, count=1, flags=re.M)
    text = re.sub(r'^plugins = \["mypy_django[^\n]*\n\n\[tool\.django-stubs\]\n[^\n]*\n', "", text, flags=re.M)
    tables = {k: v for k, v in found.project.get("project", {}).items() if k not in STATED}
    plain = "".join(f"{key} = {value(said)}\n" for key, said in tables.items() if not isinstance(said, dict))
    text = text.replace("# Lockstep's: the Pythons that", f"{plain}\n# Lockstep's: the Pythons that", 1) if plain else text
    nested = "".join(f"\n[project.{key}]\n{body(said)}" for key, said in tables.items() if isinstance(said, dict))
    text = text.replace(COMMANDS, COMMANDS + nested, 1)
    if sources := re.search(r"^\[tool\.uv\.sources\]\n(.*?)(?=^\[|\Z)", old, re.M | re.S):
        text = text.replace(SOURCES, f"{SOURCES}{sources[1].strip()}\n", 1)
    text = text.rstrip("\n") + "\n" + write_groups(text, found) + keep_tools(old, know)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fix = "Write the tables of pyproject.toml in another way, as `uv add` would."
        raise Refusal("The two pyproject.toml cannot be made one.", [("pyproject.toml", str(error))], fix) from error
    return text, know


def add_requirements(text: str, found: Existing, know: list[str]) -> str:
    """The team's requirements behind Lockstep's; the team's word on its framework counts, Lockstep's on the server."""
    head, mark, tail = text.partition("[project.entry-points")  # behind it, groups name the same packages
    kept = []
    for said in found.requirements.all:
        name = canonicalize_name(Requirement(said).name)
        line = re.search(rf'^    "({re.escape(name)}(?:\[[^]]*\])?(?:[<>=!~ ][^"]*)?)",\n', head, re.M | re.I)
        if line and name in SERVERS:
            know.append(f"{said}: Lockstep's {line[1]} is taken, which the server model needs")
            continue
        if line:
            head = head.replace(line[0], "", 1)
            know.append(f"{line[1]}: yours is taken, {said}")
        kept.append(f"    {value(said)},\n")
    return head.replace(MINE, MINE + "".join(kept), 1) + mark + tail


def write_groups(text: str, found: Existing) -> str:
    """The team's groups, under names of their own: Lockstep's sessions know theirs."""
    taken = set(re.findall(r"^(\w[\w-]*) = \[$", text, re.M))
    return "".join(
        f"{name if name not in taken else f'team-{name}'} = {value(said)}\n" for name, said in found.requirements.groups.items()
    )


def keep_tools(old: str, know: list[str]) -> str:
    """The tables of the team's tools, as they were written."""
    kept = ""
    for table in re.split(r"^(?=\[)", old, flags=re.M):
        name = re.match(r"\[+tool\.([\w-]+)", table)
        if name is None or table.startswith(SOURCES):
            continue
        uv = name[1] == "uv" and not re.match(r"\[+tool\.uv\.(?:sources|index)", table)
        if name[1] in LEFT or uv:
            know.append(f"{table.splitlines()[0]} stays in pyproject.toml.before-lockstep only")
        else:
            kept += f"\n{table.strip()}\n"
    return kept


def body(table: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {value(said)}\n" for key, said in table.items())


def value(said: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(said, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {value(one)}" for key, one in said.items()) + " }"
    if isinstance(said, list):
        return "[" + ", ".join(map(value, said)) + "]"
    return json.dumps(said, ensure_ascii=False)
