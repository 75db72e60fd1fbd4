"""The terms of a subscription's lines: its currency, how its customer is taxed, its discounts, its products' names."""

from __future__ import annotations

from collections.abc import Iterable

from devstack.payments import coupons, tiered
from devstack.payments.drafts import Terms
from devstack.payments.objects import Object
from devstack.payments.store import Shelf
from devstack.payments.taxes import Treatment


def terms_of(
    shelf: Shelf,
    prices: Iterable[Object],
    *,
    currency: str,
    treatment: Treatment | None,
    discounts: list[Object],
    now: int,
) -> Terms:
    """Return the terms for lines of these prices; discounts count as they are at `now`."""
    prices = list(prices)
    products = {price["product"] for price in prices}
    names = tuple((each, (shelf.get("product", each) or {}).get("name") or each) for each in sorted(products))
    tiers = tuple((price["id"], tiered.of(shelf, price)) for price in prices if price["billing_scheme"] == "tiered")
    return Terms(currency, treatment, tuple(coupons.reductions(shelf, discounts, currency, now)), names, tiers)
