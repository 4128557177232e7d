"""Name what holds the event loop: one blocking call in an async handler stops every other request of its process.

The loop beats, a thread listens. A loop held for `loop_stall` seconds is logged with the line that held it; one held
for `request_timeout` seconds ends the process, so that its manager or orchestrator starts another.
"""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from lockstep_serve.application import package_directory
from lockstep_serve.definition import Definition

__all__ = ["begin"]

HUNG = 70  # EX_SOFTWARE of sysexits.h

log = logging.getLogger("lockstep.loop")


def begin(loop: asyncio.AbstractEventLoop, definition: Definition, tell_of_end: Callable[[], None]) -> None:
    """Watch this loop, from this thread of it, until the process ends."""
    watch = Watch(loop, threading.get_ident(), definition.loop_stall, definition.request_timeout, tell_of_end)
    watch.tick()
    threading.Thread(target=watch.listen, name="lockstep-loop-watch", daemon=True).start()


class Watch:
    """`stall` and `limit` are seconds; `beat` is the time of the loop's last sign of life."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, thread: int, stall: float, limit: float, tell_of_end: Callable[[], None]
    ) -> None:
        self.loop, self.thread, self.stall, self.limit, self.tell_of_end = loop, thread, stall, limit, tell_of_end
        self.pace = min(stall / 4, 0.1)
        self.beat = time.monotonic()

    def tick(self) -> None:
        self.beat = time.monotonic()
        self.loop.call_later(self.pace, self.tick)

    def listen(self) -> None:
        """In a thread of its own: wait for a beat that is late, take down the stack, wait for the next beat."""
        while not self.loop.is_closed():
            time.sleep(self.pace)
            last = self.beat
            if time.monotonic() - last > self.stall:
                where, stack = self.look()
                while self.beat == last and not self.loop.is_closed():
                    if time.monotonic() - last > self.limit:
                        self.give_up(where, stack)
                    time.sleep(self.pace)
                self.report(self.beat - last, where, stack)

    def look(self) -> tuple[str, str]:
        """The innermost line of the service's own code, else of any; and the whole stack."""
        frame = sys._current_frames().get(self.thread)  # the documented way to see another thread
        if frame is None:
            return "unknown", ""
        frames = traceback.extract_stack(frame)
        home = str(package_directory())
        found = ([f for f in frames if f.filename.startswith(home)] or frames)[-1]
        where = f"{Path(found.filename).name}:{found.lineno} in {found.name}: {found.line}"
        return where, "".join(traceback.format_list(frames))

    def report(self, held: float, where: str, stack: str) -> None:
        facts = {"held_ms": round(held * 1000), "where": where, "stack": stack}
        log.warning("the event loop was held for %d ms at %s", facts["held_ms"], where, extra=facts)

    def give_up(self, where: str, stack: str) -> None:
        facts = {"where": where, "stack": stack}
        log.critical("the event loop is held since %d s at %s: this process ends", self.limit, where, extra=facts)
        self.tell_of_end()
        logging.shutdown()
        os._exit(HUNG)  # nothing else runs in a process whose loop is held
