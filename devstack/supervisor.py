"""Runs steps and services as soon as what they wait for is there, keeps services alive, stops them in order."""

from __future__ import annotations

import collections
import http.client
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from devstack.console import Console, Tail
from devstack.data_dir import ROOT
from devstack.errors import CannotRunError
from devstack.processes import Run, describe_exit, end_group

CRASH_LIMIT = 5
CRASH_WINDOW_SECONDS = 60.0
_BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0)


@dataclass
class Task:
    """A step, which runs to its end, or a service, which is there to stay.

    `health` is (port, path) of an address that answers 200 when a service is up; without one it is up at once.
    `stop_rank` orders the stopping: lowest first.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    after: frozenset[str] = frozenset()
    is_service: bool = False
    health: tuple[int, str] | None = None
    stop_rank: int = 0
    stop_seconds: float = 5.0
    start_seconds: float = 60.0
    done_message: str = ""
    on_done: Callable[[], None] = lambda: None


@dataclass
class _State:
    task: Task
    process: subprocess.Popen[bytes] | None = None
    tail: Tail | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    is_done: bool = False
    is_first_start: bool = True
    crashes: collections.deque[float] = field(default_factory=collections.deque)


class Supervisor:
    """Holds the tasks of one run; all methods are called from one thread."""

    def __init__(self, run: Run, console: Console) -> None:
        """Begin with no tasks."""
        self._run = run
        self._console = console
        self._states: dict[str, _State] = {}

    def add(self, task: Task) -> None:
        """Take a task in; it starts when all of `after` are done."""
        self._states[task.name] = _State(task)

    def pid(self, name: str) -> int | None:
        """Return the process id of a running task."""
        process = self._states[name].process
        return process.pid if process and process.poll() is None else None

    def is_ready(self) -> bool:
        """Tell whether all steps have ended and all services are up."""
        return all(state.is_done for state in self._states.values())

    def tick(self) -> None:
        """Look after all tasks once: start, note what is done, restart what died.

        Raises:
            CannotRunError: a step failed, or a service died too often or did not come up.
        """
        self._run.keep_guarded()
        for state in self._states.values():
            if state.process is None:
                if self._may_start(state):
                    self._start(state)
                continue
            code = state.process.poll()
            if code is not None:
                self._ended(state, code)
            elif not state.is_done:
                self._look_whether_up(state)

    def run_until(self, condition: Callable[[], bool], *, interval_seconds: float = 0.05) -> None:
        """Tick until the condition holds."""
        while not condition():
            self.tick()
            time.sleep(interval_seconds)

    def stop(self) -> None:
        """Stop everything, rank by rank; what does not go in its time is killed."""
        for rank in sorted({state.task.stop_rank for state in self._states.values()}):
            states = [state for state in self._states.values() if state.task.stop_rank == rank and state.process]
            for state in states:
                if state.process and state.process.poll() is None:
                    state.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            for state in states:
                self._wait_or_kill(state, started + state.task.stop_seconds)

    def _may_start(self, state: _State) -> bool:
        if state.is_done and not state.task.is_service:
            return False
        if any(not self._states[name].is_done for name in state.task.after if name in self._states):
            return False
        return time.monotonic() >= state.start_again_at

    def _start(self, state: _State) -> None:
        try:
            state.process = subprocess.Popen(
                list(state.task.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=self._run.marked(state.task.environment),
                start_new_session=True,
            )
        except OSError as error:
            message = f"cannot start {state.task.name} ({state.task.command[0]}: {error.strerror})."
            raise CannotRunError(message) from error
        state.started_at = time.monotonic()
        if state.process.stdout:
            state.tail = self._console.follow(state.task.name, state.process.stdout)

    def _look_whether_up(self, state: _State) -> None:
        task = state.task
        if not task.is_service:
            return
        if task.health is None or answers(*task.health):
            state.is_done = True
            if state.is_first_start:
                self._console.step(task.done_message or f"{task.name} is running")
            else:
                self._console.step(f"{task.name} is running again")
            state.is_first_start = False
        elif time.monotonic() - state.started_at > task.start_seconds:
            message = f"{task.name} did not come up within {task.start_seconds:.0f} seconds{self._last_words(state)}"
            raise CannotRunError(message)

    def _ended(self, state: _State, code: int) -> None:
        process, task = state.process, state.task
        if process is None:
            return
        # Workers of a killed server would hold its port.
        end_group(process.pid)
        state.process = None
        if state.tail:
            state.tail.wait(0.3)
        if not task.is_service:
            if code != 0:
                message = f"the step {task.name} failed ({describe_exit(code)}){self._last_words(state)}"
                raise CannotRunError(message)
            state.is_done = True
            task.on_done()
            self._console.step(f"{task.done_message or task.name} ({time.monotonic() - state.started_at:.1f} s)")
            return
        now = time.monotonic()
        state.crashes.append(now)
        while now - state.crashes[0] > CRASH_WINDOW_SECONDS:
            state.crashes.popleft()
        if len(state.crashes) >= CRASH_LIMIT:
            message = (
                f"{task.name} stopped {CRASH_LIMIT} times within a minute ({describe_exit(code)}), so everything is "
                f"being stopped{self._last_words(state)}"
            )
            raise CannotRunError(message)
        state.is_done = False
        state.start_again_at = now + _BACKOFF_SECONDS[len(state.crashes) - 1]
        self._console.step(f"{task.name} stopped ({describe_exit(code)}); starting it again")

    def _wait_or_kill(self, state: _State, deadline: float) -> None:
        process = state.process
        if process is None:
            return
        try:
            process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._console.step(f"{state.task.name} did not stop in time and is being killed")
        end_group(process.pid)
        process.wait()
        state.process = None
        if state.tail:
            state.tail.wait()

    def _last_words(self, state: _State) -> str:
        words = [line for line in (state.tail.last if state.tail else ()) if line.strip()]
        return f"; its last words: {words[-1].strip()} (log/{state.task.name}.log has more)." if words else "."


def answers(port: int, path: str) -> bool:
    """Tell whether a service on this machine answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
