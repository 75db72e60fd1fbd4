"""Processes of one run: marked in their environment, so that what is left of them can be told from strangers."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from devstack.data_dir import ROOT

MARK = "DEZKY_RUN"


class Run:
    """One run over a data directory: gives its children their mark, and a guardian that outlives it.

    The guardian is a process of its own that waits for the end of this process. However that comes about,
    kill -9 included, it stops every process that carries the mark.
    """

    def __init__(self, data_dir: Path) -> None:
        """Prepare the mark; nothing is started yet."""
        self.owner = str(data_dir)
        self.mark = f"{self.owner}#{secrets.token_hex(8)}"
        self._guardian: subprocess.Popen[bytes] | None = None

    def marked(self, environment: dict[str, str]) -> dict[str, str]:
        """Return the environment with the mark of this run."""
        return {**environment, MARK: self.mark}

    def keep_guarded(self) -> None:
        """Start the guardian, or start it again if somebody killed it."""
        if self._guardian is not None and self._guardian.poll() is None:
            return
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        self._guardian = subprocess.Popen(
            [sys.executable, "-P", "-m", "devstack.guardian", self.mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def dismiss_guardian(self) -> None:
        """End the guardian after all children have been stopped."""
        if self._guardian is not None:
            self._guardian.kill()
            self._guardian.wait()
            if self._guardian.stdin:
                self._guardian.stdin.close()
            self._guardian = None


def leftovers(owner: str, *, mark: str | None = None) -> list[psutil.Process]:
    """Return processes that earlier runs over this data directory left; with `mark`, those of that run alone."""
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            value = process.environ().get(MARK, "")
        except (psutil.Error, OSError):
            continue
        if value == mark if mark else value.rpartition("#")[0] == owner:
            found.append(process)
    return found


def stop_all(processes: Iterable[psutil.Process], *, grace_seconds: float = 3.0) -> list[str]:
    """Stop processes, PostgreSQL last, by force what does not go by itself; return the names of what was stopped.

    A process id that has been given to another process meanwhile is left alone (psutil compares start times).
    """
    everything = [process for process in processes if process.is_running()]
    databases = [process for process in everything if _is_postmaster(process)]
    others = [process for process in everything if process not in databases and not _is_named_postgres(process)]
    names = [_describe(process) for process in [*others, *databases]]
    _stop(others, [signal.SIGTERM, signal.SIGKILL], grace_seconds)
    _stop(databases, [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], grace_seconds)
    _stop([process for process in everything if process.is_running()], [signal.SIGKILL], grace_seconds)
    return names


def end_group(leader: int) -> None:
    """Kill what is left of a process group whose leader we started ourselves."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def describe_exit(code: int) -> str:
    """Return how a process ended, in words: `exit code 3` or `signal 9`."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _stop(processes: list[psutil.Process], signals: list[signal.Signals], grace_seconds: float) -> None:
    for number in signals:
        for process in processes:
            try:
                process.send_signal(number)
            except psutil.Error:
                continue
        deadline = time.monotonic() + grace_seconds
        while processes and time.monotonic() < deadline:
            # Polled, because most of them are not children of this process.
            processes = [process for process in processes if _is_alive(process)]
            if processes:
                time.sleep(0.05)
        if not processes:
            return


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _is_named_postgres(process: psutil.Process) -> bool:
    try:
        return bool(process.name() == "postgres")
    except psutil.Error:
        return False


def _is_postmaster(process: psutil.Process) -> bool:
    """Tell the server from its own children, which it stops itself and which read signals otherwise."""
    try:
        parent = process.parent()
    except psutil.Error:
        return False
    return _is_named_postgres(process) and not (parent and _is_named_postgres(parent))


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.name()} (pid {process.pid})"
    except psutil.Error:
        return f"pid {process.pid}"
