"""Prorations of the payments stand-in against numbers that were worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devstack.payments.calendar import Period
from devstack.payments.money import rounded, settled, shown
from devstack.payments.proration import Debit, charge_for, credits_of


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _period(start: str, end: str) -> Period:
    return Period(_at(start), _at(end))


_NOVEMBER = _period("2026-11-01", "2026-12-01")  # 30 days, 2,592,000 seconds
_DECEMBER = _period("2026-12-01", "2027-01-01")  # 31 days
_END_OF_MONTH = _period("2026-01-31T10:00", "2026-02-28T10:00")  # 28 days
_LEAP = _period("2028-02-01", "2028-03-01")  # 29 days
_NO_LEAP = _period("2027-02-01", "2027-03-01")  # 28 days
_YEAR = _period("2026-03-01", "2027-03-01")  # 365 days
_LEAP_YEAR = _period("2027-03-01", "2028-03-01")  # 366 days, with 29 February 2028


@pytest.mark.parametrize(
    ("currency", "period", "at", "amount", "expected"),
    [
        # Stripe's own example: half of 10.00 and of 20.00.
        ("usd", _NOVEMBER, "2026-11-16", 1000, 500),
        ("usd", _NOVEMBER, "2026-11-16", 2000, 1000),
        # 10 seats at 17.00 with 20 of 30 days left: 17000 * 2/3 = 11333.33.
        ("eur", _NOVEMBER, "2026-11-11", 17000, 11333),
        # 13 seats: 22100 * 2/3 = 14733.33.
        ("eur", _NOVEMBER, "2026-11-11", 22100, 14733),
        # An exact half goes up: 5 / 2 = 2.5.
        ("eur", _NOVEMBER, "2026-11-16", 5, 3),
        # An hour in: 1700 * 2588400 / 2592000 = 1697.64.
        ("eur", _NOVEMBER, "2026-11-01T01:00", 1700, 1698),
        # A second in: 1700 * 2591999 / 2592000 = 1699.9993.
        ("eur", _NOVEMBER, "2026-11-01T00:00:01", 1700, 1700),
        # A second left: 1700 / 2592000 = 0.0007; a big bill's second is seen: 2592000 / 2592000 = 1.
        ("eur", _NOVEMBER, "2026-11-30T23:59:59", 1700, 0),
        ("eur", _NOVEMBER, "2026-11-30T23:59:59", 2592000, 1),
        # The whole period, and nothing of it.
        ("eur", _NOVEMBER, "2026-11-01", 1700, 1700),
        ("eur", _NOVEMBER, "2026-12-01", 1700, 0),
        # Yen have no decimals: 1700 * 7/30 = 396.67.
        ("jpy", _NOVEMBER, "2026-11-24", 1700, 397),
        # The last of the dinar's three decimals is 0: 5250 * 7/30 = 1225 = 122.5 tens, so 123 tens.
        ("kwd", _NOVEMBER, "2026-11-24", 5250, 1230),
        # 4000 * 7/30 = 933.33 = 93.3 tens.
        ("kwd", _NOVEMBER, "2026-11-24", 4000, 930),
        # Krona are sent times 100 and are whole: 249000 * 11/31 = 88354.84 = 883.5 krona, so 884.
        ("isk", _DECEMBER, "2026-12-21", 249000, 88400),
        # 100000 * 8/31 = 25806.45 = 258.06 krona.
        ("isk", _DECEMBER, "2026-12-24", 100000, 25800),
        # 31 January to 28 February has 28 days; 7 of them are left: 1700 / 4.
        ("eur", _END_OF_MONTH, "2026-02-21T10:00", 1700, 425),
        # A leap February has 29 days, 15 left at the 15th: 2900 * 15/29.
        ("eur", _LEAP, "2028-02-15", 2900, 1500),
        # Another February has 28 days, 14 left at the 15th.
        ("eur", _NO_LEAP, "2027-02-15", 2900, 1450),
        # A year: 17000 * 100/365 = 4657.53; a leap one: 17000 * 100/366 = 4644.81.
        ("eur", _YEAR, "2026-11-21", 17000, 4658),
        ("eur", _LEAP_YEAR, "2027-11-22", 17000, 4645),
    ],
)
def test_unused_and_remaining_time_cost_their_share(
    currency: str, period: Period, at: str, amount: int, expected: int
) -> None:
    charge = charge_for(amount, period, _at(at), currency)
    assert (charge.amount, charge.period) == (expected, Period(_at(at), period.end))
    credits_ = credits_of([Debit.of(amount, period)], _at(at), currency)
    # Nothing is credited where no time is left, not even a line.
    assert [part.amount for part in credits_] == ([-expected] if _at(at) < period.end else [])


def test_a_change_of_quantity_is_two_lines_rounded_by_themselves() -> None:
    # 3 seats at 9.99 with a third left: 2997 / 3 = 999; 4 seats: 3996 / 3 = 1332.
    # 1 seat at 1.00: 100 / 3 = 33.33; 2 seats: 200 / 3 = 66.67; the difference is 34 and not 33.33.
    at = _at("2026-11-21")
    lines = []
    for old, new in ((2997, 3996), (100, 200)):
        lines.append(credits_of([Debit.of(old, _NOVEMBER)], at, "eur")[0].amount)
        lines.append(charge_for(new, _NOVEMBER, at, "eur").amount)
    assert lines == [-999, 1332, -33, 67]


def test_a_change_from_month_to_year_credits_the_month_and_charges_the_whole_year() -> None:
    # 12 of December's 31 days are left: 1700 * 12/31 = 658.06; the year begins at the change.
    at = _at("2026-12-20")
    credit = credits_of([Debit.of(1700, _DECEMBER)], at, "eur")[0]
    year = charge_for(17000, Period(at, _at("2027-12-20")), at, "eur")
    assert (credit.amount, credit.period) == (-658, Period(at, _DECEMBER.end))
    assert (year.amount, year.period.end) == (17000, _at("2027-12-20"))


def test_a_second_change_credits_what_the_first_one_charged() -> None:
    # 1.00 with 17 of 30 days left: 56.67, so 57. With 13 left: 57 * 13/17 = 43.59, so 44 of the 57;
    # by the price it would be 100 * 13/30 = 43.33, so 43.
    first = charge_for(100, _NOVEMBER, _at("2026-11-14"), "eur")
    assert first.amount == 57
    credits_ = credits_of([Debit.of(first.amount, first.period)], _at("2026-11-18"), "eur")
    assert [part.amount for part in credits_] == [-44]


def test_a_moment_before_the_last_change_credits_both_charges() -> None:
    # 30.00 for November, given back from the 11th; then 40.00 for 20 of 30 days: 2666.67.
    # From the 6th: 3000 * 5/30 = 500 for the 6th to the 11th, and all of the 2667.
    changed = _at("2026-11-11")
    first = Debit.of(3000, _NOVEMBER).ended(changed)
    second = Debit.of(2667, Period(changed, _NOVEMBER.end))
    credits_ = credits_of([first, second], _at("2026-11-06"), "eur")
    assert [(part.amount, part.debit) for part in credits_] == [(-500, 0), (-2667, 1)]


def test_time_is_given_back_once() -> None:
    debit = Debit.of(3000, _NOVEMBER).ended(_at("2026-11-11"))
    assert credits_of([debit], _at("2026-11-11"), "eur") == []
    assert credits_of([debit], _at("2026-11-20"), "eur") == []
    # 10 of 30 days were kept; a later moment does not bring time back.
    assert debit.ended(_at("2026-11-20")) == debit


def test_a_discount_is_given_back_as_it_was_taken() -> None:
    # 17.00 less 20 % is 13.60; half of it.
    credits_ = credits_of([Debit.of(1360, _NOVEMBER)], _at("2026-11-16"), "eur")
    assert [part.amount for part in credits_] == [-680]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1700, "eur", "€17.00"),
        (1700, "jpy", "¥1,700"),
        (5250, "kwd", "KWD 5.250"),
        (249000, "isk", "ISK 2,490"),
        (-123456, "usd", "-$1,234.56"),
    ],
)
def test_amounts_are_shown_in_their_currency(amount: int, currency: str, text: str) -> None:
    assert shown(amount, currency) == text


@pytest.mark.parametrize(
    ("total", "balance", "currency", "expected"),
    [
        # (due, balance after it): nothing there, a credit used in part, used up, and added to.
        (1000, 0, "eur", (1000, 0)),
        (1000, -400, "eur", (600, 0)),
        (1000, -1400, "eur", (0, -400)),
        (-300, -400, "eur", (0, -700)),
        (-300, 500, "eur", (0, 200)),
        # 0.49 is too little for a card; with the 0.02 of before it is 0.51.
        (49, 0, "eur", (0, 49)),
        (49, 2, "eur", (51, 0)),
        (50, 0, "eur", (50, 0)),
        (0, 0, "eur", (0, 0)),
        (49, 0, "kwd", (49, 0)),
    ],
)
def test_the_balance_is_used_before_the_card(
    total: int, balance: int, currency: str, expected: tuple[int, int]
) -> None:
    assert settled(total, balance, currency) == expected


def test_halves_are_rounded_away_from_zero() -> None:
    assert [rounded(amount, "isk") for amount in (50, 49, -50, -49, 150)] == [100, 0, -100, 0, 200]
