"""`lock -- --registry` asks the index, tells what it may change from what it may not, and says when it cannot ask."""

import re
from collections.abc import Callable

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.checks.finding import Severity
from lockstep_tool.checks.registry import find_check
from lockstep_tool.locks.lock import check_lock
from lockstep_tool.service import Service
from loopback import Index
from mirrored import Mirrored

REGISTRY = find_check("lock registry")


def test_a_lock_that_says_what_the_index_says_is_the_same(mirrored: Mirrored) -> None:
    lines = check_lock(Service(mirrored.service.root), registry=True)

    assert lines[1:] == ["uv.lock says what the index says: 3 packages"]


def new_wheel(index: Index) -> None:
    index.publish("tiny", "1.0", "smaller", tag="cp311-cp311-manylinux_2_17_x86_64")


def deleted(index: Index) -> None:
    index.publish("smaller", "1.1")
    index.files["smaller"].pop(0)


CHANGES: dict[str, tuple[Callable[[Index], None], str]] = {
    "a wheel that is new": (new_wheel, "tiny-1.0-cp311-cp311-manylinux_2_17_x86_64.whl is new"),
    "a release that is gone": (deleted, "smaller 1.0, which would be 1.1 now"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_an_index_may_change_is_a_warning_with_its_difference(mirrored: Mirrored, change: str) -> None:
    plant, said = CHANGES[change]
    plant(mirrored.index)

    [finding] = mirrored.service.find(REGISTRY)

    assert finding.severity is Severity.WARNING
    assert finding.what == "The index has changed since the lock was made."
    assert said in str(finding.where)


POISONS = {
    "a hash": (r'(/tiny-[^"]+", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000", "has another hash there"),
    "an address": (r"/files/tiny-1.0-", "/files/other/tiny-1.0-", "has another address there"),
    "an edge": (r'(?s)(name = "smaller".*?)\n\n', r'\1\ndependencies = [\n    { name = "tiny" },\n]\n\n', "does not need tiny"),
    "an upload time": (r"2026-01-01T00", "2025-01-01T00", "has another upload time there"),
}


@pytest.mark.parametrize("poison", POISONS)
def test_what_is_published_under_one_name_never_changes(mirrored: Mirrored, poison: str) -> None:
    pattern, new, said = POISONS[poison]
    mirrored.service.substitute("uv.lock", pattern, new)
    before = mirrored.service.read("uv.lock")

    [finding] = mirrored.service.find(REGISTRY)

    assert finding.severity is Severity.ERROR
    assert said in str(finding.where)
    assert re.match(r"uv\.lock:\d+$", finding.where[0][0])
    assert mirrored.service.read("uv.lock") == before


def test_an_index_that_cannot_be_asked_is_not_green(mirrored: Mirrored) -> None:
    for name in ("uv.toml", "uv.lock"):
        mirrored.service.edit(name, mirrored.index.address, "http://127.0.0.1:1")

    with pytest.raises(Refusal) as refused:
        mirrored.service.find(REGISTRY)

    assert refused.value.code == COULD_NOT_LOOK
    assert str(refused.value).startswith("The index cannot be asked.")
    assert "Connect and run this again" in str(refused.value)
