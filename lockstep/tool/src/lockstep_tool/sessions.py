"""Run a program of a service's own environments: its checks, its tests, its server."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from lockstep_serve.errors import DIFFERENT, SAME
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.dev_log import write_for_people
from lockstep_tool.hermetic import remove_copies
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import production, sync

__all__ = ["make_checks", "replace_by_dev_server", "replace_by_server", "run_module", "run_program"]

UNHEARD_SECONDS = 10.0  # after which a program that still runs has not heard of a SIGINT that no terminal sent


def make_checks(root: Path) -> Path:
    """The interpreter of the production set with the tools that check it; the service is in it as a wheel."""
    return sync(root, "checks", "--no-editable", "--group", "dev")


def run_program(command: Sequence[str | Path], root: Path, settings: dict[str, str] | None = None) -> int:
    """0 or 1: how a program ended that was run in the service's directory, with `settings` over the environment.

    Whatever else a program returns is 1: 2 would say that something could not be looked at.
    """
    environment = {**os.environ, **(settings or {})}
    with subprocess.Popen([str(word) for word in command], cwd=root, env=environment) as process:
        try:
            return DIFFERENT if process.wait() else SAME
        except KeyboardInterrupt as interrupted:
            await_end(process, alone=interrupted.args not in {(), (signal.SIGINT,)})
            raise


def await_end(process: subprocess.Popen[bytes], *, alone: bool) -> None:
    """Of a program that is interrupted: tests first take down what they have made.

    Ctrl-C has reached it already, and a second one would cut that off; it gets one when the signal came to the tool `alone`.
    """
    if not alone and not in_foreground():
        try:
            process.wait(UNHEARD_SECONDS)
        except subprocess.TimeoutExpired:
            alone = True
    if alone:
        process.send_signal(signal.SIGINT)
    process.wait()


def in_foreground() -> bool:
    """Whether a terminal sends Ctrl-C to this process, and to what it has started."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def give_settings(root: Path) -> dict[str, str]:
    """What a program that imports the service is given: the interpreter's settings, and stand-ins for its secrets."""
    made_up = stand_ins(root)
    if made_up:
        print(f"not set, so made up here: {', '.join(made_up)}", flush=True)
    return {**SETTINGS, **made_up}


def run_module(module: str, words: Sequence[str], root: Path) -> int:
    """Run a module of `.nox/checks` that imports the service."""
    return run_program([make_checks(root), "-m", module, *words], root, give_settings(root))


def replace_by_server(root: Path, words: Sequence[str]) -> NoReturn:
    """Become the service's server, from its production set."""
    become_server(production(root), root, words, give_settings(root))


def replace_by_dev_server(root: Path, words: Sequence[str], settings: Mapping[str, str]) -> NoReturn:
    """Become the server of the checkout itself, which starts again on a change, with `settings` below the environment."""
    python = sync(root, "dev")
    given = {**{name: value for name, value in settings.items() if not os.environ.get(name)}, **give_settings(root)}
    write_for_people(root)
    become_server(python, root, ["--reload", *words], given)


def become_server(python: Path, root: Path, words: Sequence[str], settings: Mapping[str, str]) -> NoReturn:
    """Of this process, with `settings` over the environment."""
    os.chdir(root)
    remove_copies()
    os.execve(python, [str(python), "-m", "lockstep_serve", "serve", *words], {**os.environ, **settings})
