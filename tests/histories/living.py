"""Two years of a team's edits, as commits: what an update has to leave alone or to merge."""

import re
from pathlib import Path

from history import append, command
from services import Service
from snapshot import git

__all__ = ["live_in"]

SESSIONS = '''\
"""Sessions of our own."""

import nox


@nox.session(default=False)
def backfill(session: nox.Session) -> None:
    """Fill the gaps of last night."""
    session.run("python", "scripts/backfill.py", *session.posargs)
'''
ORDERS = '"""Orders, as the warehouse knows them."""\n\nimport six\n\nSTATES = ("open", "paid", "sent")\nTEXT = six.text_type\n'
OVERRIDE = "services:\n  orders-api:\n    mem_limit: 512m\n"
TABLES = '\n[tool.coverage.run]\nbranch = true\n\n[project.urls]\nRunbook = "https://example.org/runbook"\n'
RELEASE = "name: ours\non: [workflow_dispatch]\njobs: {}\n"


def live_in(service: Service) -> None:
    """Edit, add, delete and reformat, one commit each; `service` is committed before and after."""
    for edit in (application, packages, project, dependencies, server, surroundings, words):
        edit(service)
        git(service.path, "add", "--all")
        git(service.path, "commit", "--quiet", "--message", edit.__name__.capitalize())


def application(service: Service) -> None:
    """A module more with its test, an example deleted, a setting more, a file in another style."""
    package, tests = service.package(), service.path / "tests"
    (package / "orders.py").write_text(ORDERS)
    (tests / "test_orders.py").write_text('"""Orders."""\n')
    (tests / "test_hello.py").unlink()
    settings = package / "settings.py"
    settings.write_text(
        re.sub(r"^    greeting: .*$", r"\g<0>\n    warehouse: str = 'north'", settings.read_text(), flags=re.MULTILINE)
    )
    logs = package / "logs.py"
    logs.write_text(logs.read_text().replace('"', "'").replace("    ", "  "))


def packages(service: Service) -> None:
    """Debian packages of the image, and a line that explained them is gone."""
    append(service.path / "packages" / "runtime.txt", "libpq5\n")
    (service.path / "packages" / "build.txt").write_text("libpq-dev\n")


def project(service: Service) -> None:
    """Version, description and tables of their own."""
    path = service.path / "pyproject.toml"
    text = re.sub(r'(?m)^version = ".*"$', 'version = "2.7.1"', path.read_text())
    path.write_text(re.sub(r"(?m)^description = .*$", 'description = "Takes orders, and keeps them."', text) + TABLES)


def dependencies(service: Service) -> None:
    """Requirements of their own, for production and for tests."""
    command(service.path, "uv", "add", "--no-sync", "six", "wcwidth")
    command(service.path, "uv", "add", "--no-sync", "--group", "tests", "iniconfig")


def server(service: Service) -> None:
    """Numbers that a load test found."""
    path = service.package() / "server.toml"
    text = re.sub(r"(?m)^drain = \{ default = \d+", "drain = { default = 25", path.read_text())
    path.write_text(re.sub(r"(?m)^grace = \{ default = \d+", "grace = { default = 40", text))


def surroundings(service: Service) -> None:
    """Sessions, scripts, an override beside Lockstep's deploy files, a workflow beside Lockstep's, ignored files."""
    for name, text in {
        "nox_local.py": SESSIONS,
        "scripts/backfill.py": '"""Last night\'s gaps."""\n',
        "deploy/compose.override.yaml": OVERRIDE,
        ".github/workflows/ours.yml": RELEASE,
        "CODEOWNERS": "* @orders\n",
    }.items():
        (service.path / name).parent.mkdir(parents=True, exist_ok=True)
        (service.path / name).write_text(text)
    append(service.path / ".gitignore", "/exports/\n*.parquet\n")
    append(service.path / "ruff.toml", 'lint.ignore = ["S101"] # asserts are how we say it\n')
    append(service.path / ".env.example", "ORDERS_API_WAREHOUSE=south\n")


def words(service: Service) -> None:
    """A README of their own, a runbook, a page that nobody read."""
    (service.path / "README.md").write_text("# Orders\n\nAsk in #orders before you deploy.\n")
    (service.path / "docs" / "runbook.md").write_text("# Runbook\n\nRestart it.\n")
    Path(service.path, "docs", "operating.md").unlink()
