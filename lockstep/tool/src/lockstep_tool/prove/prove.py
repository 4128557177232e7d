"""Boot the production server from the production set and see that it does what its model says; name the step that fails.

What is proved is listed in steps.py: that it becomes ready, answers and overlaps requests as its model says; what slow
clients, too many requests, a lost worker and each kind of restart do to it; that it drains, ends by itself with its own
code, and logs no error on the way.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from lockstep_serve.errors import Refusal
from lockstep_tool.prove.production import Production, read_production
from lockstep_tool.prove.proofs import ANSWERS, PROOFS, explain_change, recall, remember
from lockstep_tool.prove.shell import allow_files, list_suspects
from lockstep_tool.prove.subject import describe_subject
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import needed_names

if TYPE_CHECKING:  # what is already proved does without
    from lockstep_tool.prove.process import Server
    from lockstep_tool.prove.steps import Other, Step

__all__ = ["prove"]

REPEAT = "uv run noxfile.py -s prove -- --again"
WIDTH = 80

Tell = Callable[[str, str], None]  # a step's name, and what was seen


def prove(root: Path, *, again: bool = False) -> None:
    """Print one line a step; raises Refusal with the step that failed and the server's last lines.

    What was proved of exactly these bytes on this machine is not proved twice, but for `again` and in CI.
    """
    allow_files()
    production = read_production(Service(root))
    if production.made_up:
        print(f"  - not set, so made up here: {', '.join(production.made_up)}", flush=True)
    subject = describe_subject(production)
    if not again and (proof := recall(root, PROOFS, subject)):
        said = f"  ✓ proved at {proof['at']}, nothing has changed since: {', '.join(proof['steps'])}"
        print(fill(said, WIDTH, subsequent_indent="    ", break_on_hyphens=False))
        print(f"    {REPEAT} repeats it", flush=True)
        return
    if not again and not os.environ.get("CI") and (change := explain_change(root, PROOFS, subject)):
        print(f"  - {change}", flush=True)
    from lockstep_tool.prove.apart import LIMIT_SECONDS, work_apart

    names, answers = work_apart(lambda: prove_steps(production), LIMIT_SECONDS)
    after = describe_subject(production)
    if after.key == subject.key:  # else something changed meanwhile, and nobody knows what was proved
        remember(root, PROOFS, after, {"steps": names})
        remember(root, ANSWERS, after, {"answers": answers})


def prove_steps(production: Production) -> tuple[list[str], dict[str, object]]:
    """The names of the steps, each printed with what was seen, and what the server answers to its own requests."""
    from lockstep_tool.prove import steps
    from lockstep_tool.prove.process import Server

    names: list[str] = []
    answers: dict[str, object] = {}

    def say(name: str, seen: str) -> None:
        names.append(name)
        print(f"  ✓ {name}: {seen}", flush=True)

    with Server(production, steps.values_of_main(production)) as server:
        run(server, [steps.become_ready(server)], say)  # with the machine for itself; the rest is more waiting than work
        with prove_beside(production, steps.list_others(production)) as others:
            run(server, steps.list_first(server, answers), say)
            run(server, steps.list_last(server), say)
            for other in others:
                for name, seen in other.result():
                    say(name, seen)
    for missing in filter(None, [steps.list_missing(production), steps.list_unseen()]):
        print(f"  - {missing}", flush=True)
    return names, answers


@contextmanager
def prove_beside(production: Production, others: Iterable["Other"]) -> Iterator[list[Future[list[tuple[str, str]]]]]:
    """Each on a server of its own, at the same time. After a failure nobody waits for what they still have to do."""
    from lockstep_tool.prove.process import end_servers

    with ThreadPoolExecutor() as pool:
        try:
            yield [pool.submit(prove_other, production, other) for other in others]
        except BaseException:
            end_servers()
            raise


def prove_other(production: Production, other: "Other") -> list[tuple[str, str]]:
    """What was seen of a server of its own."""
    from lockstep_tool.prove.steps import become_ready

    told: list[tuple[str, str]] = []
    with ExitStack() as stack:
        server, its_steps = other(production, stack)
        run(server, [become_ready(server)], lambda *_: None)
        run(server, its_steps, lambda name, seen: told.append((name, seen)))
    return told


def run(server: "Server", its_steps: Iterable["Step"], tell: Tell) -> None:
    """Each step in turn; raises Refusal with the first that fails."""
    for step in its_steps:
        begun = len(server.lines())
        try:
            seen = step.act()
        except (AssertionError, OSError) as failure:
            server.kill()
            raise explain_failure(server, step, failure, begun) from failure
        tell(step.name, seen)


def explain_failure(server: "Server", step: "Step", failure: Exception, begun: int) -> Refusal:
    """The step with what it saw, what the server told in it, and what of this shell may be the cause."""
    suspects, lines = list(list_suspects(needed_names(server.production.service))), server.last_lines(begun)
    last = next((line for line in reversed(lines) if line.strip()), "")
    fix = step.fix
    if (server.code() or 0) > 0 and last.endswith(".") and not last.startswith(" "):  # it refused to start, in three parts
        fix = "Do what the server's last line says, then run this again."
    if suspects:
        fix = f"Run it again with {', '.join(name for name, _ in suspects)} unset: the server gets what this shell has. {fix}"
    return Refusal(
        f"The service does not prove itself: {step.name}.",
        [
            (server.production.model.name, str(failure)),
            *((name, f"{value}   <- set in this shell") for name, value in suspects),
            *(("server", line) for line in lines),
        ],
        fix,
    )
