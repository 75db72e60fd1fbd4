"""Billing periods: where they begin and end for an anchor, in UTC and Unix seconds."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS = {"month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Period:
    """A span of time; the end is not part of it."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Return its length."""
        return self.end - self.start


def boundary(anchor: int, interval: str, count: int, index: int) -> int:
    """Return where the period with a number begins; number 0 begins at the anchor.

    A month that is too short for the anchor's day ends its period on its last day; the next one comes back to the
    anchor's day (https://docs.stripe.com/billing/subscriptions/billing-cycle).
    """
    at = datetime.fromtimestamp(anchor, UTC)
    if interval in _DAYS:
        return int((at + timedelta(days=_DAYS[interval] * count * index)).timestamp())
    months = at.year * 12 + at.month - 1 + _MONTHS[interval] * count * index
    year, month = divmod(months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def period_at(anchor: int, interval: str, count: int, moment: int) -> Period:
    """Return the period that a moment is in; before the anchor, periods are counted backwards."""
    # An estimate from the mean length, then a few steps: months differ in length.
    mean = {"day": 86400, "week": 604800, "month": 2629746, "year": 31556952}[interval] * count
    index = (moment - anchor) // mean
    while boundary(anchor, interval, count, index) > moment:
        index -= 1
    while boundary(anchor, interval, count, index + 1) <= moment:
        index += 1
    return Period(boundary(anchor, interval, count, index), boundary(anchor, interval, count, index + 1))


def months_after(moment: int, months: int) -> int:
    """Return the moment some months later, on the last day where the month is too short."""
    return boundary(moment, "month", months, 1)
