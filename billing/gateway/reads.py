"""What we ask Stripe. Nothing here changes anything there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.errors import Gone, Refused
from billing.gateway.transport import Object, ask

PAGE = 100
_INVOICE = ["discounts", "payments"]


def customer(customer_id: str) -> Object:
    """Return a customer with the default payment method and the tax ids; a deleted one says so."""
    expand = ["invoice_settings.default_payment_method", "tax_ids"]
    try:
        return ask(lambda c: c.v1.customers.retrieve(customer_id, {"expand": expand}))
    except Refused:
        bare = ask(lambda c: c.v1.customers.retrieve(customer_id))
        if bare.get("deleted"):  # of which nothing is left to expand
            return bare
        raise


def subscriptions(customer_id: str) -> list[Object]:
    """Return a customer's subscriptions, ended ones too, newest first, with the coupons of their discounts.

    Those of a single item lie deeper than the four levels that Stripe expands
    (https://docs.stripe.com/expand#depth): they are asked for one by one.
    """
    params: Any = {
        "customer": customer_id,
        "status": "all",
        "limit": 20,
        "expand": ["data.discounts.source.coupon", "data.items.data.discounts"],
    }
    found = list(ask(lambda c: c.v1.subscriptions.list(params))["data"])
    for item in (item for each in found for item in each["items"]["data"]):
        for discount in item["discounts"]:
            discount["source"]["coupon"] = _coupon(discount["source"]["coupon"])
    return found


def _coupon(coupon_id: str) -> Object | None:
    """Return a coupon; of one that was deleted nobody tells what it takes off."""
    try:
        return ask(lambda c: c.v1.coupons.retrieve(coupon_id))
    except Gone:
        return None


def invoice(invoice_id: str) -> Object:
    """Return one invoice."""
    return ask(lambda c: c.v1.invoices.retrieve(invoice_id, {"expand": _INVOICE}))


def newest_invoices(customer_id: str, *, count: int) -> list[Object]:
    """Return a customer's newest invoices."""
    params: Any = {"customer": customer_id, "limit": count, "expand": [f"data.{name}" for name in _INVOICE]}
    return list(ask(lambda c: c.v1.invoices.list(params))["data"])


def invoices(customer_id: str) -> Iterator[Object]:
    """Yield a customer's invoices, newest first, a page at a time."""
    params: dict[str, Any] = {
        "customer": customer_id,
        "limit": PAGE,
        "expand": [f"data.{name}" for name in _INVOICE],
    }
    yield from _paged(lambda more: ask(lambda c: c.v1.invoices.list({**params, **more})))  # type: ignore[arg-type]


def charges(customer_id: str) -> Iterator[Object]:
    """Yield a customer's charges, newest first, a page at a time."""
    params: dict[str, Any] = {"customer": customer_id, "limit": PAGE}
    yield from _paged(lambda more: ask(lambda c: c.v1.charges.list({**params, **more})))  # type: ignore[arg-type]


def payment_intent(payment_intent_id: str) -> Object:
    """Return a payment with its last charge."""
    return ask(lambda c: c.v1.payment_intents.retrieve(payment_intent_id, {"expand": ["latest_charge"]}))


def payment_method(payment_method_id: str) -> Object:
    """Return a payment method."""
    return ask(lambda c: c.v1.payment_methods.retrieve(payment_method_id))


def prices() -> Iterator[Object]:
    """Yield every recurring price, sold or not any more, with its product and tiers."""
    params: dict[str, Any] = {"type": "recurring", "limit": PAGE, "expand": ["data.product", "data.tiers"]}
    yield from _paged(lambda more: ask(lambda c: c.v1.prices.list({**params, **more})))  # type: ignore[arg-type]


def price(price_id: str) -> Object:
    """Return a price with its tiers."""
    return ask(lambda c: c.v1.prices.retrieve(price_id, {"expand": ["tiers"]}))


def events(*, since: int) -> Iterator[Object]:
    """Yield what has happened since a Unix second, newest first; Stripe keeps 30 days."""
    params: dict[str, Any] = {"created": {"gte": since}, "limit": PAGE}
    yield from _paged(lambda more: ask(lambda c: c.v1.events.list({**params, **more})))  # type: ignore[arg-type]


def preview(params: dict[str, Any]) -> Object:
    """Return the invoice that a change would make now; nothing is changed."""
    return ask(lambda c: c.v1.invoices.create_preview(params))  # type: ignore[arg-type]


def _paged(fetch: Any) -> Iterator[Object]:
    more: dict[str, Any] = {}
    while True:
        page = fetch(more)
        yield from page["data"]
        if not page["has_more"]:
            return
        more = {"starting_after": page["data"][-1]["id"]}
