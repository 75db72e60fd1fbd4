"""How much of a web process a slow identity provider may hold: a few lanes, and no queue behind a slow call.

A thread that waits for the provider serves nobody else. Each process has `IDENTITY_LANES` lanes, at most a
quarter of its threads. While calls are quick, whoever finds them taken waits for a moment; once one of
them has been slow, newcomers are told at once that the provider is away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

SLOW_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0


class NoLaneFree(Exception):
    """Every lane is held by a slow call."""


class Lanes:
    """A bounded number of threads that may wait for the provider at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken_at: dict[int, float] = {}

    @property
    def taken(self) -> int:
        """Return how many lanes are taken."""
        return len(self._taken_at)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a lane; a thread that has one already goes on in it.

        Raises:
            NoLaneFree: all are taken, and the oldest of their calls is slow.
        """
        me = threading.get_ident()
        if me in self._taken_at:
            yield
            return
        self._take(me)
        try:
            yield
        finally:
            with self._changed:
                del self._taken_at[me]
                self._changed.notify()

    def _take(self, me: int) -> None:
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._changed:
            while len(self._taken_at) >= settings.IDENTITY_LANES:
                slow_at = min(self._taken_at.values()) + SLOW_SECONDS
                left = min(slow_at, give_up_at) - time.monotonic()
                if left <= 0:
                    raise NoLaneFree
                self._changed.wait(left)
            self._taken_at[me] = time.monotonic()


lanes = Lanes()
