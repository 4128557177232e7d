"""`update` in a service of today's template: what it shows, what it stops at, and that one command takes all of it back.

What it refuses and what it may leave behind is shown on small trees, in lockstep/tool/tests/updating; the guide's test calls
it by the menu, with the locked Copier.
"""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import committed
from history import NEW, OLD, append, command, replace
from services import Service
from snapshot import Template, git

BACK = ("git", "reset", "--hard")
OURS = "tests/test_ours.py"
# The tools' leavings, which git ignores.
LEFT_OUT = re.compile(r"\.git/|\.git$|\.nox|\.\w+_cache|(.*/)?__pycache__")


@pytest.fixture(scope="module")
def born(history: Template, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service of v0.1.0, committed, with packages of the team's and a file that git ignores."""
    folder = tmp_path_factory.mktemp("born") / "orders-api"
    done = history.copy(folder, {"project_name": "orders-api"}, tag="v0.1.0")
    assert done.returncode == 0, done.stderr
    command(folder, "uv", "add", "--no-sync", "six", "wcwidth")
    (folder / ".env").write_text("SECRET=1\n")
    (folder / "empty").mkdir()
    return committed(folder)


@pytest.fixture
def service(born: Service, tmp_path: Path) -> Service:
    """A copy to be changed."""
    shutil.copytree(born.path, tmp_path / "orders-api", symlinks=True)
    return Service(tmp_path / "orders-api", {"LOCKSTEP_ENGINE": "none", "CI": ""})


def update(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    """The command with the Copier of these tests, so that it costs no environment."""
    return service.lockstep("update", *words)


def commit(service: Service, message: str = "Ours") -> None:
    git(service.path, "add", "--all")
    git(service.path, "commit", "--quiet", "--message", message)


def state(service: Service) -> tuple[dict[str, str], str]:
    """Every file but git's own and the tools' leavings, with its bytes and mode, and the index."""
    files = {}
    for path in sorted(service.path.rglob("*")):
        name = path.relative_to(service.path).as_posix()
        if not LEFT_OUT.match(name):
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            files[name] = f"{content} {path.lstat().st_mode:o}"
    return files, git(service.path, "ls-files", "--stage") + git(service.path, "status", "--porcelain")


def back(service: Service, printed: str) -> None:
    """Do what was printed."""
    assert " ".join(BACK) in printed
    git(service.path, *BACK[1:])


def unmerged(service: Service) -> list[str]:
    return sorted(set(git(service.path, "diff", "--name-only", "--diff-filter=U").split()))


def wheels(service: Service) -> list[str]:
    return sorted(path.name for path in (service.path / ".lockstep").glob("*.whl"))


def test_an_update_does_what_its_preview_showed_and_the_printed_command_takes_it_back(
    service: Service, history: Template, tmp_path: Path
) -> None:
    shown, saved = tmp_path / "shown.json", tmp_path / "saved.json"
    before, registered, wheels_before = state(service), git(service.path, "worktree", "list"), wheels(service)
    preview = update(service, "--preview", "--diff", "--json", str(shown))

    assert preview.returncode == 0, preview.stdout
    assert state(service) == before
    assert git(service.path, "worktree", "list") == registered
    for said in (
        "orders-api: Lockstep v0.1.0 → v0.2.0",
        "v0.2.0: `update` now counts hedgehogs.",
        "new question hedgehogs: 7 is taken (How many hedgehogs?)",
        f"Goes, and you had not changed it\n  {OLD}",
        '+    "uvicorn[standard]>=0.54",',
        f"+ {NEW}",
        "pluggy 1.6.0 → ",
        "lockstep-serve 0.9.0 → ",
        "lockstep-tool 0.9.0 → ",
        "Nothing has changed here. To do it: `uv run noxfile.py -s update",
    ):
        assert said in preview.stdout
    report = json.loads(shown.read_text())
    assert (report["from"], report["to"], report["findings"]) == ("v0.1.0", "v0.2.0", [])
    assert "six" not in {package["name"] for package in report["packages"]}

    done = update(service, "--without-proofs", "--json", str(saved))

    assert done.returncode == 0, done.stdout
    assert "NOT PROVED, because of --without-proofs." in done.stdout
    assert report["diff"] == json.loads(saved.read_text())["diff"]
    assert not unmerged(service)
    assert f"_src_path: {history.path}\n" in (service.path / ".copier-answers.yml").read_text()
    assert NEW in git(service.path, "diff", "HEAD", "--name-only")
    assert [name.partition("-")[0] for name in wheels(service)] == ["lockstep_serve", "lockstep_tool"]
    assert not set(wheels(service)) & set(wheels_before)
    # The new tool judges both locks, which name it.
    judged = service.nox("lock")
    assert judged.returncode == 0, judged.stdout
    back(service, done.stdout)
    assert state(service) == before


def test_both_changed_a_line_and_the_update_stops_with_what_to_do(service: Service) -> None:
    replace(service.path / "pyproject.toml", '"uvicorn[standard]>=0.50"', '"uvicorn[standard]>=0.51"')
    command(service.path, "uv", "lock")
    commit(service)
    before = state(service)
    done = update(service)

    assert done.returncode == 1
    assert "The update is here, and it needs your hand." in done.stdout
    assert re.search(r"pyproject\.toml +both sides changed the same lines\. Edit it, .*git add pyproject\.toml", done.stdout)
    assert "uv.lock" in done.stdout
    assert unmerged(service)[0] == "pyproject.toml"
    back(service, done.stdout)
    assert state(service) == before


def test_a_service_that_does_not_hold_after_the_update_is_named_and_can_be_taken_back(service: Service) -> None:
    (service.path / OURS).write_text('"""Fails where the update is."""\n\nfrom pathlib import Path\n\n\n')
    append(service.path / OURS, f"def test_no_new_file() -> None:\n    assert not Path('{NEW}').exists()\n")
    (service.path / "nox_local.py").write_text('import nox\n\nnox.options.sessions = ["lock", "tests", "parity"]\n')
    commit(service)
    before = state(service)
    done = service.lockstep("update", "--json", ".nox/update.json", NOXSESSION="lock")

    assert done.returncode == 1
    assert "The update is here, and the service does not hold." in done.stdout
    assert re.search(r"tests +it fails", done.stdout)
    proofs = json.loads((service.path / ".nox" / "update.json").read_text())["proofs"]
    assert proofs == {"lock": "success", "tests": "aborted", "parity": "skipped"}
    back(service, done.stdout)
    assert state(service) == before
