"""The check `lock fresh`: uv's own check of a lock, with nothing around it that could move the verdict."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.hermetic import environment
from lockstep_tool.service import TOOL_LOCK, Service

__all__ = ["CHECK"]

MENU, MENU_LOCK = "noxfile.py", "noxfile.py.lock"
RESTORE = {
    TOOL_LOCK: "Run `git checkout -- .lockstep`.",
    MENU_LOCK: f"Run `git checkout {MENU_LOCK}`, and `uv run --locked noxfile.py` from then on: without `--locked`, variables "
    "such as UV_EXCLUDE_NEWER make uv write it anew.",
}
OUTDATED = 1  # uv's exit code; others say that it could not judge


def find(service: Service) -> Iterator[Finding]:
    """A lock that does not answer its pyproject.toml; raises Refusal when uv cannot judge here."""
    names = [name for name in ("uv.lock", TOOL_LOCK, MENU_LOCK) if name in service.locks]
    for name in names:
        service.locked(name)  # refused, with what mends it, before uv is asked about what nobody can read
    with ThreadPoolExecutor() as pool:
        for name, done in zip(names, pool.map(lambda name: ask_uv(service, name), names), strict=True):
            yield from judge(service, name, done)


def ask_uv(service: Service, name: str) -> subprocess.CompletedProcess[str]:
    """What uv says of one lock, in the directory of its project."""
    project = (service.root / name).parent
    what = ["--script", str(service.root / MENU)] if name == MENU_LOCK else ["--project", str(project)]
    command = ["uv", "lock", "--check", "--offline", "--no-progress", *what]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=project, check=False)


def judge(service: Service, name: str, done: subprocess.CompletedProcess[str]) -> Iterator[Finding]:
    """uv's answer in three parts."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no output"]
    project = MENU if name == MENU_LOCK else name.replace("uv.lock", "pyproject.toml")
    command = "uv lock --check" + {TOOL_LOCK: " --project .lockstep", MENU_LOCK: f" --script {MENU}"}.get(name, "")
    if "Required uv version" in done.stderr or "No interpreter found" in done.stderr:
        python = "interpreter" in done.stderr
        raise Refusal(
            "The lock cannot be judged with what this machine has.",
            [(command, line) for line in lines[-2:]],
            f"Run `uv python install {service.python}`." if python else f"Run `uvx uv@{service.versions['uv']} run noxfile.py`.",
            code=COULD_NOT_LOOK,
        )
    if "@ path+" in " ".join(done.stderr.split()):  # a wheel of the repository; uv breaks long lines
        yield CHECK.finding(
            f"Whether {name} answers {project} cannot be judged.",
            where=tuple((command, line) for line in lines[-3:]),
            fix="Bring the wheel back, then run this again.",
            severity=Severity.UNKNOWN,
        )
    elif done.returncode == OUTDATED:
        reasons = [line for line in lines if not line.startswith(("Using ", "Resolved ", "hint:"))]
        yield CHECK.finding(
            f"{name} does not answer {project}.",
            where=tuple((command, line) for line in (reasons or lines)[-3:]),
            fix=RESTORE.get(name, "Run `uv lock` (after a conflict: `uv run noxfile.py -s relock`), then commit both files."),
        )
    elif done.returncode:
        yield CHECK.finding(
            f"uv cannot read {project} and {name} together.",
            where=tuple((command, line) for line in lines[-4:]),
            fix="Mend what uv names, or restore both from git.",
        )


CHECK = Check(
    name="lock fresh",
    session="lock",
    asks="Whether uv.lock answers pyproject.toml, and the locks of the tool and of noxfile.py what they are for, by uv's own "
    "check, without a network and without anybody's settings.",
    why="A stale lock makes the next environment resolve anew.",
    allowed="Never.",
    fix="uv lock",
    find=find,
)
