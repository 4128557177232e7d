# Lockstep's: the proof of a service by behaviour. Change it by `copier update`, not by hand.
"""Boot the production server from the production set and see it keep its promises; name the step that fails.

What is proved: it becomes ready, answers, knows its environment id, lets slow requests overlap as its model says,
turns readiness false and finishes the request in flight on SIGTERM, exits in time with its own code, and logs no error
on the way.
"""

import secrets
import socket

from lockstep import model, steps
from lockstep.errors import Refusal
from lockstep.process import Server
from lockstep.serving import in_force

__all__ = ["prove"]

LEAD_SECONDS = 0.2  # long enough to be seen, short enough not to be waited for


def prove() -> None:
    """Raise Refusal with the failed step and the server's last lines; print one line a step otherwise."""
    token, port = secrets.token_hex(8), free_port()
    with Server(port, settings(port, token)) as server:
        for name, step in steps.of(server, f"/.lockstep/{token}/wait", LEAD_SECONDS):
            try:
                said = step()
            except (AssertionError, OSError) as failure:
                server.kill()
                raise Refusal(
                    f"The service does not prove itself: {name}.",
                    [(model.MODEL, str(failure)), *(("server", line) for line in server.last_lines(12))],
                    "Start it by hand and look: `uv run noxfile.py -s serve`.",
                ) from failure
            print(f"  ✓ {name}: {said}", flush=True)


def settings(port: int, token: str) -> dict[str, str]:
    """The server's environment: its own port on loopback, a short lead, and the path that waits."""
    values = in_force().values
    chosen = {"host": "127.0.0.1", "port": str(port), "drain_lead": str(LEAD_SECONDS)}
    return {"LOCKSTEP_PROVE": token, **{values[name].env: value for name, value in chosen.items()}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
