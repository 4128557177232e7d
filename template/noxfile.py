#!/usr/bin/env -S uv run --locked --script
# Lockstep's: the menu of this service. Your own sessions go to nox_local.py. Change it by `-s update`, not by hand.
# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = ["nox>=2026.10.20"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""What passes here passes in CI and runs in production."""

import os
import sys

# Last, so that a file beside this one, such as nox.py, takes the place of nothing that is imported here.
sys.path.sort(key=lambda entry: os.path.realpath(entry or ".") == os.path.dirname(os.path.realpath(__file__)))

import fcntl
import hashlib
import re
import runpy
import shutil
import signal
import subprocess
import textwrap
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nox
from nox import registry

ROOT = Path(__file__).parent
TOOL = ROOT / ".lockstep"
COULD_NOT_LOOK = 2  # an exit code of the tool
RESTORE = "Run `git checkout -- .lockstep`."
# What reading a file raises that holds something else.
BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError)
# uv's variables that say how it reaches things. Others could move what is installed, and are not passed on.
REACHING = (
    r"UV_((NO_)?CACHE\w*|OFFLINE|HTTP_\w+|\w*TLS|SYSTEM_CERTS|INSECURE_HOST|KEYRING_\w+|CONCURRENT_\w+|INDEX_\w+_\w+)"
)

# What `-l` shows, in groups; whatever else there is, is yours.
MENU = {
    "What CI runs, and plain `uv run --locked noxfile.py`": "lock pins lint types tests prove image parity",
    "Every day": "dev serve test fmt check",
    "Keep it moving": "relock upgrade update",
    "Look closer": "explain bench restarts audit sbom fingerprint",
    "Release, or leave": "publish detach",
}

nox.options.default_venv_backend = "none"  # environments come from the locks, below .nox/
nox.options.error_on_external_run = False  # nothing is installed by nox, so every command is one

if tuple(map(int, version("nox").split(".")[:2])) < (2026, 10):
    sys.exit(
        "This nox is too old.\n\n"
        f"  noxfile.py   nox>=2026.10.20\n  running      {version('nox')}\n\n"
        "Run `uv run noxfile.py`, which takes the locked one."
    )


def locked_for() -> object:
    """The settings that noxfile.py.lock was made for; None where that cannot be said."""
    try:
        options = tomllib.loads((ROOT / "noxfile.py.lock").read_text(encoding="utf-8"))["options"]
    except (OSError, ValueError, KeyError):
        return None
    return {name: value for name, value in options.items() if name != "exclude-newer"}  # beside a span it says nothing


# UV_EXCLUDE_NEWER or UV_RESOLUTION in the environment, without `--locked`, makes uv write the lock anew for those.
if locked_for() != {"exclude-newer-span": "P7D"}:
    sys.exit(
        "The lock of this menu was not made for it.\n\n"
        '  noxfile.py        exclude-newer = "7 days"\n  noxfile.py.lock   [options]   <- differs\n\n'
        "Run `git checkout noxfile.py.lock`, and from then on `uv run --locked noxfile.py`."
    )


def lockstep(session: nox.Session, *words: str, extra: str = "") -> None:
    """Run a command of the tool. What cannot be looked at fails in CI and where it was named; else it is skipped."""
    command = [program(session, extra), *words, *session.posargs]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the tool can take Ctrl-C, and unblocks it
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()  # it ends the servers that it has started
        raise
    if code == COULD_NOT_LOOK and not os.environ.get("CI") and not session.posargs:
        session.skip("not looked at, see above")
    if code == COULD_NOT_LOOK:
        session.error("not looked at, see above: that is not green")
    if code:
        session.error("failed, see above")


def program(session: nox.Session, extra: str) -> str:
    """The tool, installed from `.lockstep/` into an environment of its own."""
    wrong = missing_parts() or unreadable_indexes() or changed_wheels() or foreign_files() or unbuilt(extra)
    if wrong:
        session.error(wrong.removesuffix("."))  # nox ends it with one
    return str(environment(extra) / "bin" / "lockstep")


def environment(extra: str) -> Path:
    return ROOT / ".nox" / f"lockstep{'-' * bool(extra)}{extra}"


def missing_parts() -> str:
    """What the tool cannot be installed without, in three parts; empty when all of it is there."""
    names = (".lockstep/pyproject.toml", ".lockstep/ruff.toml", ".lockstep/uv.lock", "uv.toml")
    if lost := [name for name in names if not (ROOT / name).is_file()]:
        rows = "\n".join(f"  {name}   missing" for name in lost)
        return f"Files of the tool are missing.\n\n{rows}\n\nRun `git checkout -- {' '.join(lost)}`."
    if shutil.which("uv") is None:
        return "uv is not on the search path.\n\n  PATH   has no uv\n\nInstall it: `pipx install uv`."
    return ""


@cache
def indexes() -> list[str]:
    """uv's words for the indexes of `uv.toml`."""
    found = tomllib.loads((ROOT / "uv.toml").read_text(encoding="utf-8")).get("index", ())
    return [word for one in found for word in ("--default-index" if one.get("default") else "--index", one["url"])]


def unreadable_indexes() -> str:
    """What is wrong with `uv.toml`, in three parts; empty when it says where packages come from."""
    try:
        indexes()
    except BROKEN as error:
        return (
            f"The settings of uv cannot be read.\n\n  uv.toml   {error}\n\nMend it, or run `git checkout -- uv.toml`."
        )
    return ""


@cache
def locked_packages() -> list[dict[str, Any]]:
    """The packages of the tool's lock."""
    packages: list[dict[str, Any]] = tomllib.loads((TOOL / "uv.lock").read_text(encoding="utf-8"))["package"]
    return packages


@cache
def changed_wheels() -> str:
    """What is wrong with the files in `.lockstep/`, in three parts; empty when they are those that are locked."""
    try:
        wheels = {p["source"]["path"]: p["wheels"][0]["hash"] for p in locked_packages() if "path" in p["source"]}
    except BROKEN as error:
        told = error if isinstance(error, (OSError, ValueError)) else "is no lock of uv's"
        return f"The tool's lock cannot be read.\n\n  .lockstep/uv.lock   {told}\n\n{RESTORE}"
    for name, locked in wheels.items():
        try:
            found = f"sha256:{hashlib.sha256((TOOL / name).read_bytes()).hexdigest()}"
        except OSError:
            found = "missing"
        if found != locked:
            rows = f"  .lockstep/{name}\n    {found[:23]}   <- differs\n  .lockstep/uv.lock\n    {locked[:23]}"
            return f"A wheel of the tool is not the one that is locked.\n\n{rows}\n\n{RESTORE}"
    return ""


@cache
def foreign_files() -> str:
    """What the tool's lock takes from elsewhere, in three parts; empty when all is from the indexes, with its hash.

    Judged before anything of it is installed: what judges the rest of a lock is installed from this one.
    """
    packages = locked_packages()
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        hosts = [f"https://{host}" for host in project["tool"]["lockstep"]["file-hosts"]]
    except BROKEN:  # the tool says it better
        hosts = []
    stated = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("noxfile.py.lock", "uv.toml"))
    known = {*re.findall(r'"(https?://[^/"]+)', stated), *hosts}
    strange = [f"{p['name']} {p['source']}" for p in packages if not {"registry", "path", "virtual"} & {*p["source"]}]
    for file in (file for p in packages for file in [*p.get("wheels", ()), *([p["sdist"]] if "sdist" in p else [])]):
        url, hashed = str(file.get("url", "")), str(file.get("hash")).startswith("sha256:")
        if not hashed or ("filename" not in file and "/".join(url.split("/")[:3]) not in known):
            strange.append(url or str(file))
    if not strange:
        return ""
    rows = "\n".join(f"  .lockstep/uv.lock   {one}   <- from no index" for one in strange[:3])
    return f"The tool's lock has what comes from elsewhere.\n\n{rows}\n\n{RESTORE}"


@cache
def unbuilt(extra: str) -> str:
    """Make the tool's environment equal to its lock; why that cannot be done, in three parts, or nothing.

    One session at a time: another would take away what this one makes.
    """
    environment(extra).parent.mkdir(exist_ok=True)
    with (environment(extra).parent / "making.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another session, which makes the tool's environment …", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        return unsynchronized(extra)


def unsynchronized(extra: str) -> str:
    """As `unbuilt`. It is made anew for another lock: uv would keep a package of the same name and version."""
    lock = hashlib.sha256((TOOL / "uv.lock").read_bytes()).hexdigest()
    made_from = environment(extra) / "lock.sha256"
    if made_from.parent.exists() and not (made_from.is_file() and made_from.read_text() == lock):
        shutil.rmtree(made_from.parent, ignore_errors=True)
    if not environment(extra).exists():
        print(f"building {environment(extra).relative_to(ROOT)} from .lockstep/uv.lock …", flush=True)
    command = ["uv", "sync", "--locked", "--no-progress", "--project", str(TOOL), "--python", sys.executable]
    command += [*indexes(), *(["--extra", extra] if extra else [])]
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith("UV_") or re.fullmatch(REACHING, name)
    }
    settings["UV_PROJECT_ENVIRONMENT"] = str(environment(extra))
    settings.pop("VIRTUAL_ENV", None)  # the one nox runs in
    done = subprocess.run(command, capture_output=True, text=True, env=settings, check=False)
    if not done.returncode:
        made_from.write_text(lock)
        return ""
    told = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(told) if "rror" in line or "ailed" in line), 0)
    rows = "\n".join(f"  uv sync   {line}" for line in told[first : first + 4])
    fix = "Connect and run this again; what is cached is not fetched twice."
    if "needs to be updated" in done.stderr or "parse" in done.stderr or "Hash mismatch" in done.stderr:
        fix = RESTORE
    return f"The tool's environment cannot be made from .lockstep/uv.lock.\n\n{rows}\n\n{fix}"


@nox.session
def lock(session: nox.Session) -> None:
    """Judge uv.lock: fresh, honest, old enough."""
    lockstep(session, "lock")


@nox.session
def pins(session: nox.Session) -> None:
    """Compare whatever is stated twice; `-- --fix` repairs."""
    lockstep(session, "pins", "--nox", version("nox"))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format; `-- --fix` repairs."""
    lockstep(session, "lint")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    lockstep(session, "types")


@nox.session
def tests(session: nox.Session) -> None:
    """Test the installed wheel; `-- --in-image`: in the image."""
    lockstep(session, "tests")


@nox.session
def prove(session: nox.Session) -> None:
    """Start the production server, see it serve and drain."""
    lockstep(session, "prove")


@nox.session
def image(session: nox.Session) -> None:
    """Build the production image and judge it."""
    lockstep(session, "image")


@nox.session
def parity(session: nox.Session) -> None:
    """Compare this machine, the image and what is declared."""
    lockstep(session, "parity", "--nox", version("nox"))


@nox.session(default=False)
def dev(session: nox.Session) -> None:
    """Serve, and start again when a source file changes."""
    lockstep(session, "dev")


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Serve as production does, on $PORT or 8000."""
    lockstep(session, "serve")


@nox.session(default=False)
def test(session: nox.Session) -> None:
    """Do what `tests` does."""
    lockstep(session, "tests")


@nox.session(default=False)
def fmt(session: nox.Session) -> None:
    """Repair style and format, as `lint -- --fix` does."""
    lockstep(session, "lint", "--fix")


@nox.session(default=False)
def check(session: nox.Session) -> None:
    """Do what CI does."""
    for name in MENU[next(iter(MENU))].split():
        session.notify(name, posargs=session.posargs)


@nox.session(default=False)
def relock(session: nox.Session) -> None:
    """Bring uv.lock back to pyproject.toml."""
    lockstep(session, "relock")


@nox.session(default=False)
def upgrade(session: nox.Session) -> None:
    """Move the packages; `-- --uv X --python Y`: these, too."""
    lockstep(session, "upgrade")


@nox.session(default=False)
def update(session: nox.Session) -> None:
    """Move to the newest template; `-- --preview` only shows."""
    lockstep(session, "update", extra="update")


@nox.session(default=False)
def explain(session: nox.Session) -> None:
    """Say what a check asks, and when a difference is allowed."""
    lockstep(session, "explain")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure every server model that fits, side by side."""
    lockstep(session, "bench", extra="bench")


@nox.session(default=False)
def restarts(session: nox.Session) -> None:
    """Restart the server under load, and count what is lost."""
    lockstep(session, "restarts")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Ask a vulnerability service about the locked packages."""
    lockstep(session, "audit")


@nox.session(default=False)
def sbom(session: nox.Session) -> None:
    """Write the SBOM of the lock and of the image; compare them."""
    lockstep(session, "sbom")


@nox.session(default=False)
def fingerprint(session: nox.Session) -> None:
    """Keep what this commit installs: `-- release-1.4.json`."""
    lockstep(session, "fingerprint")


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the image of this commit as `-- REGISTRY/TEAM/NAME`."""
    lockstep(session, "publish")


@nox.session(default=False)
def detach(session: nox.Session) -> None:
    """Leave the template; everything else stays and works."""
    lockstep(session, "detach")


# Yours: sessions in nox_local.py appear in this menu. In CI they take nothing away from what the one command runs.
if (ROOT / "nox_local.py").exists():
    ours = dict(registry.get())
    runpy.run_path(str(ROOT / "nox_local.py"))  # not an import: nox reads this file twice, and an import happens once
    changed = [f"session {name}" for name, session in ours.items() if registry.get().get(name) is not session]
    changed += [f"nox.options.{name}" for name in ("sessions", "keywords", "tags") if getattr(nox.options, name)]
    if changed and os.environ.get("CI"):
        sys.exit(
            "CI would not run the whole of the one command.\n\n"
            f"  nox_local.py   {', '.join(changed)}   <- changes what runs\n\n"
            "Take it out of nox_local.py; on your own machine choose by `-s`."
        )
if os.environ.get("CI") and os.environ.get("NOXSESSION"):  # nox reads it in the place of `-s`
    sys.exit(
        "CI would not run the whole of the one command.\n\n"
        f"  NOXSESSION   {os.environ['NOXSESSION']}   <- chooses what runs\n\n"
        "Take it out of CI's variables; a job that runs one session names it by `-s`."
    )


def show_menu() -> None:
    """The sessions, in groups and within 80 columns."""
    offered = {name: (session.__doc__ or "").strip().partition("\n")[0] for name, session in registry.get().items()}
    groups = {title: names.split() for title, names in MENU.items()}
    groups["Yours, from nox_local.py"] = [
        name for name in offered if not any(name in group for group in groups.values())
    ]
    print(f"{__doc__}\n\nRun one by `uv run --locked noxfile.py -s NAME`; `-- WORDS` go to it.")
    for title, names in groups.items():
        if lines := [f"  {name:<11}  {offered[name]}" for name in names if name in offered]:
            print(f"\n{title}:\n" + "\n".join(lines))


def unknown_sessions(words: list[str]) -> list[str]:
    """What is asked for by `-s` and is no session."""
    known, asked, inside = registry.get(), [], False
    for word in words[: words.index("--")] if "--" in words else words:
        inside = word in {"-s", "-e", "--session", "--sessions"} or (inside and not word.startswith("-"))
        if inside and not word.startswith("-") and re.split(r"[-(]", word)[0] not in known and word not in known:
            asked.append(word)
    return asked


if __name__ == "__main__":
    if sys.argv[1:] in (["-l"], ["--list"]):
        show_menu()
    elif unknown := unknown_sessions(sys.argv[1:]):
        there = textwrap.fill(", ".join(registry.get()), 74, initial_indent="  there   ", subsequent_indent=" " * 10)
        sys.exit(
            f"There is no session {', '.join(unknown)}.\n\n{there}\n\n"
            "Name one of them; `uv run --locked noxfile.py -l` says what each does."
        )
    else:
        nox.main()
