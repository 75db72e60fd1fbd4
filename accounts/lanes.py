"""How much of a web process a slow service may hold: a few lanes, and no queue behind a slow call.

A thread that waits for somebody else's service serves nobody. Each process has `IDENTITY_LANES` lanes to the
identity provider, at most a quarter of its threads, and billing has its own to Stripe. While calls are quick,
whoever finds them taken waits for a moment; once one of them has been slow, newcomers are told at once that
the service is away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

SLOW_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0


class NoLaneFree(Exception):
    """Every lane is held by a slow call."""


class Lanes:
    """A bounded number of threads that may wait for one service at once."""

    def __init__(self, limit: Callable[[], int] = lambda: int(settings.IDENTITY_LANES)) -> None:
        """Ask `limit` each time how many there are."""
        self._limit = limit
        self._has_one: ContextVar[bool] = ContextVar("has_lane", default=False)
        self._changed = threading.Condition()
        self._taken_at: dict[object, float] = {}

    @property
    def taken(self) -> int:
        """Return how many lanes are taken."""
        return len(self._taken_at)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a lane; whoever has one already goes on in it.

        Raises:
            NoLaneFree: all are taken, and the oldest of their calls is slow.
        """
        if self._has_one.get():
            yield
            return
        lane = object()
        self._take(lane)
        token = self._has_one.set(True)
        try:
            yield
        finally:
            self._has_one.reset(token)
            with self._changed:
                del self._taken_at[lane]
                self._changed.notify()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Go on without a lane: for a thread that is no web worker's."""
        token = self._has_one.set(True)
        try:
            yield
        finally:
            self._has_one.reset(token)

    def _take(self, lane: object) -> None:
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._changed:
            while len(self._taken_at) >= self._limit():
                slow_at = min(self._taken_at.values()) + SLOW_SECONDS
                left = min(slow_at, give_up_at) - time.monotonic()
                if left <= 0:
                    raise NoLaneFree
                self._changed.wait(left)
            self._taken_at[lane] = time.monotonic()


lanes = Lanes()
