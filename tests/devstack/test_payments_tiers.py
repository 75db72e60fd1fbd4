"""Tiered prices of the payments stand-in, by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from devstack.payments.tiers import cost, portions


def _tier(up_to: int | None, unit: int, flat: int | None = None) -> dict[str, Any]:
    return {"up_to": up_to, "unit_amount": unit, "flat_amount": flat}


def _price(mode: str, *tiers: dict[str, Any]) -> dict[str, Any]:
    return {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": list(tiers)}


_STEPS = (_tier(10, 1000), _tier(50, 800), _tier(None, 500, 2000))


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        # Each unit at the price of its tier: 10 * 10.00 + 5 * 8.00.
        ("graduated", 10, 10000),
        ("graduated", 15, 14000),
        # 10 * 10.00 + 40 * 8.00 + 10 * 5.00 + 20.00.
        ("graduated", 60, 49000),
        # All units at the price of the tier they reach.
        ("volume", 10, 10000),
        ("volume", 11, 8800),
        ("volume", 60, 32000),
    ],
)
def test_tiers_add_up_by_their_mode(mode: str, quantity: int, expected: int) -> None:
    assert cost(_price(mode, *_STEPS), quantity) == expected


def test_a_tier_has_a_line_and_its_flat_fee_another() -> None:
    found = portions(_price("graduated", *_STEPS), 60)
    assert [(each.tier, each.quantity, int(each.amount), each.is_flat) for each in found] == [
        (1, 10, 10000, False),
        (2, 40, 32000, False),
        (3, 10, 5000, False),
        (3, 0, 2000, True),
    ]


def test_a_base_fee_is_due_for_no_unit_at_all() -> None:
    assert cost(_price("graduated", _tier(5, 0, 900), _tier(None, 100)), 0) == 900


def test_units_may_cost_parts_of_a_cent() -> None:
    price = {"billing_scheme": "per_unit", "unit_amount": None, "unit_amount_decimal": "0.35"}
    assert cost(price, 3) == Fraction(105, 100)


def test_packages_are_counted_up_or_down() -> None:
    price = {"billing_scheme": "per_unit", "unit_amount": 500, "unit_amount_decimal": "500"}
    assert cost({**price, "transform_quantity": {"divide_by": 10, "round": "up"}}, 11) == 1000
    assert cost({**price, "transform_quantity": {"divide_by": 10, "round": "down"}}, 19) == 500
