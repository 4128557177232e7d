"""gunicorn's manager ("arbiter"), with what it lacks so that no deploy loses a request or breaks what runs.

It differs from gunicorn 27 in this: SIGTERM turns readiness false before the listener closes; SIGHUP and SIGUSR2
rehearse the new code in a throw-away process; a worker is stopped only when its successor serves, on SIGHUP and when
it is worn; and a stop is carried to its end.
"""

import contextlib
import os
import signal
import sys
import time
from typing import Any

from gunicorn import arbiter  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.errors import HaltServer  # type: ignore[import-untyped]  # the same

from lockstep_serve import begin_draining, tell_ready
from lockstep_serve.on_gunicorn.hooks import BOOTING, SERVING, WORN, say_last, stage

__all__ = ["Arbiter"]

LOOK_SECONDS = 0.02
RETRY_SECONDS = 2.0

arbiter.print = lambda *_, **__: None  # the same once more, and no JSON, after a line of the log


class Arbiter(arbiter.Arbiter):  # type: ignore[misc]  # untyped, see above
    """`retiring` are stopped workers and the end of their patience; `successors` are the workers that follow worn ones."""

    def __init__(self, app: Any) -> None:
        self.spawn_after = 0.0
        self.retiring: dict[int, float] = {}
        self.successors: dict[int, int] = {}
        self.told_ready = self.stopping = False
        super().__init__(app)
        self.START_CTX["args"] = [sys.executable, "-m", "lockstep_serve", "serve"]  # what SIGUSR2 starts

    def signal(self, sig: int, frame: Any) -> None:
        """Note at once that it is to stop, whatever the manager waits for."""
        if sig == signal.SIGTERM:
            begin_draining()
        self.stopping = self.stopping or sig in {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
        super().signal(sig, frame)

    def handle_term(self) -> None:
        """Readiness is false; stop accepting `drain_lead` seconds later."""
        time.sleep(self.app.definition.drain_lead)
        super().handle_term()

    def handle_int(self) -> None:
        """Ctrl-C: the same without the lead; each kind of gunicorn's workers would do something else."""
        super().handle_term()

    def handle_hup(self) -> None:
        if self.cfg.reload:  # under `dev` it is a terminal that closes
            self.handle_int()
        elif self.rehearsed("SIGHUP"):
            super().handle_hup()

    def handle_usr2(self) -> None:
        if os.getpid() == 1:
            self.log.error("SIGUSR2 changes nothing: a container ends with its first process. Start another container.")
        elif self.rehearsed("SIGUSR2"):
            self.maybe_promote_master()  # else it may not have noticed yet that the one before it has gone, and would refuse
            super().handle_usr2()

    def rehearsed(self, signal_name: str) -> bool:
        """Whether the new code can be imported and built, and taken by what the signal does; logs why when it cannot."""
        from lockstep_serve.rehearsal import rehearse_apart, unfit  # workers inherit what is imported, and need none of it

        failure = rehearse_apart(lambda: self.stopping)
        why = f"the new code does not start. {failure}" if failure else ""
        if not why and signal_name == "SIGHUP":
            why = unfit(self.app.definition.model)
        if why and not self.stopping:
            self.log.error("%s changes nothing: %s", signal_name, why)
        return not why

    def reload(self) -> None:
        """Start new workers beside the old, and let the old go when every new one serves."""
        self._stats["reloads"] += 1
        self.app.reload()
        self.setup(self.app)
        old = [pid for pid in self.WORKERS if pid not in self.retiring]
        new = [self.spawn_worker() for _ in range(self.num_workers)]
        if self.all_serve(new):
            self.retire(old)
        else:
            if not self.stopping:
                self.log.error("SIGHUP changes nothing: not every new worker came to serve within %s s", self.timeout)
            self.retire(new)
        self.successors.clear()

    def all_serve(self, pids: list[int]) -> bool:
        """Wait for these workers, at most `timeout` seconds; false as soon as one of them is gone, or this is to stop."""
        until = time.monotonic() + self.timeout
        while time.monotonic() < until and not self.stopping:
            with contextlib.suppress(HaltServer):
                self.reap_workers()
            if not set(pids) <= set(self.WORKERS):
                return False
            if all(stage(self.WORKERS[pid]) == SERVING for pid in pids):
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def spawn_worker(self) -> int:
        """Hold SIGTERM back until the worker can die of it: it inherits a handler that would swallow it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            return int(super().spawn_worker())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def retire(self, pids: list[int]) -> None:
        """Stop workers, once: they finish what they have, they no longer count, and nothing replaces them."""
        for pid in pids:
            if pid in self.WORKERS and pid not in self.retiring:
                self.retiring[pid] = time.monotonic() + self.cfg.graceful_timeout + self.timeout
                self.kill_worker(pid, signal.SIGTERM)

    def murder_workers(self) -> None:
        """Kill whose heartbeat stopped; a worker that drains has none, and has its own time."""
        for pid, until in self.retiring.items():
            if pid in self.WORKERS and time.monotonic() < until:
                self.WORKERS[pid].tmp.notify()
        super().murder_workers()

    def manage_workers(self) -> None:
        """Keep as many workers as are wanted, worn ones until their successors serve."""
        self.retiring = {pid: until for pid, until in self.retiring.items() if pid in self.WORKERS}
        if time.monotonic() < self.spawn_after:
            return
        self.follow_worn()
        counted = [pid for pid in self.WORKERS if pid not in self.retiring and pid not in self.successors.values()]
        for _ in range(self.num_workers - len(counted)):
            self.spawn_worker()
        if not self.told_ready and counted and all(stage(self.WORKERS[pid]) != BOOTING for pid in counted):
            self.told_ready = True
            tell_ready()
        surplus = len(counted) - self.num_workers
        if surplus > 0:
            self.retire(sorted(counted, key=lambda pid: int(self.WORKERS[pid].age))[:surplus])

    def follow_worn(self) -> None:
        """Start a successor for each worn worker; let the worn one go when its successor serves."""
        for pid, worker in list(self.WORKERS.items()):
            if stage(worker) == WORN and pid not in self.retiring and self.successors.get(pid) not in self.WORKERS:
                self.log.info("Worker (pid:%s) has served its requests", pid)
                self.successors[pid] = self.spawn_worker()
        for pid, successor in list(self.successors.items()):
            follower = self.WORKERS.get(successor)
            if pid not in self.WORKERS or (follower and stage(follower) != BOOTING):
                self.retire([pid])
                del self.successors[pid]

    def reap_workers(self) -> None:
        """Take note of workers that ended. gunicorn stops whole when one cannot boot; here, only when none serves."""
        try:
            super().reap_workers()
        except HaltServer:
            if not any(stage(worker) != BOOTING for pid, worker in self.WORKERS.items() if pid not in self.retiring):
                raise
            self.log.error("A worker could not boot; those that serve go on. Next try in %s s", RETRY_SECONDS)
            self.spawn_after = time.monotonic() + RETRY_SECONDS
            self.reap_workers()

    def stop(self, graceful: bool = True) -> None:
        """Stop to the end: one more worker that cannot boot breaks gunicorn's own stop off, with a traceback."""
        self.maybe_promote_master()  # else it may take one that has gone for its predecessor
        if self.reexec_pid == self.master_pid == 0 and not self.systemd:
            for worker in self.WORKERS.values():
                say_last(worker)
        try:
            super().stop(graceful)
        except HaltServer:  # raised once for each such worker, after it was taken off the list
            self.stop(graceful)
