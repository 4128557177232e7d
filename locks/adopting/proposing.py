"""Do an adoption in another tree: what would be there, with its lock, and what is still in the way."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adopting.applying import Plan, apply_plan, make_plan
from adopting.building import Built, build_neighbours, build_or_move, take_wheels
from adopting.checkout import copy_files
from adopting.existing import Existing
from adopting.locking import UNREACHABLE, Locked, lock_service
from adopting.rendering import choose_answers, render_service
from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.checks.mending import mend
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.files.variables import variables
from lockstep_tool.service import Service

__all__ = ["Proposal", "propose"]

EXAMPLE = ".env.example"
NO_WHEEL = re.compile(r"no usable wheels|no wheels|[Bb]uilding from source is disabled|is not a wheel|building .* disabled")


@dataclass
class Proposal:
    """`plan` holds everything that is written, the lock among it. `tree` is where it was tried."""

    plan: Plan
    locked: Locked
    tree: Path
    obstacles: list[tuple[str, str]] = field(default_factory=list)


def propose(found: Existing, folder: Path, chosen: Mapping[str, str]) -> Proposal | None:
    """Below `folder`, which goes away. None where the template refuses: what it says is an obstacle then."""
    if not found.framework:
        return None  # that is an obstacle already
    try:
        rendered = render_service(choose_answers(found, chosen), folder / "service")
    except Refusal as refusal:
        found.obstacles.append(("; ".join(said for _, said in refusal.where) or refusal.wrong, refusal.fix))
        return None
    lock = (rendered / "uv.lock").read_text(encoding="utf-8")
    keep_built(found, build_neighbours(found) if found.choices.build else [])
    plan, tree, locked = attempt(found, rendered, folder / "first", lock)
    if not locked.text and "No solution found" in " ".join(locked.said) and found.pythons.narrow():
        found.know.append(found.pythons.know[-1])
        plan, tree, locked = attempt(found, rendered, folder / "narrow", lock)
    sources = [one for said in found.requirements.sources.values() for one in (said if isinstance(said, list) else [said])]
    foreign = any({"git", "url"} & one.keys() for one in sources)
    if foreign or (not locked.text and NO_WHEEL.search(" ".join(locked.said))):
        again = with_wheels(found, rendered, folder, tree, lock)
        plan, tree, locked = again or (plan, tree, locked)
    proposal = Proposal(plan, locked, tree)
    if locked.text:
        finish(found, proposal)
    else:
        rows = " ".join(locked.said)
        fix = "Loosen what uv names, or give another `--python` or `--index`."
        if any(word in rows for word in UNREACHABLE):
            fix = "Try again where what uv asks for is in reach and lets you in, or give another `--index`."
        proposal.obstacles.append((f"uv cannot lock: {rows}", fix))
    return proposal


def attempt(found: Existing, rendered: Path, tree: Path, lock: str) -> tuple[Plan, Path, Locked]:
    plan = make_plan(found, rendered)
    copy_files(found.here, tree)
    plan.add |= found.wheels
    apply_plan(tree, plan, [])
    print("locking …", file=sys.stderr, flush=True)
    return plan, tree, lock_service(tree, found, lock)


def with_wheels(found: Existing, rendered: Path, folder: Path, tree: Path, lock: str) -> tuple[Plan, Path, Locked] | None:
    """Build what has no wheel, and try again; nothing where a person does not want that, or a build fails."""
    if not found.choices.build:
        found.obstacles.append(("a package has no wheel, and nothing is to be built", "Leave out `--no-build`."))
        return None
    if not keep_built(found, build_or_move(tree, found, lock)) and not found.unbuilt:
        return None
    return attempt(found, rendered, folder / "second", lock)


def keep_built(found: Existing, built: list[Built]) -> bool:
    """Whether all were built: then the service takes them."""
    failed = [one for one in built if one.said]
    found.unbuilt &= set() if failed else found.unbuilt
    found.obstacles += [
        (
            f"{one.name} {one.version}".strip() + f" has no wheel, and none can be built here: {one.said}",
            "Install what its build needs, or take another release of it.",
        )
        for one in failed
    ]
    if failed or not built:
        return False
    found.wheels |= {f"packages/{one.file}": one.content for one in built}
    take_wheels(found, built)
    return True


def finish(found: Existing, proposal: Proposal) -> None:
    """What follows from the lock and from the written tree: hosts, variables, and files that state something of their own."""
    plan, tree, locked = proposal.plan, proposal.tree, proposal.locked
    plan.add["uv.lock"] = locked.text.encode()
    text = (tree / "pyproject.toml").read_text(encoding="utf-8")
    if locked.hosts:
        hosts = ", ".join(f'"{one}"' for one in locked.hosts)
        text = text.replace(
            "[tool.lockstep]\n", f"[tool.lockstep]\n# Hosts that serve the files of your index.\nfile-hosts = [{hosts}]\n", 1
        )
        plan.know.append(f"files of your index come from {', '.join(locked.hosts)}: see that this is its own")
    service = Service(tree)
    read = variables(service)
    server = {value.env for value in service.definition.values.values()}
    required = [name for name, one in read.items() if one.required and name not in {*server, "DJANGO_SETTINGS_MODULE"}]
    text = re.sub(
        r"^secrets = \[\]",
        lambda _: f"secrets = [{', '.join(f'{chr(34)}{one}{chr(34)}' for one in required)}]",
        text,
        count=1,
        flags=re.MULTILINE,
    )
    (tree / "pyproject.toml").write_text(text, encoding="utf-8")
    write_example(found, proposal)
    mend_added(proposal)
    files = sorted(set(spots_of(tree, found.here.files)))
    if files:
        names = "".join(f'    "{name}",\n' for name in files)
        note = "# Yours: files that `pins` does not judge yet. Take a line out when its file agrees.\n"
        text = text.replace("[tool.lockstep]\n", f"[tool.lockstep]\n{note}not-judged = [\n{names}]\n\n", 1)
        (tree / "pyproject.toml").write_text(text, encoding="utf-8")
        plan.know += [
            f"{name} stays, and states something of its own: `pins` does not judge it until you take it out of not-judged"
            for name in files
        ]
    plan.add["pyproject.toml"] = text.encode()
    wrong = [finding for finding in judge_pins(tree) if finding.matters]
    proposal.obstacles += [
        (f"pins: {one.what} {'; '.join(f'{spot} {said}' for spot, said in one.where)}", one.fix) for one in wrong
    ]


def write_example(found: Existing, proposal: Proposal) -> None:
    """.env.example names every variable that the service's source reads."""
    tree = proposal.tree
    there = tree / EXAMPLE
    before = (
        there.read_bytes()
        if there.is_file()
        else b"# Variables that this service reads. Copy it to .env, which git leaves out.\n"
    )
    lines = [repair.text for finding in judge_pins(tree) for repair in finding.repairs if repair.file == EXAMPLE]
    if not there.is_file():
        there.write_bytes(before)
        lines = [repair.text for finding in judge_pins(tree) for repair in finding.repairs if repair.file == EXAMPLE]
    if not lines:
        if EXAMPLE not in found.here.files:
            there.unlink()
        return
    content = before.rstrip(b"\n") + b"\n" + "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode()
    there.write_bytes(content)
    (proposal.plan.merge if EXAMPLE in found.here.files else proposal.plan.add)[EXAMPLE] = content


def mend_added(proposal: Proposal) -> None:
    """A number of server.toml that one of Lockstep's files repeats (the port of the image) is the service's own there, too."""
    plan, tree = proposal.plan, proposal.tree
    repairs = [finding for finding in judge_pins(tree) if any(repair.file in plan.add for repair in finding.repairs)]
    for spot in mend(tree, repairs):
        name = spot.rpartition(":")[0] or spot
        if name in plan.add:
            plan.add[name] = (tree / name).read_bytes()
            plan.know.append(f"{spot} repeats a number of server.toml, and has yours")


def judge_pins(tree: Path) -> list[Finding]:
    service = Service(tree)
    return [finding for check in checks_of("pins") if not check.network for finding in check.find(service)]


def spots_of(tree: Path, own: tuple[str, ...]) -> Iterator[str]:
    """The service's own files that a finding of `pins` is about: the last spots are what differs."""
    for finding in judge_pins(tree):
        if finding.matters:
            names = [re.sub(r":\d+$", "", spot) for spot, _ in finding.where]
            yield from (
                name
                for name in names
                if name in own and (tree / name).is_file() and name != EXAMPLE and not name.startswith("src/")
            )
