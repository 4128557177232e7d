"""`lock -- --registry` asks the index, tells its right to change from another voice, and says when it cannot ask."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from services import Service
from snapshot import git
from stand_in_index import Index, from_index


@pytest.fixture
def mirrored(fastapi: Service, index: Index, tmp_path: Path) -> Service:
    """A service that is locked from a company's index, on loopback, and needs one package of it."""
    return from_index(fastapi, index, tmp_path / "mirrored")


def test_a_lock_that_says_what_the_index_says_is_the_same(mirrored: Service) -> None:
    done = mirrored.lockstep("lock", "--registry")

    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("uv.lock says what the index says: 2 packages\n")


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
def test_what_an_index_may_change_is_a_warning_with_its_difference(mirrored: Service, index: Index, change: str) -> None:
    plant, said = CHANGES[change]
    plant(index)

    done = mirrored.lockstep("lock", "--registry")

    assert done.returncode == 0, done.stdout
    assert "warning: The index has changed since the lock was made." in done.stdout
    assert said in done.stdout


POISONS = {
    "a hash": (r'(/tiny-[^"]+", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000", "has another hash there"),
    "an address": (r"/files/tiny-1.0-", "/files/other/tiny-1.0-", "has another address there"),
    "an edge": (r'(?s)(name = "smaller".*?)\n\n', r'\1\ndependencies = [\n    { name = "tiny" },\n]\n\n', "does not need tiny"),
    "an upload time": (r"2026-01-01T00", "2025-01-01T00", "has another upload time there"),
}


@pytest.mark.parametrize("poison", POISONS)
def test_what_is_published_under_one_name_never_changes(mirrored: Service, poison: str) -> None:
    pattern, new, said = POISONS[poison]
    lock = mirrored.path / "uv.lock"
    text, count = re.subn(pattern, new, lock.read_text(), count=1)
    assert count == 1
    lock.write_text(text)
    git(mirrored.path, "commit", "--quiet", "--all", "--amend", "--message", "All of it")  # offline there is no past

    done = mirrored.lockstep("lock", "--registry")

    assert done.returncode == 1, done.stdout
    assert "uv.lock says otherwise than the index." in done.stdout
    assert said in done.stdout
    assert lock.read_text() == text


def test_an_index_that_cannot_be_asked_is_not_green(mirrored: Service, index: Index) -> None:
    index.files.clear()
    uv = mirrored.path / "uv.toml"
    uv.write_text(uv.read_text().replace(index.address, "http://127.0.0.1:1"))
    lock = mirrored.path / "uv.lock"
    lock.write_text(lock.read_text().replace(index.address, "http://127.0.0.1:1"))
    git(mirrored.path, "commit", "--quiet", "--all", "--amend", "--message", "All of it")

    done = mirrored.lockstep("lock", "--registry")

    assert done.returncode == 2, done.stdout
    assert "The index cannot be asked." in done.stdout
    assert "Connect and run this again" in done.stdout
