"""`python -m lockstep_serve COMMAND`: what starts the server everywhere, and what production asks of it."""

import argparse
import sys
from collections.abc import Sequence

from lockstep_serve.errors import Refusal


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m lockstep_serve", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the server of this service")
    serve.add_argument("--reload", action="store_true", help="start again when a source file changes")
    reload = commands.add_parser("reload", help="rehearse the new code, then have the running server load it")
    reload.add_argument("pid", nargs="?", type=int, default=1, help="the server's main process; in a container it is 1")
    restart = commands.add_parser(
        "restart", help="rehearse, start a successor on the same socket, stop the server when it serves"
    )
    restart.add_argument("pid", type=int, help="the server's main process")
    commands.add_parser("rehearse", help="start the application as a worker would, and serve nothing")
    commands.add_parser("health", help="exit 0 when this service takes traffic")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run a command (`words`, or the command line's); a user's mistake becomes a message, not a traceback."""
    arguments = parser().parse_args(words)
    try:
        return run(arguments)
    except Refusal as refusal:
        sys.stdout.flush()
        print(refusal, file=sys.stderr)
        return refusal.code
    except KeyboardInterrupt:
        return 130  # as shells say it of SIGINT


def run(arguments: argparse.Namespace) -> int:
    """Each command imports what it needs and no more: a health check runs every few seconds."""
    if arguments.command == "health":
        from lockstep_serve.health import healthy

        return 0 if healthy() else 1
    if arguments.command == "serve":
        from lockstep_serve.serving import serve

        serve(reload=arguments.reload)
        return 0
    if arguments.command == "rehearse":
        from lockstep_serve.rehearsal import rehearse

        rehearse()
        return 0
    from lockstep_serve import restarting

    print(getattr(restarting, arguments.command)(arguments.pid))
    return 0


if __name__ == "__main__":
    sys.exit(main())
