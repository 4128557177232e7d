"""See that an adopted service does what it did and passes its own sessions, or say why it does not."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from adopting.existing import Existing
from lockstep_serve.errors import Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import production

__all__ = ["compare_answers", "run_sessions"]

SESSIONS = ("lock", "pins", "prove", "parity")
ASK = Path(__file__).with_name("ask_paths.py")
SECONDS = 180
Answers = Mapping[str, object]


def compare_answers(found: Existing, before: Path) -> list[str]:
    """Ask every path of the application where it lay and where it lies now; returns what is to be known.

    `before` is a copy of the service as it was. The paths that answer go into pyproject.toml, for `prove`. Raises
    Refusal where a path answered before and fails now.
    """
    root = found.here.path
    python, secrets = production(root), stand_ins(root)
    own = f"{found.package}.adopted:create_app"
    old = ask(python, found.app, before / found.running.folder, {**secrets, "PYTHONPATH": str(before / found.layout.root)}, ())
    with tempfile.TemporaryDirectory(prefix="lockstep-adopt-") as folder:
        new = ask(python, own, Path(folder), secrets, tuple(old.get("answers", ())))
    if "error" in new:
        said = [("as it was", str(old.get("error", "it is imported"))), ("now", str(new["error"]))]
        raise Refusal("The application cannot be imported.", said, f"Set what it reads before `--write`{name_secrets(secrets)}.")
    asked = {**new["answers"]}
    lost = [(f"GET {path}", f"{old['answers'][path]} before, {now} now") for path, now in asked.items() if answered(old.get("answers", {}).get(path)) and not answered(now)]
    if lost:
        raise Refusal("Paths that answered do not any more.", lost, "Look for files that the code finds by its own place.")
    paths = ["/health/live", *(path for path, status in asked.items() if answered(status))]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    line = f"requests = [{', '.join(json.dumps(path) for path in dict.fromkeys(paths))}]"
    (root / "pyproject.toml").write_text(re.sub(r"^requests = .*$", lambda _: line, text, count=1, flags=re.MULTILINE), encoding="utf-8")
    known = [f"GET {path} answers {status}, as before: `prove` asks it" for path, status in asked.items() if answered(status)]
    return known + [f"GET {path} fails here as it did before, and `prove` does not ask it: {status}" for path, status in asked.items() if not answered(status)]


def name_secrets(secrets: Mapping[str, str]) -> str:
    return f": {', '.join(secrets)} {'is' if len(secrets) == 1 else 'are'} made up here" if secrets else ""


def answered(status: object) -> bool:
    return isinstance(status, int) and status < 500


def ask(python: Path, point: str, folder: Path, settings: Mapping[str, str], paths: tuple[str, ...]) -> dict[str, Answers | str]:
    """Path → status, below `answers`; or why nothing can be asked, below `error`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **SETTINGS, **settings}
    try:
        done = subprocess.run([str(python), str(ASK), point, *paths], cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
        told: dict[str, Answers | str] = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    except (subprocess.TimeoutExpired, ValueError) as error:
        return {"error": f"{type(error).__name__} while it was asked"}
    return told


def run_sessions(found: Existing) -> None:
    """The service's own sessions, as its team will call them; raises Refusal with what the first that fails says."""
    settings = {name: value for name, value in os.environ.items() if name not in {"CI", "VIRTUAL_ENV", "PYTHONPATH"}}
    for session in SESSIONS:
        command = ["uv", "run", "--quiet", "noxfile.py", "-s", session]
        done = subprocess.run(command, cwd=found.here.path, env={**settings, **found.indexes.credentials}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        lines = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("nox > ")]
        if done.returncode:
            raise Refusal(f"`{session}` is not green.", [(session, line) for line in lines[-25:]], "Mend what it names, then try again.")
        last = lines[-1].strip() if lines else "done"
        print(f"  ✓ {session}: {last}", flush=True)

