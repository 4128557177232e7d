"""Write the lock that services are born with: the universe lock, each block behind the answers that need it.

A service's lock is the universe's, less what its answers do not need, with the service itself in the universe project's place.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from universe import Universe

__all__ = ["born_lock", "requirements"]

Table = Mapping[str, Any]


def born_lock(universe: Universe) -> str:
    """The text of `uv.lock.jinja`. It reads `project_name` and `features`, the answers that bring packages with them."""
    # Jinja in a lock would be evaluated in every service; no registry has such a name or address, so far.
    if any(mark in entry.text for entry in universe.entries for mark in ("{{", "{%", "{#")):
        raise ValueError("The universe lock has text that Jinja would read.")
    conditions = dict(conditions_of(universe))
    names = ["", *(entry.name for entry in universe.entries), "~"]
    place = [spot(before, after) for before, after in pairwise(names)]
    parts = [f"{{% set root %}}{root_block(universe)}{{% endset -%}}\n", universe.head]
    for here, entry in zip(place, universe.entries, strict=False):
        parts += [here, guarded(f"\n{entry.text}", conditions[entry.name])]
    return "".join([*parts, place[-1]])


def spot(before: str, after: str) -> str:
    """The service's own block, if its name sorts between these two; uv would move it there with the first `uv add`."""
    return f"{{% if '{before}' < project_name < '{after}' %}}{{{{ root }}}}{{% endif %}}" if before < after else ""


def guarded(text: str, features: Iterable[str]) -> str:
    """The text, behind the features that need it; no features means that every service does."""
    condition = " or ".join(f"'{feature}' in features" for feature in features)
    return f"{{% if {condition} %}}{text}{{% endif %}}" if condition else text


def conditions_of(universe: Universe) -> Iterator[tuple[str, list[str]]]:
    """Each package with the features that need it, none when every service does."""
    everyone = universe.needed_by_all()
    reached = {feature: universe.needed_by(feature) for feature in universe.features}
    for entry in universe.entries:
        features = [feature for feature, names in reached.items() if entry.name in names]
        extras = {names[entry.name] for names in (everyone, *reached.values()) if entry.name in names}
        # One block cannot list an extra's packages for one service and leave them out for another.
        if len(extras) != 1:
            raise ValueError(f"{entry.name} is asked for with different extras, or not at all: {sorted(map(sorted, extras))}")
        yield entry.name, [] if entry.name in everyone else features


def root_block(universe: Universe) -> str:
    """The service's own block: the universe project's, with what features add behind their conditions."""
    table = universe.root.table
    needs: list[tuple[str, list[str]]] = [(line(edge), []) for edge in table["dependencies"]]
    needs += [(line(edge), [feature]) for feature, edges in table["optional-dependencies"].items() for edge in edges]
    stated = [stated_line(requirement) for requirement in table["metadata"]["requires-dist"]]
    # Groups are the same in every service, so their text is taken as uv wrote it.
    groups = section(universe.root.text, "[package.dev-dependencies]")
    stated_groups = section(universe.root.text, "[package.metadata.requires-dev]")
    return (
        '\n[[package]]\nname = "{{ project_name }}"\nversion = "0.1.0"\nsource = { editable = "." }\n'
        f"dependencies = [\n{listed(needs)}]\n\n{groups}\n"
        f"[package.metadata]\nrequires-dist = [\n{listed(stated)}]\n\n{stated_groups}"
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


def section(text: str, title: str) -> str:
    """A TOML section of a block, as uv wrote it."""
    return title + text.partition(title)[2].partition("\n\n")[0].rstrip("\n") + "\n"


def requirements(project: Table) -> Mapping[str, str]:
    """Lines of `pyproject.toml.jinja` by file name: what every service imports, what one feature adds, and the groups."""
    lists = {"every": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    texts = {name: "\n".join(f"    {json.dumps(requirement)}," for requirement in stated) for name, stated in lists.items()}
    groups = (f"{name} = [{', '.join(map(group_item, items))}]" for name, items in project["dependency-groups"].items())
    return {**texts, "groups": "\n".join(groups)}


def group_item(item: str | Table) -> str:
    return json.dumps(item) if isinstance(item, str) else line(item).strip().rstrip(",")
