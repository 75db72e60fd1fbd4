"""What a subscription costs in a month, whatever its interval.

Metered prices, trials and coupons that count `once` are not part of it; a cancelled subscription costs
nothing from its end on. Computed in whole minor units and fractions of them, rounded once at the end.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from billing.enums import Interval, SubscriptionStatus
from billing.money import Money, round_half_up

# A year is 365.2425 days and 12 months: a week is 12/52.1775 of a month.
_MONTHS_A_YEAR = 12
_PERIODS_A_YEAR = {
    Interval.DAY: Fraction("365.2425"),
    Interval.WEEK: Fraction("52.1775"),
    Interval.MONTH: Fraction(12),
    Interval.YEAR: Fraction(1),
}
_COSTS_NOTHING = frozenset(
    {
        SubscriptionStatus.NONE,
        SubscriptionStatus.INCOMPLETE,
        SubscriptionStatus.INCOMPLETE_EXPIRED,
        SubscriptionStatus.TRIALING,
        SubscriptionStatus.PAUSED,
        SubscriptionStatus.CANCELED,
    }
)


def monthly_spend(subscription: dict[str, Any], *, at: int) -> Money:
    """Return what a Stripe subscription costs in a month, at the Unix second `at`.

    `subscription` is Stripe's object with `discounts` and `items.data.price.tiers` expanded.

    Raises:
        ValueError, TypeError: they are not.
    """
    currency = subscription["currency"]
    if subscription["status"] in _COSTS_NOTHING:
        return Money(currency, 0)
    total = sum((_monthly(item, at) for item in subscription["items"]["data"]), Fraction(0))
    for discount in subscription.get("discounts") or []:
        total = _discounted(total, discount, subscription, at)
    return Money(currency, round_half_up(max(total, Fraction(0))))


def per_month(amount: Fraction, interval: str, interval_count: int = 1) -> Fraction:
    """Return what `amount` every `interval_count` intervals is in a month; a quarter is three months."""
    return amount * _PERIODS_A_YEAR[Interval(interval)] / interval_count / _MONTHS_A_YEAR


def price_of(price: dict[str, Any], quantity: int) -> Fraction:
    """Return what `quantity` units cost in one period, in minor units.

    Raises:
        ValueError: a tiered price whose tiers were not expanded.
    """
    divide = price.get("transform_quantity")
    if divide:
        whole, rest = divmod(quantity, divide["divide_by"])
        quantity = whole + (1 if rest and divide["round"] == "up" else 0)
    if price.get("billing_scheme") != "tiered":
        return Fraction(price["unit_amount_decimal"]) * quantity
    tiers = price.get("tiers")
    if tiers is None:
        raise ValueError(f"the tiers of {price['id']} are not expanded")
    return _volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity)


def _monthly(item: dict[str, Any], at: int) -> Fraction:
    price = item["price"]
    recurring = price.get("recurring")
    if not recurring or recurring.get("usage_type") == "metered":
        return Fraction(0)
    amount = price_of(price, item.get("quantity") or 0)
    for discount in item.get("discounts") or []:
        amount = _off(amount, discount, at)
    return per_month(amount, recurring["interval"], recurring["interval_count"])


def _graduated(tiers: list[dict[str, Any]], quantity: int) -> Fraction:
    total, below = Fraction(0), 0
    for tier in tiers:
        up_to = tier["up_to"]
        inside = max(0, (quantity if up_to is None else min(quantity, up_to)) - below)
        if inside:
            total += _unit(tier) * inside + _flat(tier)
        if up_to is None or quantity <= up_to:
            return total
        below = up_to
    return total


def _volume(tiers: list[dict[str, Any]], quantity: int) -> Fraction:
    for tier in tiers:
        if quantity and (tier["up_to"] is None or quantity <= tier["up_to"]):
            return _unit(tier) * quantity + _flat(tier)
    return Fraction(0)


def _unit(tier: dict[str, Any]) -> Fraction:
    return Fraction(tier["unit_amount_decimal"] or tier["unit_amount"] or 0)


def _flat(tier: dict[str, Any]) -> Fraction:
    return Fraction(tier["flat_amount_decimal"] or tier["flat_amount"] or 0)


def _coupon(discount: Any, at: int) -> dict[str, Any] | None:
    """Return the coupon of an expanded discount that goes on; `once` is over with the first invoice."""
    if not isinstance(discount, dict):
        raise TypeError("discounts are not expanded")
    source = discount.get("source") or {}
    coupon = source.get("coupon") or discount.get("coupon")
    if isinstance(coupon, str):
        raise TypeError("coupons are not expanded")
    is_over = discount.get("end") is not None and discount["end"] <= at
    if coupon is None or coupon["duration"] == "once" or is_over:
        return None
    return dict(coupon)


def _off(amount: Fraction, discount: Any, at: int) -> Fraction:
    coupon = _coupon(discount, at)
    if coupon is None:
        return amount
    if coupon.get("percent_off"):
        return amount * (100 - Fraction(str(coupon["percent_off"]))) / 100
    return max(Fraction(0), amount - (coupon.get("amount_off") or 0))


def _discounted(monthly: Fraction, discount: Any, subscription: dict[str, Any], at: int) -> Fraction:
    """Take a discount of the whole subscription off; an amount counts once for each billing period."""
    coupon = _coupon(discount, at)
    if coupon is None or coupon.get("percent_off"):
        return _off(monthly, discount, at)
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    off = per_month(Fraction(coupon.get("amount_off") or 0), recurring["interval"], recurring["interval_count"])
    return monthly - off
