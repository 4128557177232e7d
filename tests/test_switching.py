"""Another server model is another answer: server.toml and the lock follow, what the team wrote stays, and the service holds."""

from pathlib import Path

import pytest

from conftest import Render, committed
from history import command
from services import Service
from snapshot import Template, git

SWITCHES = {
    "flask from threads to greenlets": ("flask", "gunicorn-gthread", "gunicorn-gevent"),
    "fastapi from one process to several": ("fastapi", "uvicorn", "gunicorn-uvicorn"),
    "django from WSGI to ASGI": ("django", "gunicorn-gthread", "uvicorn"),
}
PROVED = "django from WSGI to ASGI"  # the others become, byte for byte, what other tests prove
OURS = "\n\nOURS = 'what the team wrote'\n"


def answers(framework: str, server: str) -> dict[str, object]:
    return {"project_name": "orders-api", "framework": framework, "server": server, "ci": "none"}


def copy_of(rendered: Path, folder: Path) -> Service:
    """A copy to be changed, without an engine."""
    return Service(committed(rendered).copy(folder).path, {"LOCKSTEP_ENGINE": "none", "CI": ""})


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_service_becomes_what_it_would_have_been_and_keeps_what_the_team_wrote(
    switch: str, render: Render, tmp_path: Path
) -> None:
    framework, before, after = SWITCHES[switch]
    service = copy_of(render(answers(framework, before)), tmp_path / "service")
    other = committed(render(answers(framework, after)))
    hello = service.package() / "hello.py"
    hello.write_text(hello.read_text() + OURS)
    service.edit(f"src/{service.package().name}/server.toml", "drain = { default = 20", "drain = { default = 15")
    (service.path / "nox_local.py").write_text('import nox\n\nnox.options.sessions = ["lock", "pins", "prove"]\n')
    git(service.path, "add", "--all")
    git(service.path, "commit", "--quiet", "--message", "Ours")

    proved = switch == PROVED
    done = service.lockstep("update", "--server", after, *([] if proved else ["--without-proofs"]))

    assert done.returncode == 0, done.stdout
    assert f"Lockstep stays at v0.1.0; server {before} → {after}" in done.stdout
    assert ("It holds." in done.stdout) is proved
    assert hello.read_text().endswith(OURS)
    definition = (service.package() / "server.toml").read_text()
    assert "drain = { default = 15" in definition
    assert definition.replace("drain = { default = 15", "drain = { default = 20") == (other.package() / "server.toml").read_text()
    for name in ("uv.lock", "pyproject.toml", "deploy/compose.yaml", "deploy/nginx.conf"):
        assert (service.path / name).exists() == (other.path / name).exists()
        assert not (other.path / name).exists() or (service.path / name).read_bytes() == (other.path / name).read_bytes()


def test_a_requirement_of_the_team_stays_where_the_lock_merges_into_what_uv_cannot_read(
    template: Template, render: Render, tmp_path: Path
) -> None:
    """Both sides changed the root's list: the service's side names uvicorn, whose block the other side took away."""
    service = copy_of(render(answers("fastapi", "uvicorn")), tmp_path / "service")
    command(service.path, "uv", "add", "--no-sync", "six")
    git(service.path, "commit", "--quiet", "--all", "--message", "Ours")
    done = template.update(service.path, "--data=server=gunicorn-asgi", "--vcs-ref=:current:")
    assert done.returncode == 0, done.stderr
    assert git(service.path, "diff", "--name-only", "--diff-filter=U").split() == ["uv.lock"]
    relocked = service.lockstep("relock")

    assert relocked.returncode == 0, relocked.stdout
    assert "the template's lines taken" in relocked.stdout
    command(service.path, "uv", "lock", "--check", "--offline")
    assert 'name = "six"' in (service.path / "uv.lock").read_text()
