"""A slow provider holds a few lanes of a process, and nobody queues behind it."""

from __future__ import annotations

import threading
import time

import pytest
from pytest_django.fixtures import Settings

from accounts.lanes import SLOW_SECONDS, Lanes, NoLaneFree


@pytest.fixture
def lanes(settings: Settings) -> Lanes:
    """Return two lanes."""
    settings.IDENTITY_LANES = 2
    return Lanes()


class _Slow:
    """Threads that hold a lane until they are let go."""

    def __init__(self, lanes: Lanes, count: int) -> None:
        self._go_on = threading.Event()
        self._threads = [threading.Thread(target=self._hold, args=(lanes,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()
        while lanes.taken < count:
            time.sleep(0.001)

    def _hold(self, lanes: Lanes) -> None:
        with lanes.one():
            self._go_on.wait(10)

    def end(self) -> None:
        self._go_on.set()
        for thread in self._threads:
            thread.join()


def test_behind_slow_calls_nobody_waits(lanes: Lanes) -> None:
    slow = _Slow(lanes, 2)
    time.sleep(SLOW_SECONDS)
    started = time.monotonic()
    with pytest.raises(NoLaneFree), lanes.one():
        pass
    assert time.monotonic() - started < SLOW_SECONDS / 5
    assert lanes.taken == 2
    slow.end()
    with lanes.one():
        assert lanes.taken == 1
    assert lanes.taken == 0


def test_behind_quick_calls_one_waits_for_a_moment(lanes: Lanes) -> None:
    slow = _Slow(lanes, 2)
    threading.Timer(SLOW_SECONDS / 5, slow.end).start()
    with lanes.one():
        assert lanes.taken <= 2


def test_a_thread_with_a_lane_goes_on_in_it(lanes: Lanes) -> None:
    slow = _Slow(lanes, 1)
    with lanes.one(), lanes.one():
        assert lanes.taken == 2
    assert lanes.taken == 1
    slow.end()


def test_a_failure_gives_the_lane_back(lanes: Lanes) -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="a failure"), lanes.one():
            raise ValueError("a failure")
    assert lanes.taken == 0
