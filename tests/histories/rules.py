"""What a new version of the template owes to services that are there: the rules of docs/how-to/change-the-template.md."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import copier
import yaml

from notes import FOLDER, KINDS, split_name
from snapshot import Template, git

__all__ = ["find_broken_rules"]

CONDITION = re.compile(r"\{% if .*? %\}(.*?)\{% endif %\}")
ANSWERS = ".copier-answers.yml"


def find_broken_rules(
    template: Template, before: str, after: str, sets: Mapping[str, Mapping[str, object]], folder: Path
) -> list[str]:
    """Rules that `after` breaks for services of `before`, a line for each; `sets` are answers that `before` took."""
    notes = read_notes(template, after)
    found = list(find_unannounced_questions(template, before, after, notes))
    for name, data in sets.items():
        was, now = folder / name / "was", folder / name / "now"
        render(template, before, data, was)
        try:
            render(template, after, data, now)
        except Exception as error:
            found.append(f"{name}   {str(error).strip()}   <- these answers were valid")
            continue
        found += [f"{path}   <- gone from services like {name}, and no note names it" for path in find_gone(was, now, notes)]
        others = find_moved(list_sources(template, before), list_sources(template, after), was, now)
        found += [f"{path}   <- other in services like {name}, though it is made of the same" for path in others]
    return found


def render(template: Template, tag: str, data: Mapping[str, object], folder: Path) -> None:
    """In this process: many are made, and none is updated."""
    given = {"project_name": "orders-api", **data}
    copier.run_copy(str(template.path), folder, vcs_ref=tag, data=given, defaults=True, quiet=True)


def read_notes(template: Template, tag: str) -> str:
    """All notes that wait for a release at this tag, as one text."""
    names = git(template.path, "ls-tree", "--name-only", tag, f"{FOLDER}/").splitlines()
    notes = [name for name in names if split_name(PurePosixPath(name).name)[1] in KINDS]
    return "\n".join(git(template.path, "show", f"{tag}:{name}") for name in notes)


def questions(template: Template, tag: str) -> dict[str, Mapping[str, Any]]:
    """What this version asks; a computed answer is no question."""
    rules = yaml.safe_load(git(template.path, "show", f"{tag}:copier.yml"))
    found = {name: {"type": "str", "default": rule} if not isinstance(rule, dict) else rule for name, rule in rules.items()}
    return {name: rule for name, rule in found.items() if not name.startswith("_") and rule.get("when") is not False}


def find_unannounced_questions(template: Template, before: str, after: str, notes: str) -> Iterator[str]:
    """Questions that came without a default, or that came or went without a note."""
    was, now = questions(template, before), questions(template, after)
    for name in sorted(set(was) ^ set(now)):
        if f"`{name}`" not in notes:
            yield f"{name}   <- a question that {'came' if name in now else 'went'}, and no note names it"
        if name in now and "default" not in now[name]:
            yield f"{name}   <- a question without a default: an update would stop at it"


def find_gone(was: Path, now: Path, notes: str) -> list[str]:
    """Files that a service loses by the update and that no note names."""
    lost = sorted(files(was) - files(now))
    return [path for path in lost if path not in notes and path.replace("orders_api", "<package>") not in notes]


def find_moved(old: Mapping[str, set[str]], new: Mapping[str, set[str]], was: Path, now: Path) -> list[str]:
    """Files that are others although what they are made of is not: a default or a condition is not what it was."""
    alike = [path for path in files(was) & files(now) if old.get(path) == new.get(path) and path != ANSWERS]
    return sorted(path for path in alike if (was / path).read_bytes() != (now / path).read_bytes())


def files(service: Path) -> set[str]:
    return {path.relative_to(service).as_posix() for path in service.rglob("*") if path.is_file()}


def list_sources(template: Template, tag: str) -> dict[str, set[str]]:
    """By a service's path: the contents that it may be made of. What includes the locks' parts is made of them, too."""
    found: dict[str, set[str]] = {}
    locks = git(template.path, "ls-tree", tag, "locks").strip()
    for line in git(template.path, "ls-tree", "-r", tag, "template/").splitlines():
        kind, _, name = line.partition("\t")
        name = name.strip('"').removeprefix("template/").removesuffix(".jinja")
        path = CONDITION.sub(r"\1", name).replace("{{ package_name }}", "orders_api").replace("{{ project_name }}", "orders-api")
        found.setdefault(PurePosixPath(path).as_posix(), set()).add(kind.split()[2] + (locks if name == "pyproject.toml" else ""))
    return found
