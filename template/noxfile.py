#!/usr/bin/env -S uv run --locked --script
# Lockstep's: the menu of this service. Your own sessions go to nox_local.py. Change it by `copier update`, not by hand.
# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["nox>=2026.10.20"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""What passes here passes in CI and runs in production."""

import os
import runpy
import sys
from importlib.metadata import version
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "src"))

from lockstep import environment, runtime  # noqa: E402 -- found only now
from lockstep.__main__ import main  # noqa: E402
from lockstep.errors import COULD_NOT_LOOK, Refusal  # noqa: E402
from lockstep.stand_ins import RUN, stand_ins, this_run  # noqa: E402

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "none"  # environments come from the lock, below .nox/
nox.options.error_on_external_run = False  # nothing is installed by nox, so every command is one


def lockstep(session: nox.Session, *words: str) -> None:
    """Run a command of the environment tool; what cannot be looked at fails in CI and is skipped, aloud, elsewhere."""
    code = main([*words, *session.posargs])
    if code == COULD_NOT_LOOK and not os.environ.get("CI"):
        session.skip("not looked at, see above")
    if code == COULD_NOT_LOOK:
        session.error("not looked at, see above: in CI that is not green")
    if code:
        session.error(f"{words[0]} failed, see above")


def production(session: nox.Session) -> str:
    """The interpreter of the production set, equal to the lock."""
    return sync(session, "production", "--no-editable")


def checks(session: nox.Session) -> str:
    """The interpreter of the production set with the tools that check it; the service is in it as a wheel."""
    return sync(session, "checks", "--no-editable", "--group", "dev")


def sync(session: nox.Session, name: str, *arguments: str) -> str:
    """Make `.nox/<name>` equal to the lock."""
    try:
        return str(environment.sync(ROOT, name, *arguments))
    except Refusal as refusal:
        session.error(str(refusal).removesuffix("."))


def settings(session: nox.Session) -> dict[str, str]:
    """What a command that imports the service is given: the interpreter's settings, and stand-ins for its secrets."""
    try:
        made_up = stand_ins(ROOT)
    except Refusal as refusal:
        session.error(str(refusal).removesuffix("."))
    if made_up:
        session.log(f"not set, so random in this run: {', '.join(made_up)}")
    return {**runtime.SETTINGS, **made_up, RUN: this_run()}


@nox.session
def lock(session: nox.Session) -> None:
    """Prove that uv.lock answers pyproject.toml and is what uv would have written; `-- --registry` asks the index."""
    lockstep(session, "lock")


@nox.session
def pins(session: nox.Session) -> None:
    """Prove that all that is stated twice agrees; `-- --fix` repairs, `-- --refresh` moves digests and commits."""
    lockstep(session, "pins", "--nox", version("nox"))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format; `-- --fix` repairs."""
    ruff = str(Path(checks(session)).with_name("ruff"))
    session.run(ruff, "check", *session.posargs)
    session.run(ruff, "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.run(checks(session), "-m", "mypy", *session.posargs, env=settings(session))


@nox.session
def tests(session: nox.Session) -> None:
    """Test the installed wheel, not the checkout; `-- --in-image`: by the image's interpreter, with its packages."""
    if "--in-image" in session.posargs:
        lockstep(session, "in-image", "--")
        return
    session.run(checks(session), "-m", "pytest", *session.posargs, env=settings(session))


@nox.session
def prove(session: nox.Session) -> None:
    """Boot the production server from the production set and see it serve and drain."""
    session.run(production(session), "-m", "lockstep", "prove", *session.posargs, env=settings(session))


@nox.session
def image(session: nox.Session) -> None:
    """Build the production image and hold it to its contract; `-- --twice`: and build it again, bit by bit the same."""
    lockstep(session, "image")


@nox.session
def parity(session: nox.Session) -> None:
    """Compare this machine, the image and the promise; `-- FILE.json`, an image, `container:ID`: another place."""
    lockstep(session, "parity")


@nox.session(default=False)
def fingerprint(session: nox.Session) -> None:
    """Keep what this commit's production set is, to ask later what changed: `-- release-1.4.json`."""
    if not session.posargs:
        session.error("say where to keep it, for instance: uv run noxfile.py -s fingerprint -- release-1.4.json")
    lockstep(session, "fingerprint")


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Serve as production does, on $PORT or 8000."""
    session.run(production(session), "-m", "lockstep", "serve", *session.posargs, env=settings(session))


@nox.session(default=False)
def dev(session: nox.Session) -> None:
    """Serve with the same server, and start again when a source file changes."""
    python = sync(session, "dev")  # the checkout itself, not a wheel of it
    session.run(python, "-m", "lockstep", "serve", "--reload", *session.posargs, env=settings(session))


@nox.session(default=False)
def relock(session: nox.Session) -> None:
    """Bring uv.lock back to pyproject.toml, also after an update left it in conflict."""
    lockstep(session, "relock")


@nox.session(default=False)
def upgrade(session: nox.Session) -> None:
    """Move the packages to the newest that are old enough; `-- -P NAME`: one; `-- --uv X --python Y`: these, too."""
    lockstep(session, "upgrade")


@nox.session(default=False)
def update(session: nox.Session) -> None:
    """Move to the newest template, or to other answers: `-- --preview` only shows, `-- --server NAME` switches."""
    session.run("uv", "run", "--quiet", "--locked", "--script", str(ROOT / "updating" / "update.py"), *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure every server model that fits, side by side; `-- restarts`: count what each restart loses."""
    if session.posargs[:1] == ["restarts"]:
        session.run(production(session), "-m", "lockstep", *session.posargs, env=settings(session))
    else:
        session.run("uv", "run", "--quiet", "--locked", "--script", str(ROOT / "bench.py"), *session.posargs)


@nox.session(default=False)
def sbom(session: nox.Session) -> None:
    """Write what the lock promises and what the image holds as CycloneDX, and compare the two."""
    lockstep(session, "sbom")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Ask a vulnerability service about the production set; `-- --all`: about the tools of developers, too."""
    lockstep(session, "audit")


@nox.session(default=False)
def detach(session: nox.Session) -> None:
    """Leave the template: what only updates need goes, everything else stays and works."""
    session.run(sys.executable, "-B", str(ROOT / "updating" / "detaching.py"), *session.posargs)


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the image of this commit as `-- registry.example.org/team/NAME`, and say by which digest it is known."""
    lockstep(session, "publish")


@nox.session(default=False)
def explain(session: nox.Session) -> None:
    """Say what a facet is and when a difference is allowed: `-- bytes`."""
    lockstep(session, "explain")


# Yours: sessions in nox_local.py appear in this menu.
if (ROOT / "nox_local.py").exists():
    runpy.run_path(str(ROOT / "nox_local.py"))  # not an import: nox reads this file twice, and an import happens once

if __name__ == "__main__":
    nox.main()
