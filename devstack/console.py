"""One readable log: steps with their time, and each service's lines under its name."""

from __future__ import annotations

import collections
import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import IO

_MAX_LOG_BYTES = 5_000_000


class Console:
    """Writes steps and services' lines to standard output, from any thread, a line at a time."""

    def __init__(self, log_dir: Path) -> None:
        """Start the clock."""
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._log_dir = log_dir

    def step(self, text: str) -> None:
        """Print a step with the seconds since the start."""
        self.line(f"[{time.monotonic() - self._started:5.1f} s] {text}")

    def line(self, text: str) -> None:
        """Print one line; a reader who went away does not stop Dezky."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(text, flush=True)

    def follow(self, name: str, stream: IO[bytes]) -> Tail:
        """Copy a stream to the log under a name, and to `<name>.log`, until it ends."""
        return Tail(name, stream, self, self._log_dir / f"{name}.log")


class Tail:
    """Reads one child's output in a thread and remembers its last lines."""

    def __init__(self, name: str, stream: IO[bytes], console: Console, path: Path) -> None:
        """Begin to read."""
        self.last: collections.deque[str] = collections.deque(maxlen=15)
        self._name, self._stream, self._console, self._path = name, stream, console, path
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self, timeout_seconds: float = 1.0) -> None:
        """Let the thread read what is still in the pipe."""
        self._thread.join(timeout_seconds)

    def _read(self) -> None:
        with self._open() as log, self._stream:
            for raw in self._stream:
                text = raw.decode(errors="replace").rstrip()
                self.last.append(text)
                self._console.line(f"{self._name:<9}| {text}")
                # A full disk must not stop the reading, or the child would block on its pipe.
                with contextlib.suppress(OSError):
                    log.write(text + "\n")
                    log.flush()

    def _open(self) -> IO[str]:
        try:
            if self._path.exists() and self._path.stat().st_size > _MAX_LOG_BYTES:
                self._path.replace(self._path.with_suffix(".log.1"))
            return self._path.open("a")
        except OSError:
            return Path("/dev/null").open("w")


def print_error(text: str) -> None:
    """Print a sentence to standard error."""
    with contextlib.suppress(OSError, ValueError):
        print(f"dezky: {text}", file=sys.stderr, flush=True)
