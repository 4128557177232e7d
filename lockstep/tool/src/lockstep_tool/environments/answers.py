"""Send the service's own requests to a production server, one that is there or one that is started for it."""

from pathlib import Path

from lockstep_serve import models as model
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_serve.identity import identity
from lockstep_tool.environments.asking import answers
from lockstep_tool.environments.kept_answers import Answers, keep
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.trials import ready

__all__ = ["keep_those_of", "take"]


def take() -> Answers:
    """Of a server of its own; raises Refusal when it does not come."""
    with Server({"workers": 1}) as server:
        try:
            ready(server)
        except AssertionError as failure:
            raise Refusal(
                "The server does not become ready, so it was not asked.",
                [(model.MODEL, str(failure)), *(("server", line) for line in server.last_lines(12))],
                "Run `uv run noxfile.py -s prove`.",
                code=COULD_NOT_LOOK,
            ) from failure
        return answers(server.port, own_requests())


def keep_those_of(server: Server) -> str:
    """Ask it, and write the answers down for the sessions that follow."""
    return keep(Path.cwd(), identity().environment, answers(server.port, own_requests()))
