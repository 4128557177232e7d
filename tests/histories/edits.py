"""What a team does to its service, one small act each; `n` makes the lines of one act its own."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from history import append, command
from services import Service

__all__ = ["EDITS"]

PACKAGES = ("six", "wcwidth", "iniconfig", "colorama")


def adds_a_module(service: Service, n: int) -> None:
    (service.package() / f"area_{n}.py").write_text(f'"""Area {n}."""\n\nSIZE = {n}\n')


def adds_a_test(service: Service, n: int) -> None:
    (service.path / "tests" / f"test_area_{n}.py").write_text(f'"""Area {n}."""\n')


def renames_a_module(service: Service, n: int) -> None:
    for path in sorted(service.package().glob("area_*.py"))[:1]:
        path.rename(path.with_name(f"field_{n}.py"))


def edits_its_application(service: Service, n: int) -> None:
    append(service.package() / "hello.py", f"\n\nWORD_{n} = {n}\n")


def reformats_a_file(service: Service, n: int) -> None:
    path = service.package() / "logs.py"
    path.write_text(path.read_text().replace("    ", " " * (n % 3 + 1)))


def deletes_a_seed(service: Service, n: int) -> None:
    seeds = sorted([*service.path.glob("tests/test_*.py"), *service.path.glob("docs/*.md")])
    for path in seeds[n % (len(seeds) or 1) :][:1]:
        path.unlink()


def rewrites_the_readme(service: Service, n: int) -> None:
    (service.path / "README.md").write_text(f"# Ours, edition {n}\n\nAsk us.\n")


def notes_how_to_operate_it(service: Service, n: int) -> None:
    path = service.path / "docs" / "operating.md"
    if path.exists():
        append(path, f"\n## Our rule {n}\n\nAsk before you restart.\n")


def moves_its_version(service: Service, n: int) -> None:
    replace_line(service.path / "pyproject.toml", r'(?m)^version = ".*"$', f'version = "{n}.1.0"')


def describes_it_anew(service: Service, n: int) -> None:
    replace_line(service.path / "pyproject.toml", r"(?m)^description = .*$", f'description = "Ours, for the {n}th time."')


def adds_a_requirement(service: Service, n: int) -> None:
    command(service.path, "uv", "add", "--no-sync", PACKAGES[n % len(PACKAGES)])


def adds_a_requirement_of_its_tests(service: Service, n: int) -> None:
    command(service.path, "uv", "add", "--no-sync", "--group", "tests", PACKAGES[n % len(PACKAGES)])


def adds_a_table(service: Service, n: int) -> None:
    append(service.path / "pyproject.toml", f'\n[tool.ours-{n}]\nkind = "{n}"\n')


def asks_for_another_path(service: Service, n: int) -> None:
    replace_line(service.path / "pyproject.toml", r"(?m)^requests = .*$", f'requests = ["/", "/area/{n}"]')


def sets_the_drain(service: Service, n: int) -> None:
    replace_line(service.package() / "server.toml", r"(?m)^drain = \{ default = \d+", f"drain = {{ default = {n % 5 + 14}")


def sets_the_port(service: Service, n: int) -> None:
    replace_line(service.package() / "server.toml", r"(?m)^port = \{ default = \d+", f"port = {{ default = {n + 8001}")


def opens_a_pool(service: Service, n: int) -> None:
    path = service.package() / "worker.py"
    path.write_text(re.sub(r"(?m)^    yield$", f'    pool = "{n}"\n    yield\n    del pool', path.read_text()))


def ignores_files(service: Service, n: int) -> None:
    append(service.path / ".gitignore", f"/exports-{n}/\n")


def needs_a_debian_package(service: Service, n: int) -> None:
    append(service.path / "packages" / "runtime.txt", f"libours{n}\n")


def adds_a_session(service: Service, n: int) -> None:
    path = service.path / "nox_local.py"
    text = path.read_text() if path.exists() else '"""Ours."""\n\nimport nox\n'
    path.write_text(f'{text}\n\n@nox.session(default=False)\ndef ours_{n}(session: nox.Session) -> None:\n    """Do."""\n')


def puts_a_file_beside_locksteps(service: Service, n: int) -> None:
    for name in (f"deploy/ours-{n}.yaml", f".github/workflows/ours-{n}.yml", f".lockstep/ours-{n}.txt"):
        (service.path / name).parent.mkdir(parents=True, exist_ok=True)
        (service.path / name).write_text(f"ours: {n}\n")


def replace_line(path: Path, pattern: str, text: str) -> None:
    """One line; where the team has deleted it, nothing happens."""
    path.write_text(re.sub(pattern, text, path.read_text(), count=1))


EDITS: Mapping[str, Callable[[Service, int], None]] = {
    edit.__name__.replace("_", " "): edit
    for edit in (
        adds_a_module,
        adds_a_test,
        renames_a_module,
        edits_its_application,
        reformats_a_file,
        deletes_a_seed,
        rewrites_the_readme,
        notes_how_to_operate_it,
        moves_its_version,
        describes_it_anew,
        adds_a_requirement,
        adds_a_requirement_of_its_tests,
        adds_a_table,
        asks_for_another_path,
        sets_the_drain,
        sets_the_port,
        opens_a_pool,
        ignores_files,
        needs_a_debian_package,
        adds_a_session,
        puts_a_file_beside_locksteps,
    )
}
