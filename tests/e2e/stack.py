"""A whole Dezky, run by the real `up` on free ports, for tests that look at it from outside."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from devstack import data_dir as data
from devstack import processes
from devstack.environment import PRODUCT_VARIABLES
from tests.devstack.helpers import free_block

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0
STOP_SECONDS = 30.0
_started: dict[int, subprocess.Popen[bytes]] = {}  # kept: the worker that started `up` is its parent to the end


@dataclass(frozen=True)
class Stack:
    """One running Dezky; `ready_seconds` is how long it took to say so."""

    port: int
    directory: Path
    pid: int
    ready_seconds: float = 0.0

    @property
    def url(self) -> str:
        """Return the site's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def identity_url(self) -> str:
        """Return the identity stand-in's address."""
        return f"http://127.0.0.1:{self.port + 1}"

    def control(self, action: str, **message: object) -> dict[str, Any]:
        """Steer the identity stand-in."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port + 1, timeout=10)
        try:
            connection.request("POST", "/_control", json.dumps({"action": action} | message))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, body
        answered: dict[str, Any] = json.loads(body)
        return answered

    def status(self, path: str) -> int | None:
        """Return the status of a page to a stranger; None if nobody answers."""
        return status_of(self.port, path)

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """Open the database as PostgreSQL's superuser, who sees every tenant."""
        state = data.read(self.directory / "postgres.json")
        url = f"postgresql://postgres:{state['passwords']['postgres']}@127.0.0.1:{state['port']}/dezky"
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def value(self, query: str, *parameters: object) -> Any:
        """Return the first column of the first row."""
        with self.database() as connection:
            row = connection.execute(query.encode(), parameters).fetchone()
        return row[0] if row else None

    def change(self, query: str, *parameters: object) -> int:
        """Change rows behind the product's back; return how many."""
        with self.database() as connection:
            return connection.execute(query.encode(), parameters).rowcount

    def output(self) -> str:
        """Return what `up` has printed."""
        return (self.directory.parent / f"{self.directory.name}.log").read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return `up` and every process that it has started."""
        found = processes.leftovers(str(self.directory))
        return [psutil.Process(self.pid), *found] if psutil.pid_exists(self.pid) else found

    def children(self, *words: str) -> list[psutil.Process]:
        """Return the processes directly under `up` whose command line has all of `words`."""
        found = []
        for process in psutil.Process(self.pid).children():
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def is_alive(self) -> bool:
        """Tell whether this very `up` still runs."""
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.directory) in process.cmdline()
        except psutil.Error:
            return False


def status_of(port: int, path: str) -> int | None:
    """Return the status that a port of this machine answers a stranger with; None if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def wait_until(condition: Callable[[], object], *, seconds: float, what: str, every_seconds: float = 0.05) -> float:
    """Wait for a condition to hold; return how long it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(every_seconds)
    return time.monotonic() - started


def start(directory: Path, *, port: int | None = None, program: str = "devstack.up") -> Stack:
    """Run `up`, or a program that varies it, over a data directory and wait until it says that it is ready."""
    port = port or free_block()
    environment = {name: value for name, value in os.environ.items() if name not in PRODUCT_VARIABLES}
    command = [sys.executable, "-P", "-m", program, "--port", str(port), "--data-dir", str(directory)]
    log = directory.parent / f"{directory.name}.log"
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    while "Dezky is ready" not in log.read_text(errors="replace"):
        is_late = time.monotonic() - started > START_SECONDS
        if is_late or process.poll() is not None:
            process.terminate()
            raise AssertionError(f"Dezky did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)
    _started[process.pid] = process
    return Stack(port, directory, process.pid, time.monotonic() - started)


def stop(stack: Stack) -> None:
    """Stop a Dezky as Ctrl-C would, and demand that no process of it stays."""
    try:
        psutil.Process(stack.pid).send_signal(signal.SIGINT)
        wait_until(lambda: not stack.is_alive(), seconds=STOP_SECONDS, what="up has stopped")
        reap(stack)
    finally:
        left = processes.stop_all(processes.leftovers(str(stack.directory)))
        data.remove_fallback_home(Path(data.read(stack.directory / "postgres.json").get("home", "")))
    assert not left, f"processes stayed: {left}"
    assert "Dezky has stopped" in stack.output(), stack.output()[-2000:]


def reap(stack: Stack) -> None:
    """Take note of the end of an `up` that this process has started."""
    if stack.pid in _started:
        _started.pop(stack.pid).wait()


def running(directory: Path) -> Stack:
    """Return the Dezky that runs over a data directory already."""
    known = data.read(directory / "up.json")
    return Stack(int(known["port"]), directory, int(known["pid"]))


@contextmanager
def shared(base: Path, name: str = "stack") -> Iterator[Stack]:
    """Give the one Dezky of this name to all workers: who needs it first starts it, who needs it last stops it."""
    book, lock = base / f"{name}.json", base / f"{name}.lock"
    with _held(lock, fcntl.LOCK_EX):
        known = json.loads(book.read_text()) if book.exists() else {"users": 0, "port": 0}
        if known["users"]:
            stack = Stack(known["port"], base / name, known["pid"], known["ready_seconds"])
        else:
            stack = start(base / name, port=known["port"] or None)
        about = {"port": stack.port, "pid": stack.pid, "ready_seconds": stack.ready_seconds}
        book.write_text(json.dumps({**about, "users": known["users"] + 1}))
    try:
        yield stack
    finally:
        with _held(lock, fcntl.LOCK_EX):
            known = json.loads(book.read_text())
            known["users"] -= 1
            book.write_text(json.dumps(known))
            if not known["users"]:
                stop(stack)


@contextmanager
def turn(base: Path, *, alone: bool) -> Iterator[None]:
    """Hold the Dezky of all workers, together with the others or alone; nobody is passed over."""
    with (base / "turn.lock").open("a") as held:
        # Who waits for their turn alone waits here, and those behind them too.
        with _held(base / "door.lock", fcntl.LOCK_EX):
            fcntl.flock(held, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield
