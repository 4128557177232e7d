"""Look into each environment, and compare it with what is declared and with the first one."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_tool import __version__
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.parity.behaviour import CHECK as BEHAVIOUR
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.environments.environment import Comparison, Environment
from lockstep_tool.environments.looking import look_here, look_into, names_in, short_name
from lockstep_tool.environments.report import Row, describe_verdict, print_report, save_report
from lockstep_tool.environments.since import find_changes, is_of_another_commit
from lockstep_tool.images.labels import revision
from lockstep_tool.images.tag import image_tag
from lockstep_tool.service import Service
from lockstep_tool.sync import production

__all__ = ["SAVED", "fingerprint_here", "parity", "save_fingerprint"]

SAVED = Path(".nox", "report")


def parity(service: Service, others: Sequence[str] = (), *, only: bool = False, nox: str = "") -> int:
    """Compare this machine's production set with what is declared, and with `others`, as `looking.names_in` reads them.

    Without `others`, the service's own image; with `only`, the others alone, with the first of them. `nox` is the version
    of the nox that runs, where one does. Returns 0, 1 or 2: the same, different, could not look.
    """
    environments = [] if only else [look_here(production(service.root), nox)]
    words = names_in(others) or [image_tag(service)]
    seen, unseen = look_into_all(words, tell=bool(others))
    called = {**{word: one.name for word, one in seen.items()}, **{word: short_name(word) for word in unseen}}
    names = name_apart(called, [one.name for one in environments])
    environments += [replace(seen[word], name=names[word]) for word in words if word in seen]
    images = {names[word]: word for word, one in seen.items() if one.kind == "image"}
    rows = [Row(names[word], unseen=why) for word, why in unseen.items()]
    found, asks = list(compare_all(environments, service)), not only and (bool(images) or not others)
    if asks:
        found += BEHAVIOUR.find(service, environments[0].name, images, found)
    return conclude(service, environments, rows, found, asked=asks)


def look_into_all(words: Sequence[str], *, tell: bool) -> tuple[dict[str, Environment], dict[str, str]]:
    """The environments by the words that name them, and why others were not looked into; with `tell`, that is printed whole."""
    seen, unseen = dict[str, Environment](), dict[str, str]()
    for word in words:
        try:
            seen[word] = look_into(word)
        except Refusal as refusal:
            if refusal.code != COULD_NOT_LOOK:
                raise
            if tell:  # the table has the first line
                print(refusal)
            unseen[word] = refusal.wrong
    return seen, unseen


def name_apart(called: Mapping[str, str], taken: Sequence[str]) -> dict[str, str]:
    """Word → name of an environment: the word itself where another environment has the same short name."""
    every = [*taken, *called.values()]
    return {word: name if every.count(name) == 1 else word for word, name in called.items()}


def compare_all(environments: Sequence[Environment], service: Service) -> Iterator[Finding]:
    """Each environment as every check finds it. With a fingerprint that was saved at another commit, only what changed
    since is said.
    """
    checks = [check for check in checks_of("parity") if check.name != BEHAVIOUR.name]
    strict = bool(os.environ.get("CI"))
    old = [one for one in environments if is_of_another_commit(one, service.inputs)]
    for number, environment in enumerate(environments):
        first = environments[0] if number else None
        if environment not in old:
            comparable = None if first in old else first
            comparison = Comparison(environment, service, comparable, strict)
            for check in checks:
                yield from check.find(comparison)
        if first and environment in old:
            yield from find_changes(environment, first)
        elif first and first in old:
            yield from find_changes(first, environment)


def conclude(service: Service, environments: list[Environment], unseen: list[Row], found: list[Finding], *, asked: bool) -> int:
    """Print and save the verdict; `asked` is whether requests were sent."""
    rows = []
    if environments:
        markers = environments[0].fingerprint["markers"]
        rows.append(Row("declared", service.environment(markers), service.python, len(service.packages(markers))))
    for one in environments:
        seen = one.fingerprint
        rows.append(Row(one.name, seen["environment"], seen["python"], len(seen["packages"])))
        if one.kind != "saved":
            write_fingerprint(service, one, service.root / SAVED / f"{one.name.replace('/', '_')}.json")
    rows += unseen
    heading = f"lockstep {__version__} · Python {service.python} · uv.lock {service.inputs['uv.lock'][:8]}"
    names, left_out = [check.name for check in checks_of("parity")], () if asked else (BEHAVIOUR.name,)
    text = describe_verdict(rows, found, names, heading=heading, left_out=left_out)
    save_report(service.root / SAVED, rows, found, text)
    print_report(text)
    if any(finding.matters for finding in found):
        return DIFFERENT
    return COULD_NOT_LOOK if unseen or any(finding.severity is Severity.UNKNOWN for finding in found) else SAME


def fingerprint_here(service: Service) -> str:
    """This machine's fingerprint as JSON."""
    return describe_environment(service, look_here(production(service.root)))


def save_fingerprint(service: Service, file: Path) -> str:
    """Write this machine's fingerprint, with what its commit declares, to a file that is meant to be kept."""
    here = look_here(production(service.root))
    write_fingerprint(service, here, file)
    return f"{file}: environment {here.fingerprint['environment']}; months later, `parity -- {file}` says what changed"


def write_fingerprint(service: Service, environment: Environment, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(describe_environment(service, environment), encoding="utf-8")


def describe_environment(service: Service, environment: Environment) -> str:
    """A fingerprint as text that diffs well, with what is needed to understand it later."""
    about = {"commit": revision(service.root), "kind": environment.kind, "declared": dict(service.inputs)}
    return json.dumps({**environment.fingerprint, **about}, indent=1, sort_keys=True) + "\n"
