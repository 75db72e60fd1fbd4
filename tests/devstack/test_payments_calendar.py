"""Billing periods of the payments stand-in, by the calendar on the wall."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devstack.payments.calendar import Period, boundary, months_after, period_at


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "expected"),
    [
        ("2026-01-31T10:00", "month", 1, ["2026-02-28T10:00", "2026-03-31T10:00", "2026-04-30T10:00"]),
        ("2027-12-31T23:59:59", "month", 1, ["2028-01-31T23:59:59", "2028-02-29T23:59:59", "2028-03-31T23:59:59"]),
        ("2026-02-28T10:00", "month", 1, ["2026-03-28T10:00", "2026-04-28T10:00", "2026-05-28T10:00"]),
        ("2026-11-30T00:00", "month", 3, ["2027-02-28T00:00", "2027-05-30T00:00", "2027-08-30T00:00"]),
        ("2028-02-29T12:00", "year", 1, ["2029-02-28T12:00", "2030-02-28T12:00", "2031-02-28T12:00"]),
        ("2026-12-28T00:00", "week", 1, ["2027-01-04T00:00", "2027-01-11T00:00", "2027-01-18T00:00"]),
        ("2028-02-28T00:00", "day", 1, ["2028-02-29T00:00", "2028-03-01T00:00", "2028-03-02T00:00"]),
    ],
)
def test_periods_keep_the_day_of_their_anchor(anchor: str, interval: str, count: int, expected: list[str]) -> None:
    assert [boundary(_at(anchor), interval, count, index) for index in (1, 2, 3)] == [_at(each) for each in expected]


def test_a_leap_day_comes_back_after_four_years() -> None:
    assert boundary(_at("2028-02-29"), "year", 1, 4) == _at("2032-02-29")


def test_the_period_of_a_moment_begins_with_its_boundary() -> None:
    anchor = _at("2026-01-31T10:00")
    february = Period(_at("2026-02-28T10:00"), _at("2026-03-31T10:00"))
    assert period_at(anchor, "month", 1, february.start) == february
    assert period_at(anchor, "month", 1, february.end - 1) == february
    assert period_at(anchor, "month", 1, february.start - 1).end == february.start
    assert period_at(anchor, "month", 1, _at("2026-01-01")) == Period(_at("2025-12-31T10:00"), anchor)


def test_months_later_end_on_the_last_day_of_a_short_month() -> None:
    assert months_after(_at("2026-08-31"), 6) == _at("2027-02-28")
