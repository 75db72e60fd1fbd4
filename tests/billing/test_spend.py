"""What a month costs, whatever the interval; each figure was worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from billing.money import Money
from billing.spend import monthly_spend

NOW = 1_700_000_000


def _price(unit: str = "1700", interval: str = "month", count: int = 1, **more: Any) -> dict[str, Any]:
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    scheme = {"billing_scheme": "per_unit", "tiers_mode": None, "transform_quantity": None}
    return {"id": "price_1", "unit_amount_decimal": unit, "recurring": recurring, **scheme, **more}


def _subscription(
    *items: tuple[dict[str, Any], int],
    status: str = "active",
    discounts: list[Any] | None = None,
    currency: str = "eur",
) -> dict[str, Any]:
    data = [{"price": price, "quantity": quantity} for price, quantity in items]
    return {"currency": currency, "status": status, "items": {"data": data}, "discounts": discounts or []}


def _discount(**coupon: Any) -> dict[str, Any]:
    end = coupon.pop("end", None)
    return {"end": end, "source": {"type": "coupon", "coupon": {"duration": "forever", **coupon}}}


@pytest.mark.parametrize(
    ("interval", "count", "unit", "expected"),
    [
        ("month", 1, "1700", 1700),
        ("month", 3, "5100", 1700),  # a quarter: 51.00 / 3
        ("year", 1, "20400", 1700),
        ("year", 2, "40800", 1700),
        ("week", 1, "100", 435),  # 1.00 x 52.1775 / 12 = 4.348125
        ("week", 2, "100", 217),  # half of it: 2.1740625
        ("day", 1, "100", 3044),  # 1.00 x 365.2425 / 12 = 30.436875
    ],
)
def test_an_interval_is_made_a_month(interval: str, count: int, unit: str, expected: int) -> None:
    found = monthly_spend(_subscription((_price(unit, interval, count), 1)), at=NOW)
    assert found == Money("eur", expected)


def test_it_is_rounded_once_over_all_items() -> None:
    thirds = _price("100", "month", 3)  # 33.33… each
    assert monthly_spend(_subscription((thirds, 1), (thirds, 1), (thirds, 1)), at=NOW) == Money("eur", 100)


def test_fractions_of_a_unit_are_kept_until_the_end() -> None:
    assert monthly_spend(_subscription((_price("0.5"), 7)), at=NOW) == Money("eur", 4)  # 3.5


TIERS = [
    {"up_to": 10, "unit_amount": 1000, "unit_amount_decimal": "1000", "flat_amount": 500, "flat_amount_decimal": "500"},
    {"up_to": 20, "unit_amount": 800, "unit_amount_decimal": "800", "flat_amount": None, "flat_amount_decimal": None},
    {"up_to": None, "unit_amount": 600, "unit_amount_decimal": "600", "flat_amount": None, "flat_amount_decimal": None},
]


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("graduated", 0, 0),
        ("graduated", 10, 10_500),  # 10 x 10.00 + 5.00
        ("graduated", 11, 11_300),  # and 1 x 8.00
        ("graduated", 25, 21_500),  # 105.00 + 10 x 8.00 + 5 x 6.00
        ("volume", 10, 10_500),
        ("volume", 11, 8_800),  # all at 8.00
        ("volume", 25, 15_000),  # all at 6.00
        ("volume", 0, 0),
    ],
)
def test_tiers(mode: str, quantity: int, expected: int) -> None:
    price = _price(billing_scheme="tiered", tiers_mode=mode, tiers=TIERS)
    assert monthly_spend(_subscription((price, quantity)), at=NOW) == Money("eur", expected)


def test_tiers_that_were_not_expanded_are_no_zero() -> None:
    price = _price(billing_scheme="tiered", tiers_mode="volume")
    with pytest.raises(ValueError, match="tiers of price_1 are not expanded"):
        monthly_spend(_subscription((price, 1)), at=NOW)


@pytest.mark.parametrize(("rounding", "expected"), [("up", 3400), ("down", 1700)])
def test_packs_of_seats(rounding: str, expected: int) -> None:
    price = _price(transform_quantity={"divide_by": 5, "round": rounding})
    assert monthly_spend(_subscription((price, 9)), at=NOW) == Money("eur", expected)


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        (_discount(percent_off=25.0), 12_750),  # of 170.00
        (_discount(percent_off=33.3), 11_339),  # 170.00 x 0.667 = 113.39
        (_discount(amount_off=2000), 15_000),
        (_discount(amount_off=50_000), 0),
        (_discount(percent_off=25.0, duration="once"), 17_000),
        (_discount(percent_off=25.0, duration="repeating", end=NOW + 1), 12_750),
        (_discount(percent_off=25.0, duration="repeating", end=NOW), 17_000),
    ],
)
def test_discounts(discount: dict[str, Any], expected: int) -> None:
    found = monthly_spend(_subscription((_price(), 10), discounts=[discount]), at=NOW)
    assert found == Money("eur", expected)


def test_an_amount_off_counts_once_a_period() -> None:
    yearly = _subscription((_price("20400", "year"), 10), discounts=[_discount(amount_off=12_000)])
    assert monthly_spend(yearly, at=NOW) == Money("eur", 16_000)  # 170.00 - 120.00 / 12


def test_discounts_that_were_not_expanded_are_no_zero() -> None:
    with pytest.raises(TypeError, match="discounts are not expanded"):
        monthly_spend(_subscription((_price(), 1), discounts=["di_1"]), at=NOW)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("active", 1700),
        ("past_due", 1700),
        ("unpaid", 1700),
        ("trialing", 0),
        ("incomplete", 0),
        ("incomplete_expired", 0),
        ("paused", 0),
        ("canceled", 0),
    ],
)
def test_what_is_not_paid_for_costs_nothing(status: str, expected: int) -> None:
    assert monthly_spend(_subscription((_price(), 1), status=status), at=NOW) == Money("eur", expected)


def test_what_is_metered_is_not_known_ahead() -> None:
    metered = _price()
    metered["recurring"] = {"interval": "month", "interval_count": 1, "usage_type": "metered"}
    assert monthly_spend(_subscription((metered, 1), (_price(), 2)), at=NOW) == Money("eur", 3400)


def test_the_currency_is_the_subscriptions() -> None:
    assert monthly_spend(_subscription((_price("2500"), 2), currency="jpy"), at=NOW) == Money("jpy", 5000)
