"""What a quantity of a price costs: per unit, graduated or by volume (https://docs.stripe.com/products-prices)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Portion:
    """A part of a price that stands on a line of its own; `unit` is exact and in minor units."""

    quantity: int
    unit: Fraction
    amount: Fraction
    tier: int | None = None
    is_flat: bool = False


def portions(price: dict[str, Any], quantity: int) -> list[Portion]:
    """Return the parts of what a quantity costs for one period: one per unit, or one for each tier and flat fee."""
    if price.get("billing_scheme") != "tiered":
        unit = _exact(price, "unit_amount")
        return [Portion(quantity, unit, unit * _units(price, quantity))]
    tiers = price["tiers"]
    found = _graduated(tiers, quantity) if price["tiers_mode"] == "graduated" else _volume(tiers, quantity)
    return list(found)


def cost(price: dict[str, Any], quantity: int) -> Fraction:
    """Return what a quantity costs for one period, exactly."""
    return sum((portion.amount for portion in portions(price, quantity)), Fraction())


def _units(price: dict[str, Any], quantity: int) -> int:
    transform = price.get("transform_quantity")
    if not transform:
        return quantity
    divisor: int = transform["divide_by"]
    whole, rest = divmod(quantity, divisor)
    return whole + (1 if rest and transform["round"] == "up" else 0)


def _graduated(tiers: list[dict[str, Any]], quantity: int) -> Iterator[Portion]:
    below = 0
    for number, tier in enumerate(tiers, 1):
        top = tier["up_to"]
        units = (quantity if top is None else min(quantity, top)) - below
        # The first tier counts even for nothing: its flat fee is a base fee.
        if units > 0 or number == 1:
            yield from _of_tier(tier, number, max(units, 0))
        if top is None or quantity <= top:
            return
        below = top


def _volume(tiers: list[dict[str, Any]], quantity: int) -> Iterator[Portion]:
    for number, tier in enumerate(tiers, 1):
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            yield from _of_tier(tier, number, quantity)
            return


def _of_tier(tier: dict[str, Any], number: int, units: int) -> Iterator[Portion]:
    unit, flat = _exact(tier, "unit_amount"), _exact(tier, "flat_amount")
    if units or not flat:
        yield Portion(units, unit, unit * units, number)
    if flat:
        yield Portion(0, flat, flat, number, is_flat=True)


def _exact(holder: dict[str, Any], name: str) -> Fraction:
    exact = holder.get(f"{name}_decimal")
    return Fraction(exact if exact is not None else (holder.get(name) or 0))
