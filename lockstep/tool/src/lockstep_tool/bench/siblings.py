"""Make the same service with another server model, by the very command with which you would switch it.

A copy of the checkout, uncommitted changes included, is updated in a temporary folder with another answer. So your own
code, dependencies and values come along. The template is fetched once, from where `.copier-answers.yml` names it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from lockstep_serve.errors import Refusal
from lockstep_tool.locks.relock import relock

__all__ = ["FRAMEWORKS", "MODELS", "answers", "fetched", "fitting", "sibling"]

ANSWERS = ".copier-answers.yml"
MODELS = {
    "uvicorn": "ASGI",
    "gunicorn-asgi": "ASGI",
    "gunicorn-uvicorn": "ASGI",
    "uvicorn-workers": "ASGI",
    "gunicorn-gthread": "WSGI",
    "gunicorn-gevent": "WSGI",
    "gunicorn-sync": "WSGI",
}
FRAMEWORKS = {"fastapi": ["ASGI"], "flask": ["WSGI"], "django": ["WSGI", "ASGI"]}
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}  # as Copier reads addresses
LEFT_OUT = (".git", ".nox", ".lockstep", ".venv", "__pycache__", ".*_cache", "dist", ".env")
FETCH_SECONDS, SWITCH_SECONDS = 60, 120
# Nobody's settings, hooks or keys take part, and nobody is asked.
GIT = {
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "bench"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "bench@localhost"),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


def answers(root: Path) -> dict[str, object]:
    """What the service was made from."""
    said: dict[str, object] = yaml.safe_load((root / ANSWERS).read_text(encoding="utf-8"))
    return said


def fitting(framework: str) -> list[str]:
    """The server models that speak what the framework speaks."""
    return [model for model, interface in MODELS.items() if interface in FRAMEWORKS[framework]]


def fetched(root: Path, folder: Path, template: str | None) -> Path:
    """The template, in `folder` or where it lies; raises Refusal when it cannot be reached."""
    source = template or str(answers(root).get("_src_path", ""))
    address = source
    for short, long in SHORT.items():
        address = long + address.removeprefix(short) if address.startswith(short) else address
    try:
        done = run("git", "clone", "--quiet", address, str(folder), seconds=FETCH_SECONDS)
        failure = done.stderr.strip() if done.returncode else ""
    except subprocess.TimeoutExpired:
        failure = f"no answer within {FETCH_SECONDS} s"
    if failure:
        raise Refusal(
            "The template cannot be reached, so only this service's own server model is measured.",
            [("--template" if template else f"{ANSWERS} _src_path", source), ("git clone", failure.splitlines()[-1])],
            "Connect, or name a clone of it: `uv run noxfile.py -s bench -- --template PATH`.",
        )
    return folder


def sibling(root: Path, folder: Path, model: str, template: Path) -> Path:
    """This service with another server model, in `folder`; raises Refusal when it cannot be switched."""
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    stated = {**answers(root), "_src_path": str(template)}
    (folder / ANSWERS).write_text(yaml.safe_dump(stated), encoding="utf-8")
    git = ("git", "-C", str(folder), "-c", "core.hooksPath=/dev/null")
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "before"]):
        run(*git, *words)
    copier = (sys.executable, "-m", "copier", "update", "--defaults", "--quiet", "--vcs-ref=:current:")
    done = run(*copier, f"--data=server={model}", str(folder), seconds=SWITCH_SECONDS)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-3:]
        raise Refusal(f"The service cannot be switched to {model}.", [("copier update", line) for line in said])
    if "<<<<<<<" in (folder / "uv.lock").read_text(encoding="utf-8"):
        relock(folder)
    return folder


def run(*command: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **GIT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
