#!/usr/bin/env -S uv run --locked --script
# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = ["nox>=2026.10.20"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""The template, every service it can make, and their updates."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
TESTS = ("uv", "run", "--locked", "--project", str(ROOT / "tests"))
LOCKSTEP = ("uv", "run", "--locked", "--project", str(ROOT / "lockstep"))

os.environ.pop("VIRTUAL_ENV", None)  # nox's own; uv would warn that it is another one
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of thousands of processes would compile what it imports
nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "none"  # tests/ and lockstep/ are locked uv projects
nox.options.error_on_external_run = False


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style of all Python, before any rendering; `-- --fix` repairs."""
    session.run(*LOCKSTEP, "ruff", "check", *session.posargs)
    session.run(*LOCKSTEP, "ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of Lockstep's two distributions, and of what tests the template."""
    with subprocess.Popen([*LOCKSTEP, "mypy", *session.posargs], cwd=ROOT / "lockstep") as distributions:  # side by side
        session.run(*TESTS, "mypy", "--config-file", "tests/pyproject.toml", *session.posargs)
    if distributions.returncode:
        session.error("lockstep: see above")


@nox.session
def wheels(session: nox.Session) -> None:
    """Prove that the wheels in the template are what the sources give; `-- --write` builds them anew."""
    write = "--write" in session.posargs
    session.run(sys.executable, "locks/wheels.py", *([] if write else ["--check"]))
    session.run("uv", "run", "--quiet", "--locked", "--script", "locks/generate.py", *([] if write else ["--check"]))


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Prove that the reference pages say what there is, as one of the tests does; `-- --write` rewrites them."""
    session.run(*TESTS, "python", "-m", "reference", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def units(session: nox.Session) -> None:
    """Test lockstep-serve and lockstep-tool where they lie; `-- -k WORD` chooses."""
    with session.chdir("lockstep"):
        session.run(*LOCKSTEP, "pytest", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Render services, run their commands, update them; `-- -k WORD` chooses."""
    session.run(*TESTS, "pytest", *session.posargs)


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Build the documentation as a site in build/site; a broken link or a page that no link leads to fails."""
    session.run("uv", "run", "--quiet", "--locked", "--script", "tests/build_site.py", *session.posargs)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Make a service in `-- FOLDER` with an interpreter of this machine, and run its one command."""
    folder = Path(session.posargs[0] if session.posargs else "../hello-service").resolve()
    answers = ["--defaults", "--data", f"python={platform.python_version()}"]
    session.run(*TESTS, "copier", "copy", *answers, *session.posargs[1:], "--vcs-ref", "HEAD", str(ROOT), str(folder))
    with session.chdir(folder):
        session.run("uv", "run", "--locked", "noxfile.py")
    session.run(*TESTS, "python", "-m", "farewell", str(folder), env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def bases(session: nox.Session) -> None:
    """Make base images where no registry is in reach, and print what to export; `-- COMMAND` runs it with them."""
    session.run(*TESTS, "python", "-m", "bases", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def relock(session: nox.Session) -> None:
    """Remake the lock that services are born with; `-- --upgrade` moves it."""
    session.run("uv", "run", "--locked", "--script", "locks/generate.py", *session.posargs)


@nox.session(default=False)
def outdated(session: nox.Session) -> None:
    """Name the packages services are born with that are older than the cool-down asks; it needs the index."""
    session.run("uv", "run", "--quiet", "--locked", "--script", "locks/generate.py", "--outdated")


@nox.session(default=False)
def adopt(session: nox.Session) -> None:
    """Bring an existing service: `-- PATH` says what would change, `-- PATH --write` does it."""
    session.run(
        *TESTS,
        *("python", "-m", "adopting", *session.posargs),
        env={"PYTHONPATH": str(ROOT / "locks")},
        interrupt_timeout=None,  # Ctrl-C reaches it, and it takes back what it wrote, however long that takes
    )


@nox.session(default=False)
def adoptions(session: nox.Session) -> None:
    """Adopt services of every kind to the end, and update them; `-- --public PATH …` does so with clones of others."""
    session.run(*TESTS, "python", "-m", "adoptions", *session.posargs, env={"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'locks'}"})


@nox.session(default=False)
def check(session: nox.Session) -> None:
    """Look at any repositories, read only: `-- PATH …`; which checks hold there."""
    session.run(*LOCKSTEP, "lockstep", "check", *session.posargs)


@nox.session(default=False)
def check_bench(session: nox.Session) -> None:
    """Measure `check` over `-- 200` rendered services: seconds for each, growth, processors used."""
    session.run(*TESTS, "python", "-m", "check_bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def update_bench(session: nox.Session) -> None:
    """Measure `update --preview` beside bare `copier update`, in turns: `-- 5` rounds."""
    session.run(*TESTS, "python", "-m", "update_bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def histories(session: nox.Session) -> None:
    """Update services of every earlier version, and live random histories; `-- random --count 20 --seed 1` chooses."""
    session.run(*TESTS, "python", "-m", "histories", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Check everything, gather the notes, commit and tag `-- v1.2.0`; `-- --notes` only shows them. Nothing is pushed."""
    session.run(*TESTS, "python", "-m", "release", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure birth, the one command, the fingerprint and the image, each beside what it is compared with."""
    session.run(*TESTS, "python", "-m", "bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def every_model(session: nox.Session) -> None:
    """Put every framework with every server model through the whole one command, image and parity included: -- [-k WORD]."""
    session.run(*TESTS, "python", "-m", "every_model", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Plant each fault and see the right gate name it; `-- --write` keeps the table, `-- --good 200` looks for false alarms."""
    session.run(*TESTS, "python", "-m", "faults", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def engines(session: nox.Session) -> None:
    """Build one service by each engine that is promised, twice, and compare; `-- --write` keeps the page."""
    session.run(*TESTS, "python", "-m", "engines", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def targets(session: nox.Session) -> None:
    """Run services where they really run: `-- [NAME …]` of them, or all; `-- --write` keeps their rows."""
    session.run(*TESTS, "python", "-m", "targets", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def images(session: nox.Session) -> None:
    """Build a service by this Dockerfile and by those that people take instead, side by side; `-- --write` keeps the page."""
    session.run(*TESTS, "python", "-m", "image_bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def models(session: nox.Session) -> None:
    """Measure every server model beside bare servers, and what a service costs over them; `-- --write` keeps the pages."""
    session.run("uv", "run", "--quiet", "--locked", "--script", "tests/model_bench.py", *session.posargs)


@nox.session(default=False)
def serving(session: nox.Session) -> None:
    """Measure requests, restarts and ends of services beside bare servers: `-- [PART …]`; `--write` keeps the page."""
    session.run("uv", "run", "--quiet", "--locked", "--script", "tests/serving_bench.py", *session.posargs)


if __name__ == "__main__":
    nox.main()
