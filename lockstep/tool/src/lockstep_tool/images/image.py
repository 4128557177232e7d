"""Build the production image, judge it by every check, and say what it weighs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.checks.image.twice import CHECK as TWICE
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.checks.report import annotate
from lockstep_tool.images.built_image import BuiltImage, environment_of_image, look_into_image
from lockstep_tool.images.labels import ARGUMENTS, labels_of
from lockstep_tool.images.saved import save_image
from lockstep_tool.images.tag import image_tag
from lockstep_tool.images.uncommitted import name_uncommitted
from lockstep_tool.service import Service

__all__ = ["build_image", "image", "judge_image"]

Image = tuple[str, str]  # an engine, and the name that it has for it


def image(service: Service, wanted: str = "", *, twice: bool = False, same_as: str = "", only_look: str = "") -> Iterator[str]:
    """Build it, with the engine `wanted`, with `both`, or with the one that answers, and look into it.

    `only_look` names an image that is there already. Yields what to print; raises Refusal for what a check finds, or for
    a build that does not come out the same.
    """
    engines = ["docker", "podman"] if wanted == "both" else [wanted]
    built = [(chosen, only_look or build_image(service, chosen, fresh=twice)) for chosen in map(engine.find, engines)]
    for chosen, tag in built:
        seen, findings = judge_image(service, chosen, tag)
        refuse(tag, findings)
        yield f"{chosen} {'has' if only_look else 'built'} {tag}"
        if not only_look and (uncommitted := name_uncommitted(service)):
            yield f"  commit       none: no commit has {name_few(uncommitted)} as it is here"
        yield from summary(seen, engine.identity(chosen, tag), findings)
        if twice:
            again = build_image(service, chosen, suffix="-again", fresh=True)
            yield compare_rebuilt(seen, (chosen, tag), again)
        if same_as:
            yield compare(seen, (chosen, tag), (chosen, same_as))
        if (chosen, tag) != built[0]:
            yield compare(seen, built[0], (chosen, tag))


def build_image(service: Service, chosen: str, *, suffix: str = "", fresh: bool = False) -> str:
    """Build it and return its tag; `fresh` uses no layer of an earlier build."""
    tag = image_tag(service) + suffix
    labels = labels_of(service, environment_of_image(service))
    given = {ARGUMENTS[label]: value for label, value in labels.items()}
    engine.build(chosen, service.root, tag, given, fresh=fresh)
    return tag


def judge_image(service: Service, chosen: str, tag: str) -> tuple[BuiltImage, list[Finding]]:
    """The image `tag` as it is, and what the checks find; raises Refusal where it cannot be looked at."""
    with save_image(chosen, tag) as saved:
        seen = look_into_image(service, chosen, tag, saved)
        return seen, [finding for check in checks_of("image") for finding in check.find(seen)]


def compare_rebuilt(seen: BuiltImage, one: Image, again: str) -> str:
    """What a second build of the same commit shows; it is not kept."""
    chosen, tag = one
    try:
        said = compare(seen, one, (chosen, again))
        ids = {engine.identity(chosen, name) for name in (tag, again)}
        return f"{said}, {'the same image id' if len(ids) == 1 else 'other image ids: this engine writes its own there'}"
    finally:
        engine.run([chosen, "rmi", again])


def compare(seen: BuiltImage, one: Image, other: Image) -> str:
    """Two images, each an engine and a name; raises Refusal that names the first file that differs."""
    with save_image(*one) as left, save_image(*other) as right:
        found = list(TWICE.find(replace(seen, saved=left, other=right)))
        refuse(f"{one[1]} of {one[0]} and {other[1]} of {other[0]}", found, "are not the same")
        what = "files" if left.engine != right.engine else f"{len(left.layers)} layers"
    return f"  again        {what} of {other[1]} ({other[0]}) are the same bits"


def refuse(what: str, findings: Sequence[Finding], wrong: str = "breaks its contract") -> None:
    """Raise Refusal with every check that found something, by its name."""
    annotate("image", findings)
    broken = [finding for finding in findings if finding.matters]
    if not broken:
        unseen = [finding for finding in findings if finding.severity is Severity.UNKNOWN]
        if unseen:
            raise Refusal(
                f"not looked at: {what} as a whole",
                [(finding.check, finding.what) for finding in unseen],
                "Mend what it says, then run this again: `uv run noxfile.py -s image`.",
                code=COULD_NOT_LOOK,
            )
        return
    fixes = dict.fromkeys(f"{finding.check}: {finding.fix}" for finding in broken)
    raise Refusal(
        f"{what} {wrong}.",
        [(finding.check, finding.what) for finding in broken],
        "\n".join([*fixes, f"Why a check is there: `uv run noxfile.py -s explain -- {broken[0].check}`."]),
    )


def summary(seen: BuiltImage, identity: str, findings: Sequence[Finding]) -> Iterator[str]:
    """The small table."""
    below = seen.contents.below
    yield f"  size         {sum(seen.sizes) / 1e6:.1f} MB compressed, the last layer {seen.sizes[-1] / 1e3:.0f} kB"
    yield f"  layers       {len(seen.sizes) - below} above {below} of the base"
    yield f"  image        {identity}"
    yield f"  environment  {seen.labels['lockstep.environment']}"
    allowed = [finding for finding in findings if finding.severity is Severity.ALLOWED]
    yield f"  contract     kept; {len(allowed)} allowed" if allowed else "  contract     kept"
    yield from (f"    · {finding.check}: {finding.what}, allowed" for finding in allowed)
