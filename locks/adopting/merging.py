"""Make one pyproject.toml of two: Lockstep's blocks as they are rendered, and what is the team's between them."""

import json
import re
import tomllib
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adopting.existing import Existing
from lockstep_serve.errors import Refusal

__all__ = ["SERVERS", "merge_projects"]

STATED = (
    "name",
    "version",
    "description",
    "readme",
    "requires-python",
    "dependencies",
    "dynamic",
    "optional-dependencies",
    "license-files",
)
# Settings of the team's tools come along; those of other builders and lockers do not.
LEFT = ("poetry", "setuptools", "setuptools_scm", "hatch", "pdm", "flit", "django-stubs", "lockstep", "uv")
# They change what is resolved, and stay. https://docs.astral.sh/uv/reference/settings/
RESOLVING = ("override-dependencies", "exclude-dependencies", "dependency-metadata", "conflicts")
SERVERS = ("uvicorn", "gunicorn", "uvicorn-worker", "gevent")
CLIENTS = ("httpx2",)
REPLACED = ("uwsgi", "waitress", "hypercorn", "daphne", "granian", "mod-wsgi", "meinheld", "bjoern", "fastapi-cli")
MADE_WITH = "    # Lockstep's: what the application is made with.\n"
MINE = "    # Yours: what else it imports.\n"
COMMANDS = "# Yours: commands, URLs, optional dependencies.\n"
BACKEND = "[tool.uv.build-backend]\n"
SOURCES = "[tool.uv.sources]\n"


def merge_projects(rendered: str, found: Existing, modules: list[str], *, bare: bool) -> tuple[str, list[str]]:
    """The text, and what had to be decided.

    `modules` are what the wheel is made of; `bare` is whether one has no `__init__.py`.
    """
    project, know = found.requirements.project, list[str]()
    old = found.here.read("pyproject.toml")
    text = rendered
    version = project.get("version")
    if isinstance(version, str):
        text = re.sub(r"^version = .*$", lambda _: f"version = {value(version)}", text, count=1, flags=re.M)
    text = text.replace('requires-python = ">=3.11,<3.16"', f'requires-python = "{found.pythons.bounds}"', 1)
    text = add_requirements(text, found, know)
    text = name_application(text, found)
    if modules != [found.package]:
        space = "namespace = true\n" * bare
        text = text.replace(BACKEND, f"{BACKEND}module-name = {value(modules)}\n{space}", 1)
    text = re.sub(r"^requests = .*$", 'requests = ["/health/live"]', text, count=1, flags=re.M)
    text = re.sub(r"^secrets = .*$", "secrets = []", text, count=1, flags=re.M)
    text = re.sub(r'^plugins = \["mypy_django[^\n]*\n\n\[tool\.django-stubs\]\n[^\n]*\n', "", text, flags=re.M)
    text = yield_to_groups(text, found, know)
    text = add_project_tables(text, found)
    text = write_uv_tables(text, found, know)
    text, tools = keep_tools(text, old, know)
    text = text.rstrip("\n") + "\n" + write_groups(text, found, know) + found.indexes.write_explicit() + tools
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fix = "Write the tables of pyproject.toml in another way, as `uv add` would."
        raise Refusal("The two pyproject.toml cannot be made one.", [("pyproject.toml", str(error))], fix) from error
    return text, know


def name_application(text: str, found: Existing) -> str:
    """The entry points: the adapter is what the server finds, and behind it the service's own application."""
    text = re.sub(r"\.(?:app|asgi|wsgi):create_app", ".adopted:create_app", text).replace(".logs:config", ".adopted:logs")
    return re.sub(r"^worker = .*$", lambda m: f'{m[0]}\nadopted = "{found.app}"', text, count=1, flags=re.M)


def add_requirements(text: str, found: Existing, know: list[str]) -> str:
    """The team's requirements behind Lockstep's; the team's word on its framework counts, Lockstep's on the server.

    What else Lockstep's own application would import is left out: it is not there, and would move the team's versions.
    """
    head, mark, tail = text.partition("[project.entry-points")  # behind it, groups name the same packages
    kept = []
    for said in found.requirements.all:
        name = canonicalize_name(Requirement(said).name)
        line = re.search(rf'^    "({re.escape(name)}(?:\[[^]]*\])?(?:[<>=!~ ][^"]*)?)",\n', head, re.M | re.I)
        if line and name in SERVERS:
            know.append(f"{said}: Lockstep's {line[1]} is taken, which the server model needs")
            continue
        if name in REPLACED or (name in SERVERS and not line):
            know.append(f"{said} is left out: the server model takes its place")
            continue
        if line:
            head = head.replace(line[0], "", 1)
            know.append(f"{line[1]}: yours is taken, {said}")
        kept.append(f"    {value(said)},\n")
    before, made_with, own = head.partition(MADE_WITH)
    lines, mine, after = own.partition(MINE)
    framework = "".join(line for line in lines.splitlines(keepends=True) if re.match(rf'    "{found.framework}\b', line))
    return before + made_with + framework + mine + "".join(kept) + after + mark + tail


def add_project_tables(text: str, found: Existing) -> str:
    """What else `[project]` says, and the optional dependencies."""
    tables = {name: said for name, said in found.requirements.project.items() if name not in STATED and said}
    tables.get("entry-points", {}).pop("lockstep_serve", None)
    plain = "".join(f"{name} = {value(said)}\n" for name, said in tables.items() if not isinstance(said, dict))
    text = text.replace("# Lockstep's: the Pythons that", f"{plain}\n# Lockstep's: the Pythons that", 1) if plain else text
    nested = "".join(write_table(f"project.{name}", said) for name, said in tables.items() if isinstance(said, dict))
    nested += write_table("project.optional-dependencies", found.requirements.extras) if found.requirements.extras else ""
    return text.replace(COMMANDS, COMMANDS + nested, 1)


def write_table(name: str, table: dict[str, Any]) -> str:
    return f"\n[{name}]\n" + "".join(f"{json.dumps(key)} = {value(said)}\n" for key, said in table.items())


def write_uv_tables(text: str, found: Existing, know: list[str]) -> str:
    """Sources, platforms, and those of uv's settings that change what is resolved."""
    asked, uv = found.requirements, found.project.get("tool", {}).get("uv", {})
    sources = "".join(f"{name} = {value(said)}\n" for name, said in asked.sources.items())
    text = text.replace(SOURCES, SOURCES + sources, 1)
    if found.pythons.platforms:
        platforms = "".join(f"    {value(one)},\n" for one in found.pythons.platforms)
        text = re.sub(
            r"^environments = \[\n(?:    .*\n)*\]\n", lambda _: f"environments = [\n{platforms}]\n", text, count=1, flags=re.M
        )
    said = {name: uv[name] for name in RESOLVING if name in uv}
    said |= {"constraint-dependencies": asked.constraints} if asked.constraints else {}
    own = "".join(f"{name} = {value(one)}\n" for name, one in said.items())
    text = (
        text.replace("\n# Yours: other sources", f"\n# Yours: what else it resolves by.\n{own}\n# Yours: other sources", 1)
        if own
        else text
    )
    known = {
        *RESOLVING,
        "sources",
        "index",
        "environments",
        "constraint-dependencies",
        "dev-dependencies",
        "build-backend",
        "package",
    }
    left = [
        name for name in uv if name not in {*known, "index-url", "extra-index-url", "find-links", "workspace", "default-groups"}
    ]
    know += [f"[tool.uv] {name} stays in pyproject.toml.before-lockstep only: uv.toml decides" for name in left]
    return text


def yield_to_groups(text: str, found: Existing, know: list[str]) -> str:
    """uv resolves all groups together: where the team asks for a version of a tool, that counts in Lockstep's groups, too."""
    head, mark, groups = text.partition("[dependency-groups]\n")
    stated = [Requirement(one) for said in found.requirements.groups.values() for one in said if isinstance(one, str)]
    stated += [Requirement(one) for one in found.requirements.all]
    bound = {canonicalize_name(one.name): one for one in stated if one.specifier}

    def loosen(line: re.Match[str]) -> str:
        asked = Requirement(line[1])
        if asked.name in CLIENTS:
            know.append(f"{line[1]} in Lockstep's groups is left out: it is for the tests that a new service comes with")
            return ""
        if canonicalize_name(asked.name) not in bound or not asked.specifier:
            return line[0]
        know.append(f"{line[1]} in Lockstep's groups: yours is taken, {bound[canonicalize_name(asked.name)]}")
        extras = f"[{','.join(sorted(asked.extras))}]" if asked.extras else ""
        return f'    "{asked.name}{extras}",\n'

    return head + mark + re.sub(r'^    "([A-Za-z][^"]*)",\n', loosen, groups, flags=re.M)


def write_groups(text: str, found: Existing, know: list[str]) -> str:
    """The team's groups, under names of their own: Lockstep's sessions know theirs."""
    taken = set(re.findall(r"^(\w[\w-]*) = \[$", text, re.M))
    names = {name: f"team-{name}" if name in taken else name for name in found.requirements.groups}
    lines = ""
    for name, said in found.requirements.groups.items():
        servers = [one for one in said if isinstance(one, str) and canonicalize_name(Requirement(one).name) in SERVERS]
        know += [f"{one} of your group {name} is left out: the server model has its own" for one in servers]
        entries = [
            {"include-group": names.get(one["include-group"], one["include-group"])} if isinstance(one, dict) else one
            for one in said
            if one not in servers
        ]
        lines += f"{names[name]} = {value(entries)}\n"
    return lines


def keep_tools(text: str, old: str, know: list[str]) -> tuple[str, str]:
    """The tables of the team's tools, as they were written; where Lockstep has the same table, the team's is taken."""
    kept = ""
    for table in re.split(r"^(?=\[)", old, flags=re.M):
        name = re.match(r"\[+\s*tool\s*\.\s*([\w-]+|\"[^\"]+\")", table)
        if name is None:
            continue
        if name[1] in LEFT:
            if name[1] != "uv":
                know.append(f"{table.splitlines()[0]} stays in pyproject.toml.before-lockstep only")
            continue
        header = table.splitlines()[0].strip()
        mine = re.search(rf"^{re.escape(header)}\n(?:(?!\[|# (?:Lockstep's|Yours):).*\n)*", text, re.M)
        if mine and not header.startswith("[["):
            added = [
                line
                for line in mine[0].splitlines()[1:]
                if (k := line.partition(" =")[0]) in {"mypy_path", "files"} and f"\n{k} " not in f"\n{table}"
            ]
            text = text.replace(mine[0], f"{table.strip()}\n" + "".join(f"{line}\n" for line in added) + "\n", 1)
            know.append(f"{header}: yours is taken in place of Lockstep's")
        else:
            kept += f"\n{table.strip()}\n"
    return text, kept


def value(said: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(said, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {value(one)}" for key, one in said.items()) + " }"
    if isinstance(said, list):
        return "[" + ", ".join(map(value, said)) + "]"
    return json.dumps(said, ensure_ascii=False, default=str)
