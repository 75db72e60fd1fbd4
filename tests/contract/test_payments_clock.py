"""The stand-in's clock: set, advanced, frozen; what is due happens on the way, in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from devstack.payments import clock
from devstack.payments.store import Shelf
from tests.contract.payments_server import Payments, control

_JANUARY = int(datetime(2026, 1, 31, 10, tzinfo=UTC).timestamp())


@pytest.fixture
def asked() -> Iterator[list[tuple[int, int]]]:
    spans: list[tuple[int, int]] = []

    def hook(_shelf: Shelf, since: int, until: int) -> None:
        spans.append((since, until))

    clock.on_advance.append(hook)
    yield spans
    clock.on_advance.remove(hook)


def test_clock_set_is_what_objects_are_made_at(payments: Payments) -> None:
    said = control(payments.url, action="clock", to="2026-01-31T10:00:00Z", frozen=True)
    made = payments.stripe.v1.customers.create({"name": "Acme"})
    event = payments.stripe.v1.events.list().data[0]
    assert (said["now"], made.created, event.created) == (_JANUARY, _JANUARY, _JANUARY)


def test_clock_set_runs_on_and_reset_gives_the_real_time(payments: Payments) -> None:
    control(payments.url, action="clock", to="2026-01-31T10:00:00Z")
    time.sleep(1.1)
    assert _JANUARY < control(payments.url, action="clock")["now"] <= _JANUARY + 30
    assert abs(control(payments.url, action="clock", reset=True)["now"] - time.time()) < 5


def test_clock_advanced_asks_for_all_time_between_in_steps(payments: Payments, asked: list[tuple[int, int]]) -> None:
    control(payments.url, action="clock", to="2026-01-31T10:00:00Z", frozen=True)
    asked.clear()
    assert control(payments.url, action="clock", advance_seconds=180000)["now"] == _JANUARY + 180000
    assert asked == [
        (_JANUARY, _JANUARY + 86400),
        (_JANUARY + 86400, _JANUARY + 172800),
        (_JANUARY + 172800, _JANUARY + 180000),
    ]
    asked.clear()
    control(payments.url, action="clock", to="2026-01-31T09:00:00Z")
    assert [span for span in asked if span[1] - span[0] > 60] == []
