"""A service leaves its template: what only updates need goes, everything else stays, and git takes it back."""

import re
import shutil
from pathlib import Path

import pytest

from killing import kill_at, list_steps
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import BACK, git
from lockstep_tool.updating.detaching import main, remove_include, remove_sessions
from tiny_template import REPOSITORY, commit

MENU = (REPOSITORY / "template" / "noxfile.py").read_text(encoding="utf-8")
GONE = [".copier-answers.yml", ".github/workflows/lockstep-update.yml"]


@pytest.fixture
def attached(service: Path) -> Path:
    """With the menu of every service, a workflow that proposes updates, a page of the team's and a Dockerfile."""
    (service / "noxfile.py").write_text(MENU)
    (service / ".github" / "workflows").mkdir(parents=True)
    (service / GONE[1]).write_text("# Lockstep's: CI proposes updates.\n")
    (service / "docs").mkdir()
    (service / "docs" / "ours.md").write_text("Now and then: `copier update`.\n")
    (service / "Dockerfile").write_text('CMD ["python", "-m", "lockstep_serve", "serve"]\n')
    (service / "src" / "orders_api" / "health.py").write_text("from lockstep_serve import draining\n")
    commit(service)
    return service


def test_what_only_updates_need_goes_and_the_wheels_stay(attached: Path) -> None:
    before = set(git(attached, "ls-files").split())
    code = main([])
    after = set(git(attached, "ls-files").split())

    assert code == 0
    assert before - after == set(GONE)
    assert after - before == {"docs/detached.md"}
    assert len(list((attached / ".lockstep").glob("*.whl"))) == 2


def test_no_file_but_the_teams_pages_sends_its_reader_to_the_template(attached: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    pattern = re.compile(r"copier update|Change it by `-s update`|-s (?:update|bench|detach)")
    texts = {name: (attached / name).read_bytes().decode(errors="replace") for name in git(attached, "ls-files").split()}

    assert [name for name, text in texts.items() if pattern.search(text)] == ["docs/ours.md"]
    assert "yours       docs/ours.md:1 speaks of what is gone" in capsys.readouterr().out


def test_only_words_change_in_what_stays(attached: Path) -> None:
    main([])
    changed = git(attached, "diff", "HEAD", "--diff-filter=M", "--unified=0", "--", ":!noxfile.py").splitlines()
    removed = [line for line in changed if re.match("-[^-]", line)]

    assert removed
    assert not [line for line in removed if not re.search(r"by `-s update`|-s update", line)]


def test_the_menu_keeps_every_other_session() -> None:
    menu = remove_sessions(MENU)
    sessions = re.compile(r"^@nox\.session[^\n]*\ndef (\w+)\(", re.MULTILINE)

    compile(menu, "noxfile.py", "exec")
    assert set(sessions.findall(MENU)) - set(sessions.findall(menu)) == {"update", "detach", "bench"}
    assert menu.endswith(MENU[-200:])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("include:\n  - local: .gitlab/lockstep-update.yml\n\njobs: 1\n", "\njobs: 1\n"),
        (
            "include:\n  - local: ours.yml\n  - local: .gitlab/lockstep-update.yml\n    rules: []\n",
            "include:\n  - local: ours.yml\n",
        ),
    ],
    ids=["the only one", "beside another"],
)
def test_gitlab_includes_the_job_no_more(text: str, left: str) -> None:
    assert remove_include(text) == left


def test_the_note_says_how_to_go_on_without_lockstep_serve(attached: Path) -> None:
    definition = attached / "src" / "orders_api" / "server.toml"
    definition.write_text(definition.read_text().replace("port = { default = 8000", "port = { default = 9000"))
    commit(attached)
    main([])
    note = (attached / "docs" / "detached.md").read_text()

    assert "\nuvicorn --factory orders_api.app:create_app --host 0.0.0.0 --port 9000 " in note
    assert "where its `health` stands: `Dockerfile`." in note
    assert "Replace what your code imports: `src/orders_api/health.py`." in note
    assert "- Nothing names the line that blocks the event loop.\n" in note
    assert ", ".join(f"`{name}`" for name in GONE) in note


def test_a_page_that_is_no_utf_8_is_looked_into_and_stays(attached: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "Caf\xe9\nNow and then: `copier update`.\n".encode("latin-1")
    (attached / "docs" / "caf\udce9.md").write_bytes(page)
    commit(attached)
    code = main([])
    said = capsys.readouterr().out

    assert code == 0
    assert "yours       docs/caf\\xe9.md:2 speaks of what is gone" in said
    assert said.rstrip().endswith("then commit it.")
    assert (attached / "docs" / "caf\udce9.md").read_bytes() == page


def test_one_command_takes_it_back(attached: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = git(attached, "rev-parse", "HEAD^{tree}")
    main([])
    [command] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Back, at any time: ")]
    changed = git(attached, "status", "--porcelain")
    git(attached, *command.removeprefix("Back, at any time: git ").split())

    assert changed
    assert git(attached, "status", "--porcelain") == ""
    assert git(attached, "write-tree") == tree


def test_killed_at_any_step_one_command_takes_it_back(attached: Path, tmp_path: Path) -> None:
    tree = git(attached, "rev-parse", "HEAD^{tree}")
    steps = list_steps(lambda: main([]), tmp_path)
    git(attached, *BACK.split()[1:])
    written = [step.startswith("write") for step in steps]
    here = steps[steps.index("os.rename index (1)") : len(steps) - written[::-1].index(True)]  # the rest is the second tree

    assert {"write detached.md (2)", "write noxfile.py (2)", "os.remove .copier-answers.yml (2)"} <= set(here)
    for step in here:
        printed = kill_at(step, lambda: main([]), tmp_path / "printed")
        git(attached, *BACK.split()[1:])

        assert f"Back, at any time: {BACK}" in printed
        assert git(attached, "status", "--porcelain", "--ignored") == "!! .env\n", step
        assert git(attached, "write-tree") == tree, step


def test_what_could_not_be_taken_back_and_leaving_twice_are_refused(attached: Path) -> None:
    (attached / "notes.txt").write_text("not committed\n")
    with pytest.raises(Refusal, match="Something here is not committed") as refused:
        main([])
    (attached / "notes.txt").unlink()
    main([])

    assert refused.value.where == (("git status", "?? notes.txt"),)
    with pytest.raises(Refusal, match="This service has left its template already"):
        main([])


def test_a_definition_that_cannot_be_read_is_refused_first(attached: Path) -> None:
    (attached / "src" / "orders_api" / "server.toml").write_text("model = 'none'\n")
    commit(attached)
    with pytest.raises(Refusal):
        main([])

    assert git(attached, "status", "--porcelain") == ""


def test_a_service_without_docs_gets_the_note(attached: Path) -> None:
    shutil.rmtree(attached / "docs")
    commit(attached)
    main([])

    assert (attached / "docs" / "detached.md").exists()
