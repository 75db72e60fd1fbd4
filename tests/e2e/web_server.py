"""The web servers of a stack: its own, and mutants beside it with one line of the product changed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from devstack import processes
from tests.devstack.helpers import free_block
from tests.e2e.stack import ROOT, Stack, status_of, wait_until

START_SECONDS = 60.0
MUTANT = Path(__file__).parent / "mutant"


@dataclass(frozen=True)
class WebServer:
    """A granian with its processes."""

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        """Return its address; cookies know no ports, so a session of the site is one here, too."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> dict[int, float]:
        """Return how long each of its processes has worked."""
        times = {process.pid: process.cpu_times() for process in self.process.children()}
        return {pid: found.user + found.system for pid, found in times.items()}

    def connections(self) -> dict[int, int]:
        """Return how many connections each of its processes has accepted and not closed."""
        return {
            process.pid: sum(
                connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == self.port
                for connection in process.net_connections("tcp")
            )
            for process in self.process.children()
        }

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        for process in [self.process, *self.process.children()]:
            process.kill()


@dataclass(frozen=True)
class Mutation:
    """A change to one module of the product; each old text has to stand there exactly once."""

    module: str
    changes: tuple[tuple[str, str], ...]


def own(stack: Stack) -> WebServer:
    """Return the stack's own web server."""
    (process,) = stack.children("granian")
    return WebServer(stack.port, process)


@contextmanager
def mutant(stack: Stack, mutation: Mutation) -> Iterator[WebServer]:
    """Run a web server as `another`, with a mutation; the product knows nothing of it."""
    path = os.pathsep.join([str(MUTANT), str(ROOT)])
    with another(stack, PYTHONPATH=path, DEZKY_TEST_MUTATION=json.dumps(vars(mutation))) as server:
        yield server


@contextmanager
def another(stack: Stack, **variables: str) -> Iterator[WebServer]:
    """Run a second web server over the stack's database and provider, which a test may bend or kill."""
    original, port = own(stack).process, free_block()
    command = [str(port) if word == str(stack.port) else word for word in original.cmdline()]
    environment = original.environ() | variables
    log = stack.directory / "log" / "another-web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or status_of(port, "/readyz") == 200,
            seconds=START_SECONDS,
            what="the other web answers",
        )
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        yield WebServer(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()
        processes.end_group(process.pid)
