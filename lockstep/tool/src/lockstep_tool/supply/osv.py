"""Ask a service that speaks OSV's API for what is known of packages, and believe no answer that is not whole.

https://google.github.io/osv.dev/api/
"""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["Advisory", "find_advisories"]

AT_ONCE = 1000  # the most that OSV takes in one question

Question = dict[str, Any]


@dataclass(frozen=True)
class Advisory:
    """One vulnerability of one package under all its names; `fixed` are the versions that OSV calls fixed."""

    package: str
    version: str
    names: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]


@dataclass(frozen=True)
class Api:
    """A service at `address`, with `seconds` for each answer."""

    address: str
    seconds: float

    def ask(self, path: str, question: Mapping[str, Any] | None = None) -> Any:
        """The JSON that is answered; raises OSError or ValueError."""
        if not self.address.startswith(("https://", "http://")):
            raise ValueError("the address of the service is not one of the web")
        body = json.dumps(question).encode() if question else None
        headers = {"Content-Type": "application/json", "User-Agent": "lockstep"}
        request = urllib.request.Request(self.address + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as answer:
                return json.load(answer)
        except HTTPError as error:  # an answer that is open, too
            error.close()
            raise


def find_advisories(service: str, packages: Mapping[str, str], seconds: float) -> list[Advisory]:
    """What the service at the address `service` knows of packages (name → version), with `seconds` for each answer.

    Raises Refusal with code 2 when it cannot be asked, or when its answer leaves anything out.
    """
    try:
        api = Api(service.rstrip("/"), seconds)
        found = find_ids(api, packages)
        details = {one: read_advisory(api, one) for one in sorted({one for several in found.values() for one in several})}
        return [
            advisory
            for name in sorted(found)
            for advisory in join_aliases(name, packages[name], [details[one] for one in found[name]])
        ]
    except (OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(
            "The vulnerability service cannot be asked.",
            [(service, describe_failure(error))],
            "Connect and run this again, or name one that is in reach: `[tool.lockstep.audit] service` in "
            "pyproject.toml.\nUntil then nobody knows whether the lock is safe, so this is not green.",
            code=COULD_NOT_LOOK,
        ) from error


def describe_failure(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(getattr(error, "reason", "") or error)
    return f"answers what is no answer to the question: {error or type(error).__name__}"


def find_ids(api: Api, packages: Mapping[str, str]) -> dict[str, list[str]]:
    """Package → the ids of its advisories, from all pages; raises ValueError for an answer with a hole."""
    todo: list[Question] = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version} for name, version in packages.items()
    ]
    found: dict[str, list[str]] = {name: [] for name in packages}
    while todo:
        now, todo = todo[:AT_ONCE], todo[AT_ONCE:]
        answers = api.ask("/v1/querybatch", {"queries": now})["results"]
        if len(answers) != len(now):
            raise ValueError(f"{len(answers)} results for {len(now)} packages")
        for question, answer in zip(now, answers, strict=True):
            found[question["package"]["name"]] += [str(one["id"]) for one in answer.get("vulns", ())]
            if token := answer.get("next_page_token"):
                if token == question.get("page_token"):
                    raise ValueError("the next page is this page")
                todo.append({**question, "page_token": token})
    return found


def read_advisory(api: Api, name: str) -> Mapping[str, Any]:
    """The whole advisory; raises ValueError for another one."""
    document: Mapping[str, Any] = api.ask(f"/v1/vulns/{quote(name, safe='')}")
    if document["id"] != name:
        raise ValueError(f"{document['id']!r} for {name!r}")
    return document


def join_aliases(package: str, version: str, documents: Sequence[Mapping[str, Any]]) -> Iterator[Advisory]:
    """One advisory for all documents that name each other; those that were withdrawn are left out."""
    groups: list[tuple[set[str], list[Mapping[str, Any]]]] = []
    for document in documents:
        if "withdrawn" in document:
            continue
        names, members = {str(document["id"]), *map(str, document.get("aliases", ()))}, [document]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, members = names | group[0], [*group[1], *members]
        groups.append((names, members))
    for names, members in groups:
        summary = next((str(one["summary"]) for one in members if one.get("summary")), "no summary")
        first = sorted(str(one["id"]) for one in members)
        fixed = {version for one in members for version in fixes(package, one)}
        yield Advisory(package, version, (*first, *sorted(names - {*first})), summary, tuple(sorted(fixed)))


def fixes(package: str, document: Mapping[str, Any]) -> Iterator[str]:
    """The versions of the package in which an advisory ends."""
    for affected in document.get("affected", ()):
        if str(affected.get("package", {}).get("name", "")).lower().replace("_", "-").replace(".", "-") != package:
            continue
        for ranges in affected.get("ranges", ()):
            if ranges.get("type") == "ECOSYSTEM":
                yield from (str(event["fixed"]) for event in ranges.get("events", ()) if "fixed" in event)
