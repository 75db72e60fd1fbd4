"""Every write to Stripe; each takes the idempotency key that was stored before it (P1)."""

from __future__ import annotations

from typing import Any

from billing.gateway.transport import Object, ask

_SUBSCRIPTION = ["latest_invoice"]


def create_customer(params: dict[str, Any], *, key: str) -> Object:
    """Create a customer."""
    return ask(lambda c: c.v1.customers.create(params, {"idempotency_key": key}))  # type: ignore[arg-type]


def update_customer(customer_id: str, params: dict[str, Any], *, key: str) -> Object:
    """Change a customer."""
    return ask(lambda c: c.v1.customers.update(customer_id, params, {"idempotency_key": key}))  # type: ignore[arg-type]


def create_tax_id(customer_id: str, params: dict[str, Any], *, key: str) -> Object:
    """Add a VAT number."""
    return ask(lambda c: c.v1.customers.tax_ids.create(customer_id, params, {"idempotency_key": key}))  # type: ignore[arg-type]


def delete_tax_id(customer_id: str, tax_id: str, *, key: str) -> Object:
    """Remove a VAT number."""
    return ask(lambda c: c.v1.customers.tax_ids.delete(customer_id, tax_id, {}, {"idempotency_key": key}))


def create_setup_intent(params: dict[str, Any], *, key: str) -> Object:
    """Begin to add a card."""
    return ask(lambda c: c.v1.setup_intents.create(params, {"idempotency_key": key}))  # type: ignore[arg-type]


def create_subscription(params: dict[str, Any], *, key: str) -> Object:
    """Subscribe; the answer carries the first invoice."""
    asked: Any = {**params, "expand": _SUBSCRIPTION}
    return ask(lambda c: c.v1.subscriptions.create(asked, {"idempotency_key": key}))


def update_subscription(subscription_id: str, params: dict[str, Any], *, key: str) -> Object:
    """Change a subscription; the answer carries its latest invoice."""
    asked: Any = {**params, "expand": _SUBSCRIPTION}
    return ask(lambda c: c.v1.subscriptions.update(subscription_id, asked, {"idempotency_key": key}))


def pay_invoice(invoice_id: str, *, key: str) -> Object:
    """Have the default card charged for an open invoice, now."""
    return ask(lambda c: c.v1.invoices.pay(invoice_id, {}, {"idempotency_key": key}))
