"""Amounts are whole minor units of one currency, and are written as their readers write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import Money, minor_digits, round_half_up

NARROW, BREAKING = "\u202f", "\xa0"


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (128_400, "eur", "en", "€1,284.00"),
        (128_400, "eur", "de", f"1.284,00{BREAKING}€"),
        (-500, "eur", "en", "-€5.00"),
        (1_284, "jpy", "en", "¥1,284"),
        (1_284_000, "kwd", "en", f"KWD{BREAKING}1,284.000"),
        (123_456, "rsd", "en", f"RSD{BREAKING}1,234.56"),
        (150_000, "ugx", "en", f"UGX{BREAKING}1,500"),
        (150_000, "isk", "en", f"ISK{BREAKING}1,500"),
        (150_000, "isk", "is", f"1.500{BREAKING}kr."),
        (128_400, "usd", "fr", f"1{NARROW}284,00{BREAKING}$US"),
    ],
)
def test_an_amount_is_written_as_its_reader_writes_it(minor: int, currency: str, locale: str, expected: str) -> None:
    assert Money(currency, minor).format(locale) == expected


def test_two_currencies_have_no_sum() -> None:
    assert Money("eur", 1) + Money("eur", 2) == Money("eur", 3)
    with pytest.raises(ValueError, match="eur and usd have no sum"):
        Money("eur", 1) + Money("usd", 1)


def test_the_digits_are_stripes_and_not_cldrs() -> None:
    assert {currency: minor_digits(currency) for currency in ("eur", "jpy", "kwd", "isk", "ugx", "huf")} == {
        "eur": 2,
        "jpy": 0,
        "kwd": 3,
        "isk": 2,
        "ugx": 2,
        "huf": 2,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1/2", 1), ("-1/2", -1), ("5/2", 3), ("-5/2", -3), ("49/100", 0), ("-49/100", 0), ("51/100", 1), ("0", 0)],
)
def test_halves_go_away_from_zero(value: str, expected: int) -> None:
    assert round_half_up(Fraction(value)) == expected


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_rounding_moves_by_at_most_a_half_and_mirrors_at_zero(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    assert abs(round_half_up(value) - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -round_half_up(value)
