"""The items of a subscription: made, changed, and the period that they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from devstack.payments import fields
from devstack.payments.calendar import Period
from devstack.payments.errors import StripeError, invalid, no_such
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.store import Shelf


def new_item(shelf: Shelf, given: Object, param: str, *, subscription: str, period: Period, now: int) -> Object:
    """Return a new item of a price.

    Raises:
        StripeError: the price does not exist, is not active, or is not recurring.
    """
    if "price" not in given:
        raise StripeError(f"Missing required param: {param}[price].", code="parameter_missing", param=f"{param}[price]")
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": period.end,
        "current_period_start": period.start,
        "discounts": [],
        "metadata": fields.merge_metadata({}, given.get("metadata", {})),
        "price": _price(shelf, given["price"], f"{param}[price]"),
        "quantity": given.get("quantity", 1),
        "subscription": subscription,
        "tax_rates": [],
    }


def changed_items(shelf: Shelf, subscription: Object, changes: Sequence[Object]) -> list[Object]:
    """Return the items of a subscription after changes, each with an id of an item or with a price for a new one.

    Raises:
        StripeError: an item or price does not exist, or the prices do not fit each other.
    """
    items = {each["id"]: each for each in subscription["items"]["data"]}
    for index, given in enumerate(changes):
        param = f"items[{index}]"
        if "id" not in given:
            period = period_of(subscription)
            added = new_item(shelf, given, param, subscription=subscription["id"], period=period, now=shelf.now)
            items[added["id"]] = added
            continue
        item = items.get(given["id"])
        if item is None:
            raise no_such("subscription_item", given["id"], f"{param}[id]")
        if given.get("deleted"):
            del items[item["id"]]
            continue
        items[item["id"]] = _changed(shelf, item, given, param)
    found = list(items.values())
    if found:
        demand_fit(found, subscription["currency"])
    return found


def demand_fit(items: Iterable[Object], currency: str) -> None:
    """Demand that items are of one currency and one interval.

    Raises:
        StripeError: they are not.
    """
    prices = [item["price"] for item in items]
    intervals = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in prices}
    if {price["currency"] for price in prices} != {currency} or len(intervals) > 1:
        message = "Currency and interval fields must match across all prices on this subscription."
        raise invalid("items", message)


def interval_of(items: Sequence[Object]) -> tuple[str, int]:
    """Return the interval of items that fit each other, and its count."""
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def period_of(subscription: Object) -> Period:
    """Return the current period of a subscription's items."""
    item = subscription["items"]["data"][0]
    return Period(item["current_period_start"], item["current_period_end"])


def with_period(items: Iterable[Object], period: Period) -> list[Object]:
    """Return items in another period."""
    bounds = {"current_period_start": period.start, "current_period_end": period.end}
    return [{**item, **bounds} for item in items]


def _changed(shelf: Shelf, item: Object, given: Object, param: str) -> Object:
    new = dict(item)
    if "price" in given and given["price"] != item["price"]["id"]:
        new["price"] = _price(shelf, given["price"], f"{param}[price]")
    if "quantity" in given:
        new["quantity"] = given["quantity"]
    if "metadata" in given:
        new["metadata"] = fields.merge_metadata(item["metadata"], given["metadata"])
    return new


def _price(shelf: Shelf, identifier: str, param: str) -> Object:
    price = demand(shelf, "price", identifier, param)
    if not price["active"]:
        raise invalid(param, f"The price specified is inactive. This field only accepts active prices: {identifier}")
    if not price["recurring"]:
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
        )
        raise invalid(param, message)
    if price["tax_behavior"] == "inclusive":
        raise invalid(param, "This stand-in bills prices whose tax_behavior is exclusive or unspecified alone.")
    return price
