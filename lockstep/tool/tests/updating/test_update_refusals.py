"""What could not be taken back, and what cannot be done, is refused with the reason before anything changes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.updating import moving
from lockstep_tool.updating.checkout import git, git_environment, open_checkout
from lockstep_tool.updating.update import main, parse_words, read_data
from tiny_template import commit


@pytest.mark.parametrize(
    ("plant", "wrong"),
    {
        "dirty": ("echo x >> README.md", "Something here is not committed"),
        "untracked": ("echo x > new.txt", "Something here is not committed"),
        "merging": ("git rev-parse HEAD > .git/MERGE_HEAD", "A merge is unfinished here."),
        "locked": ("touch .git/index.lock", "Another git command works here, or was broken off."),
        "hidden": ("git update-index --assume-unchanged README.md", "Git was told not to look at some files"),
        "no git": ("rm -rf .git", "This service is not under version control"),
        "no commit": ("rm -rf .git && git init --quiet", "Nothing is committed here yet."),
        "no answers": (
            "git rm --quiet .copier-answers.yml && git -c user.name=n -c user.email=e commit --quiet -m x",
            "This service does not say which template it comes from.",
        ),
    }.values(),
    ids=["dirty", "untracked", "merging", "locked", "hidden", "no git", "no commit", "no answers"],
)
def test_what_could_not_be_taken_back_is_refused(service: Path, plant: str, wrong: str) -> None:
    subprocess.run(["sh", "-c", plant], check=True)
    before = read_files(service)
    with pytest.raises(Refusal, match=wrong) as refused:
        main([])

    assert refused.value.where
    assert refused.value.fix
    assert read_files(service) == before


@pytest.mark.parametrize("folder", [".", "src"], ids=["at the top", "in a larger repository"])
@pytest.mark.parametrize(
    "plant",
    [
        "git update-index --assume-unchanged FILE",
        "git update-index --skip-worktree FILE",
        "git update-index --assume-unchanged FILE && git update-index --skip-worktree FILE",
        "git sparse-checkout set --no-cone '/*' '!FILE'",
    ],
    ids=["assumed unchanged", "skipped", "both", "a sparse checkout"],
)
def test_the_printed_words_have_git_look_again(plant: str, folder: str, service: Path) -> None:
    shutil.copy(service / ".copier-answers.yml", service / "src")
    commit(service)
    subprocess.run(["sh", "-c", plant.replace("FILE", "settings.toml")], check=True)
    with pytest.raises(Refusal, match="Git was told not to look at some files") as refused:
        open_checkout(service / folder).refuse_unfinished()
    [(_, hidden)] = refused.value.where
    for command in re.findall("`([^`]+)`", refused.value.fix):
        subprocess.run(["sh", "-c", command.replace("FILE", hidden)], check=True, cwd=service / folder)
    open_checkout(service / folder).refuse_unfinished()

    assert git(service, "ls-files", "-v", "settings.toml").startswith("H ")
    assert (service / "settings.toml").exists()


def test_a_repository_that_git_does_not_open_is_not_begun_anew(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own, for its tests of this refusal
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with pytest.raises(Refusal) as refused:
        main([])

    assert "dubious ownership" in str(refused.value)
    assert "Mend what git names" in refused.value.fix
    assert "git init" not in str(refused.value)


def test_what_git_says_is_read_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")

    assert git_environment()["LANGUAGE"] == "C"


@pytest.mark.parametrize(
    ("meanwhile", "wrong"),
    [
        ("true", "Something here is not committed"),
        ("git -c user.name=n -c user.email=e commit --quiet --all -m x", "HEAD has moved"),
    ],
    ids=["a line", "a commit"],
)
def test_what_is_written_while_an_update_works_is_not_written_over(
    meanwhile: str, wrong: str, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_meanwhile(tree: Path) -> str:
        with (service / "pyproject.toml").open("a") as file:
            file.write("# Written meanwhile.\n")
        subprocess.run(["sh", "-c", meanwhile], check=True)
        return bring_locks(tree)

    bring_locks = moving.bring_locks
    monkeypatch.setattr(moving, "bring_locks", lock_meanwhile)
    before = read_files(service)
    with pytest.raises(Refusal, match=wrong) as refused:
        main([])

    assert refused.value.where
    assert refused.value.fix
    assert (service / "pyproject.toml").read_text().endswith("# Written meanwhile.\n")
    assert {path.name for path, _ in before.items() ^ read_files(service).items()} == {"pyproject.toml"}


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--framework", "flask"], "--framework cannot change."),
        (["--project-name", "other"], "--project-name cannot change."),
        (["--data", "framework=flask"], "--data framework=flask cannot be used."),
        (["--data", "framework"], "--data framework cannot be used."),
        (["--to", "v9.9.9"], "The template has no v9.9.9."),
        (["--from", "/nowhere"], "The template cannot be reached."),
        (["--server", "gunicorn-sync"], "The server does not fit."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused(service: Path, words: list[str], wrong: str) -> None:
    before = read_files(service)
    with pytest.raises(Refusal) as refused:
        main(words)

    assert refused.value.wrong == wrong
    assert read_files(service) == before


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--server", "bogus"], "There is no such server model."),
        (["--data", "server=bogus"], "There is no such server model."),
        (["--python", "3.13"], "Python 3.13 is not an exact version."),
    ],
    ids=["server", "data", "python"],
)
def test_an_answer_that_no_version_takes_is_refused_before_anything_is_fetched(
    words: list[str], wrong: str, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "fetch_template", lambda *_, **__: pytest.fail("it fetched"))
    with pytest.raises(Refusal) as refused:
        main(words)

    assert refused.value.wrong == wrong
    assert words[-1].rpartition("=")[2] in dict(refused.value.where).values()


def test_a_later_version_may_know_more_server_models() -> None:
    options = parse_words(["--to", "v9", "--server", "bogus"])

    assert read_data(options) == {"server": "bogus"}


def test_a_library_that_is_not_installed_is_named() -> None:
    program = "import sys; sys.modules['yaml'] = None; from lockstep_tool.__main__ import main; sys.exit(main(['update']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "imports yaml   <- not installed" in done.stderr
    assert "uv run noxfile.py -s update" in done.stderr


def read_files(service: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in service.rglob("*") if path.is_file() and ".git" not in path.parts}
