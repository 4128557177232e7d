"""Another server model is another answer: files switch, the lock follows, what the team wrote stays."""

import subprocess
from pathlib import Path

import pytest

from conftest import Render, committed
from history import command
from services import Service
from snapshot import Template, git

SWITCHES = {
    "flask from threads to greenlets": ("flask", "gunicorn-gthread", "gunicorn-gevent"),
    "fastapi from one process to several": ("fastapi", "uvicorn", "gunicorn-asgi"),
    "fastapi from uvicorn's manager to gunicorn's": ("fastapi", "uvicorn-workers", "gunicorn-uvicorn"),
    "django from WSGI to ASGI": ("django", "gunicorn-gthread", "uvicorn"),
}
OURS = "\n\nOURS = 'what the team wrote'\n"


def answers(framework: str, server: str) -> dict[str, object]:
    return {"project_name": "orders-api", "framework": framework, "server": server, "ci": "none"}


def tool(service: Service) -> set[str]:
    return {path.name for path in (service.path / "src" / "lockstep").rglob("*.py")}


def switched(template: Template, service: Service, server: str) -> subprocess.CompletedProcess[str]:
    done = template.update(service.path, f"--data=server={server}", "--vcs-ref=:current:")
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_service_becomes_what_it_would_have_been_and_keeps_what_the_team_wrote(
    switch: str, template: Template, render: Render
) -> None:
    framework, before, after = SWITCHES[switch]
    service, other = committed(render(answers(framework, before))), committed(render(answers(framework, after)))
    hello = service.package() / "hello.py"
    hello.write_text(hello.read_text() + OURS)
    service.edit(f"src/{service.package().name}/server.toml", "drain = { default = 20", "drain = { default = 15")
    git(service.path, "commit", "--quiet", "--all", "--message", "Ours")
    switched(template, service, after)

    assert not git(service.path, "diff", "--name-only", "--diff-filter=U")
    assert tool(service) == tool(other)
    assert hello.read_text().endswith(OURS)
    definition = (service.package() / "server.toml").read_text()
    assert "drain = { default = 15" in definition
    assert definition.replace("drain = { default = 15", "drain = { default = 20") == (other.package() / "server.toml").read_text()
    relocked = service.nox("relock")
    assert relocked.returncode == 0, relocked.stdout
    assert (service.path / "uv.lock").read_bytes() == (other.path / "uv.lock").read_bytes()
    proved = service.nox("lock", "pins", "prove")
    assert proved.returncode == 0, proved.stdout


def test_a_requirement_of_the_team_stays_where_the_lock_merges_into_what_uv_cannot_read(
    template: Template, render: Render
) -> None:
    """Both sides changed the root's list: the service's side names uvicorn, whose block the other side took away."""
    service = committed(render(answers("fastapi", "uvicorn")))
    command(service.path, "uv", "add", "--no-sync", "six")
    git(service.path, "commit", "--quiet", "--all", "--message", "Ours")
    switched(template, service, "gunicorn-asgi")
    assert git(service.path, "diff", "--name-only", "--diff-filter=U").split() == ["uv.lock"]
    relocked = service.lockstep("relock")

    assert relocked.returncode == 0, relocked.stdout
    assert "the template's lines taken" in relocked.stdout
    command(service.path, "uv", "lock", "--check", "--offline")
    assert 'name = "six"' in (service.path / "uv.lock").read_text()


def test_a_value_that_the_new_model_does_not_have_is_a_conflict_and_not_lost(template: Template, render: Render) -> None:
    service = committed(render(answers("flask", "gunicorn-gthread")))
    definition = service.package() / "server.toml"
    service.edit(str(definition.relative_to(service.path)), "threads = { default = 8", "threads = { default = 16")
    git(service.path, "commit", "--quiet", "--all", "--message", "Ours")
    switched(template, service, "gunicorn-gevent")

    assert git(service.path, "diff", "--name-only", "--diff-filter=U").split() == ["src/orders_api/server.toml"]
    assert "threads = { default = 16" in definition.read_text()
    assert "concurrency = { default = 1000" in definition.read_text()


def test_a_model_that_does_not_fit_is_refused_and_nothing_changes(template: Template, render: Render, tmp_path: Path) -> None:
    service = committed(render(answers("flask", "gunicorn-gthread")))
    done = template.update(service.path, "--data=server=uvicorn", "--vcs-ref=:current:")

    assert done.returncode != 0
    assert "The server does not fit the framework." in done.stderr
    assert not git(service.path, "status", "--porcelain")
