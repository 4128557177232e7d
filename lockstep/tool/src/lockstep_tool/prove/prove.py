"""Boot the production server from the production set and see it keep its promises; name the step that fails.

What is proved is listed in steps.py: that it becomes ready, answers and overlaps requests as its model says; what slow
clients, too many requests, a lost worker and each kind of restart do to it; that it drains, exits in time with its own
code, and logs no error on the way.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from lockstep_serve import models as model
from lockstep_serve.errors import Refusal
from lockstep_tool.prove import steps
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.steps_loop import LOOP_STALL

__all__ = ["prove"]

LEAD_SECONDS = 0.5  # long enough to be seen on a busy machine, short enough not to be waited for


def prove() -> None:
    """Raise Refusal with the failed step and the server's last lines; print one line a step otherwise."""
    with Server({"drain_lead": LEAD_SECONDS, "loop_stall": LOOP_STALL}) as server, ThreadPoolExecutor() as pool:
        run(server, steps.first(server), say)
        others = [pool.submit(proved, begin) for begin in steps.beside()]
        run(server, steps.last(server, LEAD_SECONDS), say)
        for other in others:
            for line in other.result():
                say(line)
        if steps.missing():
            print(f"  - {steps.missing()}", flush=True)


def proved(begin: Callable[[ExitStack], tuple[Server, list[steps.Step]]]) -> list[str]:
    """What was seen of a server of its own."""
    seen: list[str] = []
    with ExitStack() as stack:
        server, its_steps = begin(stack)
        run(server, [steps.becomes_ready(server)], lambda _: None)
        run(server, its_steps, seen.append)
    return seen


def run(server: Server, its_steps: Iterable[steps.Step], tell: Callable[[str], None]) -> None:
    for step in its_steps:
        try:
            tell(f"{step.name}: {step.act()}")
        except (AssertionError, OSError) as failure:
            server.kill()
            raise Refusal(
                f"The service does not prove itself: {step.name}.",
                [(model.MODEL, str(failure)), *(("server", line) for line in server.last_lines(12))],
                "Start it by hand and look: `uv run noxfile.py -s serve`.",
            ) from failure


def say(line: str) -> None:
    print(f"  ✓ {line}", flush=True)
