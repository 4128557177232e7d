"""Another server model is another answer: server.toml, the requirement and the lock follow, the team's values stay."""

import shutil
from pathlib import Path

import pytest

from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.update import main
from tiny_template import REPOSITORY, TinyTemplate, commit

DEFINITION = Path("src", "orders_api", "server.toml")


@pytest.fixture(scope="session")
def threads(template: TinyTemplate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that is served by threads."""
    folder = tmp_path_factory.mktemp("threads") / "orders-api"
    return template.copy(folder, framework="flask", server="gunicorn-gthread")


def change(service: Path, old: str, new: str) -> None:
    path = service / DEFINITION
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    commit(service)


def test_the_teams_values_come_along(service: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(service, "drain = { default = 20", "drain = { default = 15")
    code = main(["--server", "gunicorn-asgi", "--without-proofs"])

    assert code == 0
    assert "orders-api: Lockstep stays at v0.1.0; server uvicorn → gunicorn-asgi" in capsys.readouterr().out
    definition = read_definition(service / DEFINITION, {})
    assert definition.model.name == "gunicorn-asgi"
    assert definition.drain == 15
    asked = (REPOSITORY / "questions" / "servers" / "gunicorn-asgi.toml").read_text()
    assert (service / DEFINITION).read_text() == asked.replace("drain = { default = 20", "drain = { default = 15")
    assert '    "gunicorn",\n' in (service / "pyproject.toml").read_text()
    assert 'name = "gunicorn"' in (service / "uv.lock").read_text()
    assert 'name = "uvicorn"' not in (service / "uv.lock").read_text()
    assert "server: gunicorn-asgi\n" in (service / ".copier-answers.yml").read_text()


def test_a_value_that_the_new_model_does_not_have_is_a_conflict_in_words(
    threads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = shutil.copytree(threads, tmp_path / "orders-api", symlinks=True)
    monkeypatch.chdir(service)
    monkeypatch.setenv("UV_OFFLINE", "1")
    change(service, "threads = { default = 8", "threads = { default = 16")
    with pytest.raises(Refusal, match="it needs your hand") as stopped:
        main(["--server", "gunicorn-gevent"])

    said = "src/orders_api/server.toml: the server model gunicorn-gevent has no threads, which you set to 16"
    assert said in " ".join(capsys.readouterr().out.split())
    assert [spot for spot, _ in stopped.value.where] == [str(DEFINITION)]
    assert set(git(service, "diff", "--name-only", "--diff-filter=U").split()) == {str(DEFINITION)}
    text = (service / DEFINITION).read_text()
    assert "threads = { default = 16" in text
    assert "concurrency = { default = 1000" in text
