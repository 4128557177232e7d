"""Kill a command at each of its steps, by the step's name: what it writes, renames, removes and starts.

The steps are what the interpreter reports to an audit hook, so none is left out: they are listed by one run that is let
through, and each of them is then the last of a run of its own.
"""

import os
import re
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

__all__ = ["break_git", "break_uv", "fail_git", "kill_at", "list_steps", "take_back"]

WRITING = os.O_WRONLY | os.O_RDWR
MADE_UP = re.compile(r"(?<=-)[a-z0-9_]{8}$|^tmp[a-z0-9_]{8}$")  # by tempfile
ABOUT_PATHS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate")


def name_step(event: str, words: tuple[object, ...]) -> str:
    """What is about to happen, without the folders above; empty for what changes nothing."""
    if event == "subprocess.Popen":
        program, *rest = map(str, words[1])  # type: ignore[call-overload]  # a list of words
        return " ".join(["start", Path(program).name, *[word for word in rest if word[:1] not in "-/"][:1]])
    if not isinstance(words[0] if words else None, (str, bytes, os.PathLike)):
        return ""
    name = MADE_UP.sub("…", os.path.basename(os.fsdecode(words[0])))  # type: ignore[arg-type]  # it was looked at
    if event == "open":
        return f"write {name}" if isinstance(words[2], int) and words[2] & WRITING else ""
    return f"{event} {name}" if event in ABOUT_PATHS else ""


def watch(meet: Callable[[str], None]) -> None:
    """Have `meet` called with the name of each step, numbered where it comes again."""
    seen = Counter[str]()

    def hook(event: str, words: tuple[object, ...]) -> None:
        if name := name_step(event, words):
            seen[name] += 1
            meet(f"{name} ({seen[name]})")

    sys.addaudithook(hook)


def run_in_fork(act: Callable[[], object], out: Path, meet: Callable[[str], None]) -> int:
    """How a process ended that did only this; what it printed is in `out`."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for stream in (1, 2):
                os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
            sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115 -- ends with it
            watch(meet)
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def list_steps(act: Callable[[], object], scratch: Path) -> list[str]:
    """The names of what a whole run does, in order."""
    named = scratch / "steps"
    descriptor = os.open(named, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    code = run_in_fork(act, scratch / "printed", lambda name: void(os.write(descriptor, f"{name}\n".encode())))
    os.close(descriptor)
    assert code == 0, (scratch / "printed").read_text()
    return named.read_text().splitlines()


def void(_: object) -> None:
    pass


def kill_at(step: str, act: Callable[[], object], out: Path) -> str:
    """Run until just before a step, with SIGKILL there; returns what was printed until then."""

    def meet(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    out.unlink(missing_ok=True)
    code = run_in_fork(act, out, meet)
    assert code == -signal.SIGKILL, f"{step} was never met\n{out.read_text()}"
    return out.read_text()


def break_git(folder: Path, subcommand: str) -> Path:
    """A directory for the search path whose git dies in the middle of a subcommand, with the command that started it.

    One that writes the index leaves the index's lock, as git does.
    """
    lock = ': > "${GIT_INDEX_FILE:-.git/index}.lock"' if subcommand in {"add", "read-tree", "reset", "update-index"} else ":"
    folder.mkdir()
    program = folder / "git"
    program.write_text(
        f"""#!/bin/sh
for word in "$@"; do
    if [ "$word" = {subcommand} ]; then
        for one in "$@"; do if [ "$last" = -C ]; then cd "$one"; fi; last="$one"; done
        {lock}
        kill -9 $PPID
        exit 1
    fi
done
PATH="${{PATH#*:}}" exec git "$@"
"""
    )
    program.chmod(0o755)
    return folder


def fail_git(folder: Path, subcommand: str, said: str) -> Path:
    """A directory for the search path whose git ends a subcommand with 1 and these words."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(
        f"""#!/bin/sh
for word in "$@"; do if [ "$word" = {subcommand} ]; then echo '{said}' >&2; exit 1; fi; done
PATH="${{PATH#*:}}" exec git "$@"
"""
    )
    program.chmod(0o755)
    return folder


def break_uv(folder: Path) -> Path:
    """A directory for the search path whose uv dies while it writes uv.lock, with the command that started it."""
    folder.mkdir()
    program = folder / "uv"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && exec echo uv 0\necho version > uv.lock\nkill -9 $PPID\n')
    program.chmod(0o755)
    return folder


def take_back(root: Path, printed: str) -> None:
    """Do what was printed, as a person would; where nothing was printed, nothing is to be done."""
    for line in printed.splitlines():
        if line.startswith("Back, at any time: "):
            subprocess.run(line.removeprefix("Back, at any time: "), shell=True, check=True, cwd=root)
