"""Run uvicorn's manager in this process, and uvicorn in each of its children, so that no deploy loses a request.

It differs from uvicorn 0.54 in this: it looks ten times a second, not twice; a worn process is replaced before it goes;
a process that is replaced does not call the whole service unready; a new one may take `request_timeout` seconds to
come; and a stop has an end.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess
from uvicorn.supervisors.multiprocess import Process as UvicornProcess

from lockstep_serve import manager_log, tell_ready
from lockstep_serve.application import in_force, start_logging
from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_uvicorn import options
from lockstep_serve.on_uvicorn.following import reload_on_change, start_successor
from lockstep_serve.on_uvicorn.server import Server
from lockstep_serve.worker_life import end_after

__all__ = ["Processes", "run"]

LOOK_SECONDS = 0.1
PING_SECONDS = 5.0  # answered by a thread of the child, whatever its event loop does
RETIRE = signal.SIGUSR1  # not SIGINT, of which a terminal sends one too: a second one would break off what is in flight
OF_MANAGER: dict[str, Any] = {"log_config": manager_log.CONFIG, "factory": True}
WORN = "worn"  # serves, and has served its share of requests; both may be true when it is looked at first

log = logging.getLogger("uvicorn.error")


class Process(UvicornProcess):
    """One child; `lifespan` is its share of requests and the jitter, `patience` the seconds in which it must come."""

    def __init__(self, config: Config, sockets: list[socket.socket], lifespan: tuple[int, int], patience: float) -> None:
        self.lifespan, self.worn, self.was_ready, self.manager = lifespan, False, False, os.getpid()
        self.ready_by = time.monotonic() + patience
        super().__init__(config, sockets)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """What the child does."""
        start_logging()
        end_after(*self.lifespan, worn=self.wear_out)
        # By now: the thread that answers pings would make another, which never starts.
        self._server = Server(self.config, parent=self.manager)
        signal.signal(RETIRE, self._server.handle_exit)
        super().target(sockets)

    def wear_out(self) -> None:
        self.worn = True

    def pong(self) -> None:
        """In the child: answer the manager whether it serves, and whether it has served its share."""
        self.child_conn.recv()
        self.child_conn.send(WORN if self.worn else self.server.started)

    def is_ready(self, timeout: float = 5) -> bool:
        """In the manager: whether it serves, worn or not."""
        return bool(self.look())

    def look(self, is_to_stop: Callable[[], bool] = lambda: False) -> bool | str | None:
        """In the manager: whether the child serves; `WORN` after its share; None when it is gone or silent.

        One that is still importing the service may answer nothing, and is not waited for; nor is any by a manager that is to
        stop, which learns nothing.
        """
        until = time.monotonic() + (PING_SECONDS if self.was_ready else 0)
        with contextlib.suppress(OSError, EOFError):
            self.parent_conn.send(b"ping")
            while self.process.is_alive():  # the pipe does not show that a child died
                if self.parent_conn.poll(LOOK_SECONDS):
                    answer: bool | str = self.parent_conn.recv()
                    return answer
                if is_to_stop():
                    return False
                if time.monotonic() >= until:
                    return False if time.monotonic() < self.ready_by and not self.was_ready else None
        return None


class Processes(Multiprocess):
    """`retiring` are children that were replaced and finish what they have."""

    def __init__(self, definition: Definition, listener: socket.socket) -> None:
        super().__init__(configure(definition), [listener])
        self.definition = definition
        self.retiring: list[UvicornProcess] = []
        self.code = 0

    def new(self) -> Process:
        share = (self.definition.max_requests, self.definition.max_requests_jitter)
        process = Process(self.config, self.sockets, share, self.definition.request_timeout)
        process.start()
        return process

    def serve(self) -> int:
        """Serve until SIGTERM or SIGINT; the exit code."""
        self.processes = [self.new() for _ in range(self.processes_num)]
        ready = False
        while not self.should_exit.wait(LOOK_SECONDS):
            self.handle_signals()
            self.keep_subprocess_alive()
            if not ready and all(isinstance(process, Process) and process.was_ready for process in self.processes):
                ready = True
                tell_ready()
        self.stop()
        return self.code

    def stop(self) -> None:
        """Have all drain, and kill what has not ended when the drain is over."""
        for listener in self.sockets:  # else the kernel goes on accepting for it, and nobody answers
            listener.close()
        everyone = [*self.processes, *self.retiring]
        for process in everyone:
            process.terminate()
        for process in everyone:
            process.process.join(self.definition.drain_lead + self.definition.last_patience)
            if process.process.exitcode is None:
                log.error("Child process [%s] did not end within the drain", process.pid)
                process.process.kill()
                process.process.join()

    def keep_subprocess_alive(self) -> None:
        self.retiring = [process for process in self.retiring if process.process.is_alive()]
        for index, process in enumerate(self.processes):
            if self.should_exit.is_set() or self.is_to_stop():
                return
            assert isinstance(process, Process)  # only these are made here
            state = process.look(self.is_to_stop)
            process.was_ready = process.was_ready or bool(state)
            if state is None:
                self.replace_dead(index, process)
            elif state == WORN:
                log.info("Child process [%s] has served its requests", process.pid)
                self.succeed(index)

    def replace_dead(self, index: int, process: UvicornProcess) -> None:
        process.kill()
        process.join()
        others = (other for other in self.processes if other is not process)
        serving = (other.wait_until_ready(PING_SECONDS, self.should_exit) for other in others)
        if process.exitcode == STARTUP_FAILURE and not any(serving):
            log.error("Child process [%s] failed to start, stopping.", process.pid)
            self.code = STARTUP_FAILURE
            self.should_exit.set()
            return
        log.error("Child process [%s] died", process.pid)
        self.processes[index] = self.new()

    def succeed(self, index: int) -> bool:
        """Start a successor, and let the old one go when it serves; false, with nothing changed, when it never does."""
        successor = self.new()
        if self.comes(successor):
            successor.was_ready = True
            self.let_go(self.processes[index])
            self.processes[index] = successor
            return True
        if self.is_to_stop():
            self.processes.append(successor)  # it is stopped as all are: it may have begun to serve
        else:
            successor.kill()
            successor.join()
        return False

    def is_to_stop(self) -> bool:
        return bool({signal.SIGTERM, signal.SIGINT} & set(self.signal_queue))

    def comes(self, process: Process) -> bool:
        """Whether it serves, before its patience is over or this manager is to stop."""
        while time.monotonic() < process.ready_by and not self.is_to_stop():
            if (state := process.look(self.is_to_stop)) or state is None:
                return bool(state)
            time.sleep(LOOK_SECONDS)
        return False

    def let_go(self, process: UvicornProcess) -> None:
        """End the child without the lead of SIGTERM: the others go on, and the service stays ready."""
        if process.process.pid is not None and process.process.exitcode is None:
            os.kill(process.process.pid, RETIRE)
        self.retiring.append(process)

    def restart_all(self) -> None:
        """SIGHUP: by the definition on disk, one after the other, and none when the first does not come."""
        before, config = self.definition, self.config
        if not self.read_again():
            return
        for index in range(len(self.processes)):
            if not self.succeed(index):
                if not self.is_to_stop():
                    log.error("SIGHUP changes nothing: the new code does not start")
                if index == 0:
                    self.definition, self.config = before, config
                return
        wanted = self.definition.model.processes(self.definition)[0]
        while self.processes_num < wanted:
            self.handle_ttin()
        while self.processes_num > wanted:
            self.handle_ttou()

    def read_again(self) -> bool:
        """Take the definition on disk; false, with a line in the log, where it cannot be taken."""
        from lockstep_serve.rehearsal import unfit  # most servers are never reloaded

        if why := unfit(self.definition.model):
            log.error("SIGHUP changes nothing: %s", why)
            return False
        self.definition = in_force()
        self.config = configure(self.definition)
        return True

    def handle_int(self) -> None:
        """Without the lead; a child that still starts dies of the first signal."""
        super().handle_int()
        for process in self.processes:
            process.terminate()
            self.let_go(process)

    def handle_usr2(self) -> None:
        start_successor(self.sockets[0])

    def handle_ttin(self) -> None:
        self.processes_num += 1
        self.processes.append(self.new())

    def handle_ttou(self) -> None:
        """uvicorn's would wait for the child meanwhile, deaf to all other signals."""
        if self.processes_num > 1:
            self.processes_num -= 1
            self.let_go(self.processes.pop())


def configure(definition: Definition) -> Config:
    """What the children serve by."""
    own = OF_MANAGER | {"workers": definition.model.processes(definition)[0]}
    return Config("lockstep_serve.application:build", **options(definition) | own)


def run(definition: Definition, listener: Listener, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT; the manager imports nothing of the service."""
    manager_log.configure()
    if reload:
        reload_on_change(options(definition) | OF_MANAGER, listener)
        return
    sys.exit(Processes(definition, listener.socket).serve())
