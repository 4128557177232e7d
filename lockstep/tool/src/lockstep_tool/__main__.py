"""`lockstep COMMAND`: what the sessions of noxfile.py call. Each command is one module in `commands/`."""

import ast
import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NoReturn

from lockstep_serve.errors import DIFFERENT, SAME, Refusal
from lockstep_tool import commands

__all__ = ["command_names", "main"]

Run = Callable[[Sequence[str], Path], int]
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130  # as a shell has it for a process that ^C ended


def main(words: Sequence[str] | None = None) -> int:
    """Run a command (`words`, or the command line's) in the working directory, the root of a service.

    Returns 0, 1 for what is wrong or 2 for what could not be looked at; a user's mistake becomes a message, not a
    traceback, and so does Ctrl-C at any moment.
    """
    if words is not None:
        return try_command(words)
    try:
        handle_ending(interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)  # noxfile.py blocks them until there is a handler
        try:
            return try_command(sys.argv[1:])
        finally:
            ignore_interrupts()  # Python's own end would show a traceback
    except KeyboardInterrupt:
        return INTERRUPTED


def handle_ending(handler: Callable[..., object]) -> None:
    """Have it called by the signals that end a command; a closed terminal's, SIGHUP, stays ignored under nohup."""
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def interrupt(number: int, _: object) -> NoReturn:
    """Once: what was started is being ended, and a second signal, which a terminal and nox both send, would stop that."""
    ignore_interrupts()
    raise KeyboardInterrupt(number)


def ignore_interrupts() -> None:
    handle_ending(lambda *_: None)  # SIG_IGN would be inherited


def try_command(words: Sequence[str]) -> int:
    """Its exit code; what it raises becomes a message."""
    try:
        code = run_command(words, Path.cwd())
        sys.stdout.flush()  # nox writes to the other stream, and what was printed first is to stand first
        return code
    except Refusal as refusal:
        return complain(refusal)
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        fix = "Run this in the service's directory, or restore the file from git."
        return complain(Refusal(f"{missing} is not there.", [(str(error.filename), "missing")], fix))
    except BrokenPipeError:  # whoever read it has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DIFFERENT
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.ENOSPC):
            raise
        fix = "Make it writable, or work in a copy of the repository that is."
        return complain(Refusal("A file cannot be written.", [(str(error.filename), str(error.strerror))], fix))
    except SystemExit as end:  # of argparse: its 2 would say that something could not be looked at
        return DIFFERENT if end.code else SAME
    except KeyboardInterrupt:
        return INTERRUPTED


def complain(refusal: Refusal) -> int:
    sys.stdout.flush()
    print(refusal, file=sys.stderr)
    return refusal.code


def run_command(words: Sequence[str], root: Path) -> int:
    """Import the one module that the first word names, and nothing that other commands need."""
    if not words or words[0] in {"-h", "--help", "help"}:
        print("\n".join(list_commands()))
        return SAME
    if words[0] == "--version":
        from lockstep_tool import __version__

        print(f"lockstep {__version__}")
        return SAME
    if words[0] not in command_names():
        raise Refusal(
            f"There is no command {words[0]!r}.",
            [("commands", ", ".join(command_names()))],
            "`lockstep --help` says what each of them does.",
        )
    try:
        return load_command(words[0])(words[1:], root)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"", "lockstep_tool", "lockstep_serve"}:
            raise
        raise lacking_library(words[0], str(error.name)) from error


def command_names() -> list[str]:
    """Every command, by the modules that there are."""
    return [module.name.replace("_", "-") for module in iter_modules(commands.__path__)]


def load_command(name: str) -> Run:
    """The function of a command."""
    run: Run = import_module(module_of(name)).run
    return run


def lacking_library(name: str, library: str) -> Refusal:
    """`bench` and `update` need libraries that are installed when their session is first asked for."""
    return Refusal(
        f"`lockstep {name}` needs a library that is not installed here.",
        [(f"lockstep {name}", f"imports {library}   <- not installed")],
        f"Run `uv run noxfile.py -s {name}`, which installs it.",
    )


def module_of(name: str) -> str:
    return f"{commands.__name__}.{name.replace('-', '_')}"


def list_commands() -> list[str]:
    """The usage, and a line for each command: the first of its module's docstring, which is read, not imported."""
    lines = ["usage: lockstep COMMAND …", ""]
    for module in iter_modules(commands.__path__):
        [directory] = commands.__path__
        source = Path(directory, f"{module.name}.py").read_text(encoding="utf-8")
        said = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
        lines.append(f"  {module.name.replace('_', '-'):<12} {said}")
    return [*lines, "", "`lockstep COMMAND --help` says what a command takes."]


if __name__ == "__main__":
    sys.exit(main())
