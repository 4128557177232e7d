"""See that an adopted service does what it did and passes its own sessions, or say why it does not."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from adopting.existing import Existing
from adopting.interrupts import run_to_end
from lockstep_serve.errors import Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.stand_ins import stand_ins

__all__ = ["compare_answers", "run_sessions"]

SESSIONS = ("lock", "pins", "prove", "parity")
ASK = Path(__file__).with_name("ask_paths.py")
SECONDS = 180
UTC = {"", "UTC", "Etc/UTC", "Zulu"}


class Asked(NamedTuple):
    """Path → status, or why nothing could be asked; the time zone that the application sets, or nothing."""

    answers: Mapping[str, object]
    error: str
    zone: str


def compare_answers(found: Existing, before: Path) -> list[str]:
    """Ask every path of the application where it lay and where it lies now; returns what is to be known.

    `before` is a copy of the service as it was. The paths that answer go into pyproject.toml, for `prove`. Raises
    Refusal where a path answered before and fails now.
    """
    root = found.here.path.resolve()
    python, secrets = build_production(root), stand_ins(root)
    own = f"{found.package}.adopted:create_app"
    as_before = {**secrets, "PYTHONPATH": str(before / found.layout.root)}
    old, reason, zone = ask(python, found.app, before / found.running.folder, as_before, ())
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
        asked, failure, _ = ask(python, own, Path(folder), secrets, tuple(old))
    if failure:
        said = [("as it was", reason or "it is imported"), ("now", failure)]
        fix = f"Set what it reads before `--write`{name_secrets(secrets)}."
        if reason:
            fix = fix[:-1] + f"; or see first that it and its packages run on Python {found.pythons.exact}."
        raise Refusal("The application cannot be imported.", said, fix)
    failing = [path for path, now in asked.items() if answered(old.get(path)) and not answered(now)]
    lost = [(f"GET {path}", f"{old[path]} before, {asked[path]} now") for path in failing]
    if lost:
        raise Refusal("Paths that answered do not any more.", lost, "Look for files that the code finds by its own place.")
    refuse_folder_of_its_own(python)
    writing = find_writing(python, own, secrets, [path for path, status in asked.items() if answered(status)])
    paths = ["/health/live", *(path for path, status in asked.items() if is_worth_asking(status) and path not in writing)]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    line = f"requests = [{', '.join(json.dumps(path) for path in dict.fromkeys(paths))}]"
    if zone not in UTC:
        line += f"\ntime-zone = {json.dumps(zone)}"
    (root / "pyproject.toml").write_text(
        re.sub(r"^requests = .*$", lambda _: line, text, count=1, flags=re.MULTILINE), encoding="utf-8"
    )
    known = [f"as it was, it could not be asked in this environment: {reason}"] if reason else []
    known += [f"it puts its process into the time zone {zone}, where others are in UTC"] * (zone not in UTC)
    known += [f"GET {path} answers {status}, as before: `prove` asks it" for path, status in asked.items() if path in paths]
    known += [
        f"GET {path} answers as before and writes {file} beside the code, where nothing can be written in the image"
        for path, file in writing.items()
    ]
    return known + [
        f"GET {path} fails here as it did before, and `prove` does not ask it: {status}"
        for path, status in asked.items()
        if not is_worth_asking(status)
    ]


def refuse_folder_of_its_own(python: Path) -> None:
    """Flask's instance folder is `var/` of the environment, once the application is installed: refuse one that is made there.

    What lies there is removed.
    """
    folder = python.parents[1] / "var"
    if not folder.exists():
        return
    rows = [(str(path.relative_to(folder.parent)), "is made by the application") for path in sorted(folder.rglob("*"))[:8]]
    shutil.rmtree(folder)
    wrong = "The application keeps files in its own environment, where nothing can be written in the image."
    fix = "Give it a folder outside, such as `Flask(__name__, instance_path=…)` from a variable, then try again."
    raise Refusal(wrong, rows, fix)


def find_writing(python: Path, point: str, secrets: Mapping[str, str], paths: list[str]) -> dict[str, str]:
    """Paths that write a file where packages are installed, each with the file; what was written there is removed."""
    home = python.parents[1]
    packages = {path for path in home.rglob("*.dist-info") if path.is_dir()}
    owned = {name for package in packages for name in read_record(package)}

    def remove_written() -> str:
        written = [
            path
            for path in home.glob("lib/python*/site-packages/**/*")
            if path.is_file() and path.suffix != ".pyc" and str(path) not in owned
        ]
        written = [path for path in written if path.name not in {"_virtualenv.py", "_virtualenv.pth"}]
        for path in written:
            path.unlink()
        return ", ".join(path.name for path in written)

    found: dict[str, str] = {}
    if remove_written():
        for path in paths:
            with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
                ask(python, point, Path(folder), secrets, (path,))
            if file := remove_written():
                found[path] = file
    return found


def read_record(package: Path) -> list[str]:
    """The files that a distribution owns."""
    with (package / "RECORD").open(encoding="utf-8", newline="") as file:
        return [os.path.normpath(package.parent / row[0]) for row in csv.reader(file) if row]


def build_production(root: Path) -> Path:
    """The interpreter of `.nox/production`. A process of its own makes it: who makes one keeps it for itself to its end."""
    program = "import sys; from pathlib import Path; from lockstep_tool import sync\n"
    program += "try: print(sync.production(Path(sys.argv[1])))\nexcept Exception as error: sys.exit(str(error))"
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = run_to_end([sys.executable, "-c", program, str(root)], settings, Path.cwd(), stderr=subprocess.PIPE)
    if done.returncode:
        rows = [("uv sync", line.strip()) for line in done.stderr.splitlines() if line.strip()][-8:]
        raise Refusal("The production environment cannot be made.", rows, "Mend what it names, then try again.")
    return Path(done.stdout.strip().splitlines()[-1])


def name_secrets(secrets: Mapping[str, str]) -> str:
    return f": {', '.join(secrets)} {'is' if len(secrets) == 1 else 'are'} made up here" if secrets else ""


def answered(status: object) -> bool:
    return isinstance(status, int) and status < 500


def is_worth_asking(status: object) -> bool:
    """Whether `prove` learns something from it: a bad request is refused before the page is made."""
    return answered(status) and status != 400


def ask(python: Path, point: str, folder: Path, settings: Mapping[str, str], paths: tuple[str, ...]) -> Asked:
    """What the application says of itself in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **SETTINGS, **settings}
    command = [str(python), str(ASK), point, *paths]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
        told = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    except (subprocess.TimeoutExpired, ValueError) as error:
        return Asked({}, f"{type(error).__name__} while it was asked", "")
    return Asked(told.get("answers", {}), str(told.get("error", "")), str(told.get("zone", "")))


def run_sessions(found: Existing) -> None:
    """The service's own sessions, as its team will call them; raises Refusal with what the first that fails says."""
    settings = {name: value for name, value in os.environ.items() if name not in {"CI", "VIRTUAL_ENV", "PYTHONPATH"}}
    for session in SESSIONS:
        command = ["uv", "run", "--quiet", "noxfile.py", "-s", session]
        done = run_to_end(command, {**settings, **found.indexes.credentials}, found.here.path, stderr=subprocess.STDOUT)
        lines = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("nox > ")]
        if done.returncode:
            raise Refusal(
                f"`{session}` is not green.", [(session, line) for line in lines[-25:]], "Mend what it names, then try again."
            )
        lines = [line.strip().removeprefix("✓ ") for line in lines if not line.startswith("building ")]
        print(f"  ✓ {session}: {lines[0] if lines else 'done'}", flush=True)
