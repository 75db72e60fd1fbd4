"""`bin/dezky up`: all of Dezky on this machine, from nothing to ready, until told to stop."""

from __future__ import annotations

import argparse
import collections
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from devstack import data_dir as data
from devstack import environment, plan, processes
from devstack import ports as port_check
from devstack.console import Console
from devstack.environment import Ports
from devstack.errors import CannotRunError, run_main
from devstack.people import PEOPLE
from devstack.postgres import Cluster
from devstack.processes import Run, describe_exit
from devstack.stamps import Stamps
from devstack.supervisor import CRASH_LIMIT, CRASH_WINDOW_SECONDS, Supervisor

Planner = Callable[[plan.Situation], plan.Plan]


class _StopAsked(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal; not an `Exception`, so that nothing on the way swallows it."""


@dataclass(frozen=True)
class Arguments:
    """What `up` was asked for."""

    ports: Ports
    directory: Path
    is_fresh: bool


def parse(words: Sequence[str] | None = None) -> Arguments:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bin/dezky up", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=environment.DEFAULT_PORT, help="the web's port (8000); +1 to +4 too"
    )
    parser.add_argument("--data-dir", help="where everything is kept (.dezky/)")
    parser.add_argument("--fresh", action="store_true", help="start over with empty data")
    read = parser.parse_args(words)
    return Arguments(Ports(read.port), data.choose(read.data_dir), read.fresh)


def main(planner: Planner = plan.make, words: Sequence[str] | None = None) -> int:
    """Set up, run and look after everything; return the exit code."""
    arguments = parse(words)
    given = {name: os.environ[name] for name in environment.PRODUCT_VARIABLES if os.environ.get(name)}
    standins = environment.standins_needed(given)
    if bool(given.get("DATABASE_URL")) != bool(given.get("DATABASE_OWNER_URL")):
        message = "DATABASE_URL and DATABASE_OWNER_URL go together: give both, or none for the embedded PostgreSQL."
        raise CannotRunError(message)
    directory = arguments.directory
    data.create(directory)
    lock = data.try_lock(directory / "up.lock")
    if lock is None:
        known = data.read(directory / "up.json")
        message = (
            f"Dezky is already running at {known.get('url', 'this data directory')} (pid {known.get('pid', '?')})."
        )
        raise CannotRunError(message)
    with lock:
        try:
            return _Up(arguments, given, standins, planner).run()
        except OSError as error:
            raise data.explain(error, directory) from error


class _Up:
    def __init__(self, arguments: Arguments, given: dict[str, str], standins: frozenset[str], planner: Planner) -> None:
        self._ports = arguments.ports
        self._directory = arguments.directory
        self._is_fresh = arguments.is_fresh
        self._given = given
        self._standins = standins
        self._planner = planner
        self._console = Console(self._directory / "log")
        self._family = Run(self._directory)
        self._supervisor = Supervisor(self._family, self._console)
        self._cluster: Cluster | None = None
        self._database_crashes: collections.deque[float] = collections.deque()
        self._url = f"http://127.0.0.1:{self._ports.web}"

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _ask_to_stop)
        code = 0
        try:
            self._prepare()
            self._start()
            while True:
                self._look_after()
                time.sleep(0.2)
        except _StopAsked:
            self._console.step("stopping")
        except BaseException:
            code = 1
            raise
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._hurry)
            self._stop()
            if code == 0:
                self._console.step("Dezky has stopped; its data is kept")
        return code

    def _prepare(self) -> None:
        stopped = processes.stop_all(processes.leftovers(str(self._directory)))
        if stopped:
            self._console.step(f"stopped what an earlier run had left: {', '.join(stopped)}")
        if self._is_fresh:
            data.empty(self._directory)
            data.create(self._directory)
            self._console.step("starting over with empty data")
        port_check.refuse_taken(self._ports.of(self._standins))
        about = {"pid": os.getpid(), "url": self._url, "port": self._ports.web}
        data.write_private(self._directory / "up.json", about)

    def _start(self) -> None:
        stamps = Stamps(self._directory)
        urls: dict[str, str] = {}
        if not self._given.get("DATABASE_URL"):
            urls = self._start_database(stamps)
        variables = environment.build(self._directory, self._ports, given=self._given, database_urls=urls)
        made = self._planner(plan.Situation(self._directory, self._ports, self._standins, variables, stamps.is_current))
        for task in made.tasks:
            if task.name in made.digests:
                # At once, so that a start cut short later need not do it again.
                task.on_done = partial(stamps.done, task.name, made.digests[task.name])
            self._supervisor.add(task)
        while not self._supervisor.is_ready():
            self._look_after()
            time.sleep(0.05)
        self._announce()

    def _start_database(self, stamps: Stamps) -> dict[str, str]:
        self._cluster = Cluster(self._directory, run=self._family)
        self._cluster.start()
        self._cluster.ensure_roles()
        if self._cluster.ensure_database("dezky"):
            stamps.forget()
        self._console.step(f"PostgreSQL is running (port {self._cluster.port})")
        return {
            "DATABASE_URL": self._cluster.url("dezky_app", "dezky"),
            "DATABASE_OWNER_URL": self._cluster.url("dezky_owner", "dezky"),
        }

    def _look_after(self) -> None:
        self._revive_database()
        self._supervisor.tick()

    def _revive_database(self) -> None:
        if self._cluster is None or self._cluster.process is None:
            return
        code = self._cluster.process.poll()
        if code is None:
            return
        now = time.monotonic()
        self._database_crashes.append(now)
        while now - self._database_crashes[0] > CRASH_WINDOW_SECONDS:
            self._database_crashes.popleft()
        if len(self._database_crashes) >= CRASH_LIMIT:
            message = (
                f"PostgreSQL stopped {CRASH_LIMIT} times within a minute ({describe_exit(code)}); see log/postgres.log."
            )
            raise CannotRunError(message)
        self._console.step(f"PostgreSQL stopped ({describe_exit(code)}); starting it again")
        port = self._cluster.port
        self._cluster.start()
        if self._cluster.port != port:
            message = f"PostgreSQL's port {port} was taken while it was down: start bin/dezky up again."
            raise CannotRunError(message)
        self._console.step("PostgreSQL is running again")

    def _stop(self) -> None:
        self._supervisor.stop()
        if self._cluster is not None:
            self._cluster.stop(timeout_seconds=3.0)
        # What a signal cut off between its start and our noting it.
        processes.stop_all(processes.leftovers(self._family.owner, mark=self._family.mark), grace_seconds=1.0)
        self._family.dismiss_guardian()

    def _hurry(self, _number: int, _frame: FrameType | None) -> None:
        """Kill at once on a second Ctrl-C; the database survives that as it does a power cut."""
        self._console.step("stopping at once")
        for process in processes.leftovers(self._family.owner, mark=self._family.mark):
            process.kill()

    def _announce(self) -> None:
        line = self._console.line
        rows = [("Portal", f"{self._url}/"), ("Operator portal", f"{self._url}/operator/")]
        if environment.IDENTITY in self._standins:
            rows.append(("Identity", f"http://127.0.0.1:{self._ports.identity}/"))
        if environment.PAYMENTS in self._standins:
            rows.append(("Payments", f"http://127.0.0.1:{self._ports.payments}/"))
        if environment.MAILBOX in self._standins:
            rows.append(("Mailbox", f"http://127.0.0.1:{self._ports.mailbox}/"))
        rows.append(("Data and logs", str(self._directory)))
        line("")
        for name, value in rows:
            line(f"  {name:<16} {value}")
        if environment.IDENTITY in self._standins:
            line("\n  Accounts; sign in with one click, no password")
            for person in PEOPLE:
                line(f"    {person.email:<26} {person.note}")
        line("")
        line(f"Dezky is ready: {self._url}")


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise _StopAsked


if __name__ == "__main__":
    run_main(main)
