"""Build the production image, hold it to its contract, and say what it weighs."""

from collections.abc import Callable, Iterator
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool import engine
from lockstep_tool.checks.of_images import IMAGE_FACETS
from lockstep_tool.declared import Promise, read_promise
from lockstep_tool.environments.finding import Finding
from lockstep_tool.images.contract import Seen, look
from lockstep_tool.images.labels import ARGUMENTS, labels
from lockstep_tool.images.rebuilding import differing_files, differing_layers
from lockstep_tool.images.saved import Saved, saved

__all__ = ["build", "checked", "image", "name", "refuse"]

Image = tuple[str, str]  # an engine, and the name that it has for it


def name(promise: Promise) -> str:
    """The tag of the image that a checkout with this promise builds."""
    return f"localhost/{promise.lock.root['name']}:lockstep"


def image(root: Path, wanted: str = "", *, twice: bool = False, same_as: str = "", only_look: str = "") -> Iterator[str]:
    """Build it, with the engine `wanted`, with `both`, or with the one that answers, and look into it.

    `only_look` names an image that is there already. Yields what to print; raises Refusal for a broken contract, or for
    a build that does not come out the same.
    """
    engines = ["docker", "podman"] if wanted == "both" else [wanted]
    built = [(chosen, only_look or build(root, chosen, fresh=twice)) for chosen in map(engine.find, engines)]
    for chosen, tag in built:
        seen = checked(root, chosen, tag)
        refuse(tag, seen.findings)
        yield f"{chosen} {'has' if only_look else 'built'} {tag}"
        yield from rows(root, chosen, tag, seen)
        if twice:
            yield built_again(chosen, tag, build(root, chosen, suffix="-again", fresh=True))
        if same_as:
            yield compared((chosen, tag), (chosen, same_as), differing_layers)
    for other in built[1:]:
        yield compared(built[0], other, differing_files)


def built_again(chosen: str, tag: str, again: str) -> str:
    """What a second build of the same commit shows; it is not kept."""
    try:
        said = compared((chosen, tag), (chosen, again), differing_layers)
        ids = {engine.identity(chosen, name) for name in (tag, again)}
        return f"{said}, {'the same image id' if len(ids) == 1 else 'other image ids: this engine writes its own there'}"
    finally:
        engine.run([chosen, "rmi", again])


def compared(one: Image, other: Image, differing: Callable[[Saved, Saved], Iterator[str]]) -> str:
    """Two images, each an engine and a name; raises Refusal that names the first file that differs."""
    with saved(*one) as left, saved(*other) as right:
        found = [Finding("image twice", said, fix=IMAGE_FACETS["image twice"].fix) for said in differing(left, right)]
        refuse(f"{one[1]} of {one[0]} and {other[1]} of {other[0]}", found, "are not the same")
        what = "files" if differing is differing_files else f"{len(left.layers)} layers"
    return f"  again        {what} of {other[1]} ({other[0]}) are the same bits"


def build(root: Path, chosen: str, *, suffix: str = "", fresh: bool = False) -> str:
    """Build it and return its tag; `fresh` uses no layer of an earlier build."""
    promise = read_promise(root)
    tag = name(promise) + suffix
    given = {ARGUMENTS[label]: value for label, value in labels(root, environment(promise)).items()}
    engine.build(chosen, root, tag, given, fresh=fresh)
    return tag


def environment(promise: Promise) -> str:
    """The environment id that the image must print."""
    return promise.environment(engine.markers_of_image(promise.python))


def checked(root: Path, chosen: str, tag: str) -> Seen:
    """The image `tag` as it is, held to the contract of this checkout."""
    promise = read_promise(root)
    own = str(promise.lock.root["name"])
    production = {own, *promise.packages(engine.markers_of_image(promise.python))}
    with saved(chosen, tag) as found:
        return look(root, chosen, tag, found, labels(root, environment(promise)), production)


def refuse(what: str, findings: list[Finding], wrong: str = "breaks its contract") -> None:
    """Raise Refusal with every broken clause by its name."""
    broken = [finding for finding in findings if finding.matters]
    if not broken:
        return
    fixes = dict.fromkeys(f"{finding.facet}: {finding.fix}" for finding in broken)
    raise Refusal(
        f"{what} {wrong}.",
        [(finding.facet, finding.said) for finding in broken],
        "\n".join([*fixes, f"Why a clause is there: `uv run noxfile.py -s explain -- {broken[0].facet}`."]),
    )


def rows(root: Path, chosen: str, tag: str, seen: Seen) -> Iterator[str]:
    """The small table."""
    own = len(seen.sizes) - seen.below
    newest = f"the last layer {seen.sizes[-1] / 1e3:.0f} kB"
    yield f"  size         {sum(seen.sizes) / 1e6:.1f} MB compressed, {newest}"
    yield f"  layers       {own} above {seen.below} of the base"
    yield f"  image        {engine.identity(chosen, tag)}"
    yield f"  environment  {environment(read_promise(root))}"
    allowed = [finding for finding in seen.findings if finding.allowed]
    yield f"  contract     kept; {len(allowed)} allowed" if allowed else "  contract     kept"
    yield from (f"    · {finding.facet}: {finding.said}, allowed" for finding in allowed)
