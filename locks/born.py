"""Write the lock that services are born with: the universe lock, each block behind the answers that need it.

A service's lock is the universe's, less what its answers do not need, with the service itself in the universe project's place.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from universe import Entry, Universe

__all__ = ["born_lock", "requirements"]

HERE = "../template/"
SERVE = "lockstep-serve"  # stands in the template itself, beside what serves
Table = Mapping[str, Any]
Needs = Mapping[str, frozenset[str]]  # packages, each with its extras


def born_lock(universe: Universe) -> str:
    """The text of `uv.lock.jinja`. It reads `project_name` and `features`, the answers that bring packages with them."""
    # Jinja in a lock would be evaluated in every service; no registry has such a name or address, so far.
    if any(mark in entry.text for entry in universe.entries for mark in ("{{", "{%", "{#")):
        raise ValueError("The universe lock has text that Jinja would read.")
    reached = {feature: universe.needed_by(feature) for feature in universe.features}
    everyone = universe.needed_by_all()
    names = ["", *(entry.name for entry in universe.entries), "~"]
    place = [spot(before, after) for before, after in pairwise(names)]
    parts = [f"{{% set root %}}{root_block(universe)}{{% endset -%}}\n", universe.head]
    for here, entry in zip(place, universe.entries, strict=False):
        features = [] if entry.name in everyone else [name for name, needs in reached.items() if entry.name in needs]
        if entry.name not in everyone and not features:
            raise ValueError(f"No answer leads to {entry.name}.")
        parts += [here, guarded(f"\n{with_extras(entry, everyone, reached)}", features)]
    return in_service("".join([*parts, place[-1]]))


def in_service(text: str) -> str:
    """The text with paths as a service has them: the universe project names the same wheels from its own folder."""
    return text.replace(f"{HERE}.lockstep/", ".lockstep/")


def with_extras(entry: Entry, everyone: Needs, reached: Mapping[str, Needs]) -> str:
    """The entry's text, each of its extras behind the features that ask for it; uv lists those that are asked for."""
    title = "[package.optional-dependencies]\n"
    before, found, after = entry.text.partition(title)
    if not found or entry.name in everyone:
        return entry.text
    asking = {
        name: [feature for feature, needs in reached.items() if name in needs.get(entry.name, ())] for name in extras(entry)
    }
    if all(names == [feature for feature, needs in reached.items() if entry.name in needs] for names in asking.values()):
        return entry.text  # whoever needs the package asks for them all
    if len(asking) > 1 or "[package" in after:
        raise ValueError(f"{entry.name} has extras in a way that is not provided for: {asking}")
    [features] = asking.values()
    return before.rstrip("\n") + "\n" + guarded(f"\n{found}{after}", features)


def extras(entry: Entry) -> list[str]:
    return list(entry.table.get("optional-dependencies", {}))


def spot(before: str, after: str) -> str:
    """The service's own block, if its name sorts between these two; uv would move it there with the first `uv add`."""
    return f"{{% if '{before}' < project_name < '{after}' %}}{{{{ root }}}}{{% endif %}}" if before < after else ""


def guarded(text: str, features: Iterable[str]) -> str:
    """The text, behind the features that need it; no features means that every service does."""
    condition = " or ".join(f"'{feature}' in features" for feature in features)
    return f"{{% if {condition} %}}{text}{{% endif %}}" if condition else text


def root_block(universe: Universe) -> str:
    """The service's own block: the universe project's, with what features add behind their conditions."""
    table = universe.root.table
    needs: list[tuple[str, list[str]]] = [(line(edge), []) for edge in table["dependencies"]]
    needs += [(line(edge), [feature]) for feature, edges in table["optional-dependencies"].items() for edge in edges]
    stated = [stated_line(requirement) for requirement in table["metadata"]["requires-dist"]]
    groups = group_lines(universe, table["dev-dependencies"])
    stated_groups = group_lines(universe, table["metadata"]["requires-dev"])
    return (
        '\n[[package]]\nname = "{{ project_name }}"\nversion = "0.1.0"\nsource = { editable = "." }\n'
        f"dependencies = [\n{listed(needs)}]\n\n[package.dev-dependencies]\n{groups}\n"
        f"[package.metadata]\nrequires-dist = [\n{listed(stated)}]\n\n[package.metadata.requires-dev]\n{stated_groups}"
    )


def listed(lines: Iterable[tuple[str, list[str]]]) -> str:
    """Lines sorted as uv sorts them, each behind its features; a line that several features bring stands once."""
    features: dict[str, list[str]] = {}
    for text, names in lines:
        features.setdefault(text, []).extend(names)
    return "".join(guarded(text, features[text]) for text in sorted(features))


def line(table: Table) -> str:
    """An inline table on a line of its own, as uv writes it."""
    return "    { " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + " },\n"


def stated_line(requirement: Table) -> tuple[str, list[str]]:
    """A line of requires-dist, and the feature that the universe project states as an extra."""
    marker = requirement.get("marker", "")
    feature = marker.removeprefix("extra == '").removesuffix("'")
    if marker and marker != f"extra == '{feature}'":
        raise ValueError(f"A requirement with a marker is not provided for: {requirement}")
    return line({key: value for key, value in requirement.items() if key != "marker"}), [feature] if feature else []


def group_lines(universe: Universe, stated: Mapping[str, list[Table]]) -> str:
    """Each group with what features add to it; a group that includes another has the other's lines too, as uv writes it."""
    text = ""
    for name in universe.groups:
        lines: list[tuple[str, list[str]]] = [(line(table), []) for table in stated[name]]
        for feature in universe.features:
            for extended, added in universe.group_of(feature).items():
                if set(map(line, stated[extended])) <= {line(table) for table in stated[name]}:
                    lines += [(line(table), [feature]) for table in stated[added]]
        one_line = len(lines) == 1 and "specifier" in stated[name][0]  # uv's way for requirements, not for packages
        text += f"{name} = [{lines[0][0].strip().rstrip(',')}]\n" if one_line else f"{name} = [\n{listed(lines)}]\n"
    return text


def requirements(project: Table, universe: Universe) -> Mapping[str, str]:
    """Lines of `pyproject.toml.jinja` by file name: what every service imports, what one feature adds, and the groups."""
    lists = {"every": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    texts = {
        name: "\n".join(f"    {json.dumps(requirement)}," for requirement in stated if requirement != SERVE)
        for name, stated in lists.items()
    }
    texts["sources"] = in_service(f"path = {json.dumps(project['tool']['uv']['sources'][SERVE]['path'])}")
    groups = project["dependency-groups"]
    lines = (f"{name} = [\n{group(name, groups, universe)}]" for name in groups if name in universe.groups)
    return {**texts, "groups": "\n".join(lines)}


def group(name: str, groups: Table, universe: Universe) -> str:
    """The lines of a group: what features add comes after the rest, each behind its feature; then comes what is the team's."""
    added = [(feature, universe.group_of(feature).get(name)) for feature in universe.features]
    more = (guarded(group_item(item), [feature]) for feature, its in added if its for item in groups[its])
    return "".join([*map(group_item, groups[name]), *more, f"    # Yours: what else `{name}` needs.\n"])


def group_item(item: str | Table) -> str:
    return f"    {json.dumps(item)},\n" if isinstance(item, str) else line(item)
