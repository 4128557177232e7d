"""CI proposes newer packages: what moved, where each says what changed, what is known of it, and the verdict."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from forge import Forge, be_on, serve_forge
from lockstep_serve.errors import Refusal
from lockstep_tool.commands import upgrade
from lockstep_tool.updating import upgrade_proposal
from mirrored import Mirrored
from small_service import git

SAVED = Path(".nox", "report", "upgrade")
RESULTS = {"lock": "success", "tests": "success", "image": "skipped"}
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{links}"
LINKS = {
    "tiny": "Project-URL: Homepage, https://tiny.example\nProject-URL: Change Log, https://tiny.example/changes#new\n",
    "smaller": "Project-URL: Changelog, https://evil.example/) <b>\nProject-URL: Source Code, https://smaller.example/src\n",
}


@pytest.fixture
def newer(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> Mirrored:
    """Its index has newer releases of both packages by now; its environment has their metadata, and the one command passes."""
    mirrored.index.publish("tiny", "1.1", "smaller")
    mirrored.index.publish("smaller", "1.2")
    minor = ".".join(platform.python_version_tuple()[:2])
    for name, links in LINKS.items():
        place = f".nox/checks/lib/python{minor}/site-packages/{name}-1.dist-info/METADATA"
        mirrored.service.write(place, METADATA.format(name=name, links=links))
    mirrored.service.edit(
        "pyproject.toml", "[tool.lockstep]\n", "[tool.lockstep.audit]\nservice = 'http://127.0.0.1:1'\n\n[tool.lockstep]\n"
    )
    mirrored.service.commit("Ask nobody")
    monkeypatch.setattr(upgrade_proposal, "run_one_command", lambda _: RESULTS)
    monkeypatch.chdir(mirrored.service.root)
    return mirrored


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with serve_forge(tmp_path / "forge") as found:
        yield found


def propose(newer: Mirrored) -> str:
    assert upgrade.run(["--propose", str(SAVED)], newer.service.root) == 0
    return newer.service.read(f"{SAVED}/update.md")


def test_a_proposal_says_what_moved_where_it_says_what_changed_and_whether_it_holds(newer: Mirrored) -> None:
    text = propose(newer)

    for said in (
        "It holds.\n\n| session | result |",
        "| `image` | skipped |",
        "| tiny | 1.0 | 1.1 | [changes](https://tiny.example/changes#new) |",
        "| smaller | 1.0 | 1.2 | [source](https://smaller.example/src) |",
        "## What is known of them",
        "127.0.0.1:1",
        "~~~~diff",
    ):
        assert said in text
    assert "evil.example" not in text
    assert json.loads(newer.service.read(f"{SAVED}/update.json"))["verdict"] == "holds"


def test_a_proposal_that_does_not_hold_says_so_first(newer: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_proposal, "run_one_command", lambda _: {**RESULTS, "tests": "failed"})

    assert propose(newer).startswith("**It does not hold.**")


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_second_job_opens_a_request_with_the_lock(
    host: str, newer: Mirrored, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose(newer)
    git(newer.service.root, "reset", "--quiet", "--hard")
    be_on(host, forge, monkeypatch)
    monkeypatch.setenv("LOCKSTEP_UPDATE_TOKEN", "a-secret")

    assert upgrade.run(["--open", str(SAVED)], newer.service.root) == 0
    assert forge.asked[-1][2]["title"].endswith(": 2 packages to newer versions")
    assert git(forge.repository, "diff", "--name-only", "lockstep/upgrade~1", "lockstep/upgrade").split() == ["uv.lock"]


@pytest.mark.parametrize("file", ["", "renovate.json"], ids=["all is new", "Renovate moves them"])
def test_nothing_to_move_is_nothing_to_propose(
    file: str, newer: Mirrored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if file:
        newer.service.write(file, "{}\n")
    else:
        upgrade.run([], newer.service.root)
        newer.service.commit("Move")
    codes = [upgrade.run([word, str(SAVED)], newer.service.root) for word in ("--propose", "--open")]

    assert codes == [0, 0]
    said = capsys.readouterr().out
    assert "Nothing to propose:" in said
    assert "There is nothing to propose: nothing to do," in said
    assert not (newer.service.root / SAVED / "update.patch").exists()


def test_what_is_not_committed_is_not_proposed(newer: Mirrored) -> None:
    newer.service.write("README.md", "# Ours\n")

    with pytest.raises(Refusal, match="is not committed"):
        upgrade.run(["--propose", str(SAVED)], newer.service.root)
