"""A bar for each month, in percent of the height: what a page needs to draw a chart as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billing.money import Money, minor_digits
from billing.selectors import SpendYear

_STEPS = 4
_NICE = (1, 2, 4, 6, 8)  # times a power of ten: round amounts at every line


@dataclass(frozen=True)
class Bar:
    """One month: its place and height are percent, as SVG's attributes take them."""

    month: date
    spent: Money
    y: str
    height: str


@dataclass(frozen=True)
class Chart:
    """The bars, oldest first, and the amounts at the lines, highest first."""

    bars: list[Bar]
    ticks: list[Money]


@dataclass(frozen=True)
class Comparison:
    """The newest month in which something was paid, against the one before it."""

    month: date
    before: date
    tenths_of_percent: int

    @property
    def is_more(self) -> bool:
        """Return whether more was paid than in the month before."""
        return self.tenths_of_percent > 0

    @property
    def is_same(self) -> bool:
        """Return whether the same was paid."""
        return self.tenths_of_percent == 0

    @property
    def percent(self) -> str:
        """Return the difference without its sign, to a tenth."""
        whole, tenth = divmod(abs(self.tenths_of_percent), 10)
        return f"{whole}.{tenth}" if tenth else str(whole)


def chart_of(year: SpendYear) -> Chart:
    """Return a year's chart; a month in which more went back than was paid has no bar."""
    top = _top(year.highest_minor, year.currency)
    bars = []
    for each in year.months:
        tenths = round(Fraction(1000 * max(0, each.spent.minor), top))
        bars.append(Bar(each.month, each.spent, _percent(1000 - tenths), _percent(tenths)))
    return Chart(bars, [Money(year.currency, top * step // _STEPS) for step in range(_STEPS, -1, -1)])


def comparison_of(year: SpendYear) -> Comparison | None:
    """Return how the newest paid month compares with the one before; None where there is nothing to compare."""
    for before, last in reversed(list(zip(year.months, year.months[1:], strict=False))):
        if last.spent.minor <= 0:
            continue
        if before.spent.minor <= 0:
            return None
        change = Fraction(1000 * (last.spent.minor - before.spent.minor), before.spent.minor)
        return Comparison(last.month, before.month, round(change))
    return None


def _percent(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}%"


def _top(highest: int, currency: str) -> int:
    """Return the amount at the highest line: such that every line stands at a round one."""
    power: int = _STEPS * 10 ** minor_digits(currency)
    while True:
        for factor in _NICE:
            if factor * power >= highest:
                return factor * power
        power *= 10
