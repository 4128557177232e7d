# Lockstep's: what this environment's server answers. Change it by `copier update`, not by hand.
"""Send the service's own requests to a production server, one that is there or one that is started for it."""

from pathlib import Path

from lockstep.errors import COULD_NOT_LOOK, Refusal
from lockstep.identity import identity
from lockstep.places.asking import answers
from lockstep.places.kept_answers import Answers, keep
from lockstep.places.own_requests import own_requests
from lockstep.proof.process import Server
from lockstep.proof.trials import ready
from lockstep.serve import model

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
