"""Say what an adoption does: exactly, all of it, and with where each thing comes from."""

from collections.abc import Iterator

from adopting.existing import Existing
from adopting.proposing import Proposal

__all__ = ["report"]

MOST = 40  # lines of one kind


def report(found: Existing, made: Proposal | None) -> str:
    """Everything that is, that changes and that stands in the way."""
    obstacles = [*found.obstacles, *(made.obstacles if made else ())]
    head = f"{found.name} cannot come under Lockstep yet:" if obstacles else f"{found.name} comes under Lockstep:"
    rows = list(describe_service(found, made))
    rows += list(describe_changes(found, made)) if made else []
    text = "\n".join([head, "", *(f"  {act:<11}  {what}" for act, what in rows)])
    if obstacles:
        text += "\n\nIn the way:\n\n" + "\n".join(f"  {what}\n      {fix}" for what, fix in obstacles)
    return text


def describe_service(found: Existing, made: Proposal | None) -> Iterator[tuple[str, str]]:
    """What it is: application, server, Python, index, packages."""
    running, pythons, asked = found.running, found.pythons, found.requirements
    if found.app:
        yield "application", f"{found.app}, {found.framework}"
    if made:
        how = (
            f"{running.spot} runs `{running.command}`"
            if running.spot
            else "nothing here starts a server, so it is Lockstep's choice"
        )
        chosen = "" if not running.model or running.model == made.plan.model else f", which is nearest to {running.model}"
        yield "server", f"{made.plan.model}{chosen}: {how}"
        yield from (("  number", f"{name} = {value}: {spot}") for name, value, spot in made.plan.values)
        yield from (("  dropped", one) for one in made.plan.dropped)
    yield from (("  other", one) for one in running.others)
    yield "python", f"{pythons.exact}: {pythons.spot}; requires-python {pythons.bounds}"
    if pythons.platforms:
        yield from (("  platform", one) for one in pythons.platforms)
    for index in found.indexes.general:
        yield "index", f"{index.url}: {index.spot}"
    for index in found.indexes.explicit:
        yield "index", f"{index.url}, for what names it: {index.spot}"
    for index in found.indexes.list_all():
        if index.user:
            names = " and ".join(
                name for name, stated in zip(index.variables, (index.user, index.password), strict=True) if stated
            )
            yield "  login", f"set {names}: the address had {'them' if index.password else 'it'} ({index.spot})"
    yield from (("  yours", one) for one in found.indexes.personal)
    yield (
        "packages",
        f"{len(asked.all)} are asked for by {', '.join(asked.read) or 'nothing'}; {len(found.versions)} have a version now",
    )
    if made and made.locked.text:
        kept = made.locked.kept
        yield "  kept", f"{len(kept)} of them{': ' * bool(kept)}{', '.join(kept)}"
        yield from (("  moved", f"{name} {old} → {new}   ({file})") for name, old, new, file in made.locked.moved)
        yield from (
            ("  loosened", f"{one}: the server model or Lockstep's tools need a newer one") for one in made.locked.loosened
        )


def describe_changes(found: Existing, made: Proposal) -> Iterator[tuple[str, str]]:
    """What happens to files, and what to know."""
    plan = made.plan
    own = [name for name in plan.add if not name.startswith(".lockstep/")]
    yield "add", f".lockstep/, {len(plan.add) - len(own)} files: the tool"
    yield from (("add", name) for name in own if name not in plan.beside)
    yield from (("replace", f"{old}; yours is kept as {new}") for old, new in plan.beside.items() if old in plan.add)
    yield from (("retire", f"{old}; it is kept as {new}") for old, new in plan.beside.items() if old not in plan.add)
    yield from (("move", f"{old} to {new}, so that a wheel can be made of it") for old, new in found.layout.list_moves())
    yield from (("merge", f"{name}: yours below Lockstep's") for name in plan.merge)
    surprises = list(dict.fromkeys([*found.know, *plan.know, *list_surprises(found, made)]))
    yield from (("know", one) for one in surprises[:MOST])
    if len(surprises) > MOST:
        yield "know", f"and {len(surprises) - MOST} more of this kind"
    kept = len(found.here.files) - len(plan.beside) - len(plan.merge) - len(plan.move)
    yield "keep", f"{kept} files as they are"


def list_surprises(found: Existing, made: Proposal) -> Iterator[str]:
    """What is no obstacle and will surprise."""
    asked, here = found.requirements, found.here
    yield from (f"not understood, add it by hand: {one}" for one in asked.odd)
    yield from (f"not read, and may ask for more: {one}" for one in asked.unread)
    if not found.versions:
        yield from (f"no version is stated, the lock pins it: {one}" for one in asked.list_loose())
    if found.layout.working:
        yield "your code opens files from where it is started: the server starts where they lie, beside the code"
    if made.plan.move and any("__file__" in here.read(name) for name in made.plan.move if name.endswith(".py")):
        yield "paths that code computes from its own place (__file__, BASE_DIR) are below src/ now, and read-only in the image"
    retired = [name for name in made.plan.beside if name not in made.plan.add]
    for name in here.files:
        if (
            name.startswith((".github/workflows/", ".gitlab-ci", "compose", "docker-compose", "Procfile"))
            and name not in made.plan.beside
        ):
            named = [one for one in retired if one in here.read(name)]
            more = f", and names {', '.join(named)}, which is retired" if named else ""
            yield f"stays, and still says its own: {name}{more}"
    if "noxfile.py" in here.files:
        yield "your sessions appear in the menu again when noxfile.py.before-lockstep is called nox_local.py"
    if packages := sorted(set(list_debian_packages(found))):
        yield f"your image installs {', '.join(packages)}: write those that the service needs into packages/runtime.txt"
    if here.submodules:
        yield f"submodules stay as they are, and their files are in no wheel: {', '.join(here.submodules)}"
    if here.deleted:
        yield f"tracked, and not there: {', '.join(here.deleted[:5])}"
    if "version" in asked.project.get("dynamic", ()):
        yield "your build computed the version; it stands in pyproject.toml now: 0.1.0"
    if here.below:
        yield f"it is a folder of a larger repository: let its CI run `uv run noxfile.py` in {here.below}/"
    if "setup.cfg" in here.files:
        yield "setup.cfg is retired: settings of tools in it (flake8, tool:pytest, mypy) do not count any more"


def list_debian_packages(found: Existing) -> Iterator[str]:
    """What a Dockerfile has apt install."""
    for name in found.here.files:
        if name.rpartition("/")[2].startswith("Dockerfile"):
            text = found.here.read(name).replace("\\\n", " ")
            for line in text.splitlines():
                for command in line.split("&&"):
                    words = command.split()
                    if "apt-get" in words and "install" in words:
                        yield from (word for word in words[words.index("install") + 1 :] if word[0].isalpha())
