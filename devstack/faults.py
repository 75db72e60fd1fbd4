"""Outages on demand, for everything or for single endpoints."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["down", "slow", "drip", "status"]
EVERYWHERE = "*"


@dataclass(frozen=True)
class Fault:
    """One way to fail.

    `is_after` fails after the work is done: the token is rotated or the card charged, the answer is lost. A drip
    is always so. Without it nothing happens at the server; a slow request is dropped when its caller has
    gone by the time its turn comes. A `body` is what a status comes with, as JSON, instead of a page.
    """

    kind: FaultKind
    seconds: float = 0
    bytes_per_second: float = 0
    code: int = 503
    body: str = ""
    is_after: bool = False


class Faults:
    """The faults in force; a change ends the waiting of requests that are under way."""

    def __init__(self) -> None:
        """Begin without a fault."""
        self._condition = threading.Condition()
        self._faults: dict[str, Fault] = {}
        self._remaining: dict[str, int] = {}
        self._generation = 0

    def put(self, fault: Fault, endpoints: list[str], times: int | None = None) -> None:
        """Let `endpoints` (empty: everything) fail from now on, or only `times` times."""
        with self._condition:
            if not endpoints:
                self._faults.clear()
                self._remaining.clear()
            for endpoint in endpoints or [EVERYWHERE]:
                self._faults[endpoint] = fault
                self._remaining.pop(endpoint, None)
                if times is not None:
                    self._remaining[endpoint] = times
            self._change()

    def clear(self, endpoints: list[str]) -> None:
        """Let `endpoints` (empty: everything) work again."""
        with self._condition:
            for endpoint in endpoints or list(self._faults):
                self._faults.pop(endpoint, None)
                self._remaining.pop(endpoint, None)
            self._change()

    def take(self, endpoint: str) -> Fault | None:
        """Return the fault that this request meets."""
        with self._condition:
            name = endpoint if endpoint in self._faults else EVERYWHERE
            fault = self._faults.get(name)
            if fault is not None and name in self._remaining:
                self._remaining[name] -= 1
                if self._remaining[name] <= 0:
                    del self._faults[name], self._remaining[name]
            return fault

    @property
    def generation(self) -> int:
        """Return a number that every change of the faults raises."""
        with self._condition:
            return self._generation

    def wait(self, seconds: float, since: int) -> bool:
        """Wait; return True as soon as the faults are changed since that generation."""
        with self._condition:
            return self._condition.wait_for(lambda: self._generation != since, seconds)

    def describe(self) -> dict[str, str]:
        """Return the kind of fault by endpoint ("*" is everything)."""
        with self._condition:
            return {endpoint: fault.kind for endpoint, fault in self._faults.items()}

    def _change(self) -> None:
        self._generation += 1
        self._condition.notify_all()


class Counts:
    """How often each endpoint was asked, failing or not."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, *names: str) -> None:
        """Count one request under each of `names`."""
        with self._lock:
            self._counts.update(names)

    def snapshot(self) -> dict[str, int]:
        """Return the counts by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def clear(self) -> None:
        """Begin at zero again."""
        with self._lock:
            self._counts.clear()
