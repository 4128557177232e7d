"""CI proposes updates: one job tries and writes nothing, another opens the request and runs nothing of the update."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forge import HOSTS, Forge, be_on, serve_forge
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.proposing import format_request
from lockstep_tool.updating.update import main
from tiny_template import commit

BRANCH = "lockstep/update"
SAVED = Path(".nox", "report", "update")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """With an empty repository of the service's, reached as a file."""
    with serve_forge(tmp_path / "forge") as found:
        yield found


@pytest.fixture(scope="module")
def saved(born: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service of an older version, with what the first job saved of its update."""
    folder = tmp_path_factory.mktemp("saved") / "orders-api"
    shutil.copytree(born, folder, symlinks=True)
    (folder / ".git" / "info" / "exclude").write_text(".nox\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("UV_OFFLINE", "1")
        assert main(["--without-proofs", "--propose", str(SAVED)]) == 0
    git(folder, "reset", "--quiet", "--hard")
    return folder


@pytest.fixture
def second_job(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new checkout with what the first job saved, and the working directory; no host, but a token."""
    monkeypatch.chdir(shutil.copytree(saved, tmp_path / "orders-api", symlinks=True))
    for name in {name for settings in HOSTS.values() for name in settings}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCKSTEP_UPDATE_TOKEN", "a-secret")
    return tmp_path / "orders-api"


@pytest.mark.parametrize(("host", "text"), [("github", "body"), ("gitlab", "description")])
def test_a_request_is_opened_with_the_difference_and_the_verdict(
    host: str,
    text: str,
    second_job: Path,
    forge: Forge,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    be_on(host, forge, monkeypatch)
    code = main(["--open", str(SAVED)])

    assert code == 0
    assert "https://forge.example/1" in capsys.readouterr().out
    assert [method for method, *_ in forge.asked] == ["GET", "POST"]
    given = forge.asked[1][2]
    assert given["title"] == "orders-api: Lockstep v0.1.0 → v0.2.0"
    for said in ("**It is not proved.**", "`update` now counts hedgehogs.", "- + `new.py`", "~~~~diff"):
        assert said in given[text]
    assert "a-secret" in forge.asked[0][3]
    pushed = git(forge.repository, "diff", "--name-only", f"{BRANCH}~1", BRANCH).split()
    assert {"new.py", "uv.lock", ".lockstep/lockstep_tool-1.1.0-py3-none-any.whl"} <= set(pushed)


def test_an_open_request_is_renewed_and_not_doubled(second_job: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    be_on("github", forge, monkeypatch)
    main(["--open", str(SAVED)])
    git(second_job, "switch", "--quiet", "-")
    forge.open.append({"number": 5})
    code = main(["--open", str(SAVED)])

    assert code == 0
    assert [(method, path) for method, path, *_ in forge.asked][-1] == ("PATCH", "/repos/acme/orders-api/pulls/5")


def test_a_branch_that_somebody_works_on_is_left_alone(
    second_job: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be_on("gitlab", forge, monkeypatch)
    main(["--open", str(SAVED)])
    (second_job / "README.md").write_text("# A hand's work\n")
    commit(second_job)
    git(second_job, "push", "--quiet", str(forge.repository), f"HEAD:{BRANCH}")
    tip = git(forge.repository, "rev-parse", BRANCH)
    git(second_job, "switch", "--quiet", "-")
    code = main(["--open", str(SAVED)])

    assert code == 0
    assert "update works on lockstep/update, so it is left alone." in capsys.readouterr().out
    assert git(forge.repository, "rev-parse", BRANCH) == tip


def test_a_host_that_refuses_is_named_and_the_token_is_not(
    second_job: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be_on("github", forge, monkeypatch)
    forge.status = 403
    with pytest.raises(Refusal, match="The host does not take the change request") as refused:
        main(["--open", str(SAVED)])

    assert refused.value.where[0][1].startswith("403")
    captured = capsys.readouterr()
    everything = f"{refused.value}{captured.out}{captured.err}{(second_job / '.git' / 'config').read_text()}"
    assert "a-secret" not in everything
    assert base64.b64encode(b"x-access-token:a-secret").decode() not in everything


def test_elsewhere_nothing_is_opened(second_job: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal, match="Change requests are opened from CI"):
        main(["--open", str(SAVED)])
    monkeypatch.delenv("LOCKSTEP_UPDATE_TOKEN")
    with pytest.raises(Refusal, match="There is no token to propose an update with"):
        main(["--open", str(SAVED)])

    assert not forge.asked


def test_an_update_that_needs_a_hand_is_not_proposed(service: Path) -> None:
    settings = service / "settings.toml"
    settings.write_text(settings.read_text().replace("'copy'", "'symlink'"))
    commit(service)
    with pytest.raises(Refusal, match="it needs your hand"):
        main(["--propose", str(SAVED)])

    assert not SAVED.exists()


def test_nothing_to_do_is_nothing_to_propose(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shutil.copytree(saved, tmp_path / "orders-api", symlinks=True))
    git(tmp_path / "orders-api", "update-index", "-q", "--refresh")  # it was copied
    git(tmp_path / "orders-api", "apply", "--index", "--binary", str(SAVED / "update.patch"))
    commit(tmp_path / "orders-api")
    shutil.rmtree(SAVED)
    codes = [main(["--propose", str(SAVED)]), main(["--open", str(SAVED)])]

    assert codes == [0, 0]
    assert "There is nothing to propose: nothing to do." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("proofs", "verdict", "said"),
    [
        ({"lock": "success", "parity": "skipped"}, "holds", "It holds.\n\n| session | result |"),
        ({"lock": "success", "tests": "failed"}, "does not hold", "**It does not hold.**"),
    ],
    ids=["holds", "does not hold"],
)
def test_the_text_has_a_row_for_each_session(proofs: dict[str, str], verdict: str, said: str, saved: Path) -> None:
    report: dict[str, Any] = json.loads((saved / SAVED / "update.json").read_text())
    text = format_request({**report, "proofs": proofs, "verdict": verdict})

    assert said in text
    for name, result in proofs.items():
        assert f"| `{name}` | {result} |" in text
