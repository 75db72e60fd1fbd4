"""The chart of a year: where the bars stand, what the lines are, and how a month compares."""

from __future__ import annotations

from datetime import date

import pytest

from billing.charts import chart_of, comparison_of
from billing.money import Money
from billing.selectors import MonthSpend, SpendYear


def _year(*minor: int, currency: str = "eur") -> SpendYear:
    return SpendYear(
        currency, [MonthSpend(date(2026, 1 + n, 1), Money(currency, each)) for n, each in enumerate(minor)]
    )


def test_bars_are_percent_of_a_round_top() -> None:
    chart = chart_of(_year(0, 40_000, 128_400))
    assert [tick.minor for tick in chart.ticks] == [160_000, 120_000, 80_000, 40_000, 0]
    assert [(bar.y, bar.height) for bar in chart.bars] == [("100.0%", "0.0%"), ("75.0%", "25.0%"), ("19.8%", "80.2%")]


@pytest.mark.parametrize(
    ("currency", "minor", "top"), [("jpy", 5_000, 8_000), ("isk", 150_000, 160_000), ("eur", 1, 400)]
)
def test_every_line_is_a_whole_amount_of_its_currency(currency: str, minor: int, top: int) -> None:
    ticks = chart_of(_year(minor, currency=currency)).ticks
    assert ticks[0].minor == top
    assert all(tick.major == tick.major.to_integral_value() for tick in ticks)


def test_a_month_in_which_more_went_back_has_no_bar() -> None:
    assert chart_of(_year(10_000, -500)).bars[1].height == "0.0%"


@pytest.mark.parametrize(
    ("months", "percent", "is_more"),
    [((100_000, 106_200), "6.2", True), ((200, 100), "50", False), ((100, 100), "0", False)],
)
def test_the_newest_paid_month_is_compared_with_the_one_before(
    months: tuple[int, ...], percent: str, is_more: bool
) -> None:
    found = comparison_of(_year(*months))
    assert found is not None
    assert (found.percent, found.is_more) == (percent, is_more)


def test_a_running_month_without_a_payment_compares_the_last_two() -> None:
    found = comparison_of(_year(100, 150, 0))
    assert found is not None
    assert (found.month, found.before, found.percent) == (date(2026, 2, 1), date(2026, 1, 1), "50")


@pytest.mark.parametrize("months", [(0, 0), (0, 100), (100, 0)])
def test_nothing_is_compared_with_nothing(months: tuple[int, ...]) -> None:
    assert comparison_of(_year(*months)) is None
