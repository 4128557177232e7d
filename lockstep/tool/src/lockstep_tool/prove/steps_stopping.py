"""A server that is told to stop says so first, finishes what it has, ends by itself, and has logged no error."""

import contextlib
import signal
import socket
from contextlib import ExitStack

from lockstep_tool.prove.expecting import expect, patience, wait_until
from lockstep_tool.prove.in_hand import WHOLE, Holding, Sent, fill
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.server_log import is_error, is_record, readable
from lockstep_tool.prove.steps_serving import become_ready

__all__ = ["drain_requests", "end_in_time", "log_no_error", "log_only_records"]

LONG_LEAD_SECONDS = 15
DROP_SECONDS = 0.5


def drain_requests(server: Server) -> str:
    """SIGTERM with a request in hand, let go when the server accepts no more: readiness turns false before that, and
    the answer arrives whole.
    """
    with ExitStack() as stack:
        holding = stack.enter_context(Holding())
        [flying] = fill(stack, server, holding, 1)
        before = server.family()
        unready = turn_unready(server, before)
        wait_until(lambda: accepts_no_more(server, before), lambda: f"it accepts connections {patience():g} s after SIGTERM")
        give_time_to_drop(flying)
        holding.let_go()
        try:
            answer = flying.read()
        except OSError as error:
            raise AssertionError(f"the request in hand was lost: {error}") from error
    expect(answer == WHOLE, "the answer to the request in hand is not whole")
    # Within a short lead, on a busy machine, nobody may have got to ask.
    expect(unready or turns_unready(server, LONG_LEAD_SECONDS), "readiness stayed 200 until it accepted no more")
    return "readiness false first, the request in hand answered"


def give_time_to_drop(flying: Sent) -> None:
    """A server that accepts no more may not have told each worker yet. Nobody fails by this; who drops what is in hand is
    given the time to do so before it is let go.
    """
    with contextlib.suppress(AssertionError):
        wait_until(flying.is_answered, lambda: "", lambda: DROP_SECONDS)


def turn_unready(server: Server, before: set[int]) -> bool:
    """SIGTERM, then ask until readiness is 503, or until the server accepts no more: then it was not seen."""
    server.signal(signal.SIGTERM)
    seen: list[int] = []

    def over() -> bool:
        try:
            with Sent(server.port, "/health/ready") as asked:
                wait_until(lambda: asked.is_answered() or not before <= server.family(), lambda: "readiness is not answered")
                seen.append(asked.read().status if asked.is_answered() else 0)
        except OSError:
            seen.append(0)
        return seen[-1] != 200

    wait_until(over, lambda: f"readiness is 200 {patience():g} s after SIGTERM")
    return seen[-1] == 503


def turns_unready(server: Server, lead: float) -> bool:
    """Whether another server, with nothing in hand and that many seconds for it, does."""
    with Server(server.production, {"drain_lead": lead}) as another:
        become_ready(another)
        return turn_unready(another, another.family())


def accepts_no_more(server: Server, before: set[int]) -> bool:
    """Whether nobody listens, or a process has ended that had nothing in hand."""
    if not before <= server.family():
        return True
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=patience()).close()
    except OSError:
        return True
    return False


def end_in_time(server: Server) -> str:
    """By itself: nothing has been in hand since the last answer, and its own patience is longer than this one."""
    took = server.wait(patience())
    if took is None:
        raise AssertionError(f"still running {patience():g} s after its last answer")
    expect(server.code() == 0, f"exit code {server.code()}, not 0")
    return f"{took:.2f} s after the answer"


def log_no_error(server: Server) -> str:
    """Not from its start to its end."""
    bad = [line for line in server.lines() if is_error(line)]
    expect(not bad, f"logged {readable(bad[0])[:300] if bad else ''}")
    return f"{len(server.lines())} lines"


def log_only_records(server: Server) -> str:
    """One JSON object a line; whoever collects the log loses what is none, or ends there."""
    bad = [line for line in server.lines() if not is_record(line)]
    expect(not bad, f"{len(bad)} of {len(server.lines())} lines are no JSON object, the first {bad[0][:300] if bad else ''!r}")
    return f"{len(server.lines())} records"
