"""From the mirror to what Dezky shows: pure functions from Stripe's objects to fields, and their one writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from billing.enums import LIVING_STATUSES, InvoiceStatus, SubscriptionStatus, VatStatus
from billing.gateway.transport import Object
from billing.models import BillingAccount, Invoice, PlanPrice
from billing.snapshot import Snapshot
from billing.spend import monthly_spend
from tenants.enums import Plan

_VAT = {
    "pending": VatStatus.PENDING,
    "verified": VatStatus.VERIFIED,
    "unverified": VatStatus.REFUSED,
    "unavailable": VatStatus.UNAVAILABLE,
}
_COMPANY, _EMAIL = 200, 254
_NO_SUBSCRIPTION: dict[str, Any] = {
    "subscription_id": "",
    "subscription_item_id": "",
    "price_id": "",
    "status": SubscriptionStatus.NONE,
    "plan": "",
    "seats": 0,
    "interval": "",
    "interval_count": 1,
    "monthly_minor": 0,
    "period_starts_at": None,
    "renews_at": None,
    "trial_ends_at": None,
    "ended_at": None,
    "is_cancelling": False,
}
_NO_CARD: dict[str, Any] = {
    "payment_method_id": "",
    "card_brand": "",
    "card_last4": "",
    "card_exp_month": None,
    "card_exp_year": None,
}


@dataclass(frozen=True)
class Difference:
    """One field that was not what Stripe says."""

    subject: str
    field: str
    ours: str
    theirs: str


def account_fields(snapshot: Snapshot, *, at: int) -> dict[str, Any]:
    """Return what a snapshot says of a tenant's account, at the Unix second `at`."""
    customer = snapshot.customer
    if customer.get("deleted"):
        return {"customer_id": None, "balance_minor": 0, **_NO_CARD, **_NO_SUBSCRIPTION}
    method = (customer.get("invoice_settings") or {}).get("default_payment_method")
    subscription = snapshot.subscription
    currency = (subscription or {}).get("currency") or customer.get("currency")
    return {
        "customer_id": customer["id"],
        **({"currency": currency} if currency else {}),
        "balance_minor": customer.get("balance") or 0,
        **details_fields(customer),
        **_card_fields(method),
        **(_subscription_fields(subscription, _with_tiers(snapshot), at) if subscription else _NO_SUBSCRIPTION),
    }


def details_fields(customer: Object) -> dict[str, Any]:
    """Return the billing details that a customer carries."""
    tax_ids = ((customer.get("tax_ids") or {}).get("data")) or []
    # Stripe lists the newest first, also among those of one second.
    tax_id = max(tax_ids, key=lambda each: int(each["created"])) if tax_ids else None
    status = str(((tax_id or {}).get("verification") or {}).get("status"))
    email = customer.get("email") or ""
    return {
        # Stripe's own bounds are wider: 256 characters, and 512 for an address, which is none that mail can reach.
        "company": (customer.get("name") or "")[:_COMPANY],
        "email": email if len(email) <= _EMAIL else "",
        "country": (customer.get("address") or {}).get("country") or "",
        "vat_number": tax_id["value"] if tax_id else "",
        "vat_status": _VAT.get(status, VatStatus.UNAVAILABLE) if tax_id else VatStatus.NONE,
    }


def invoice_fields(invoice: Object) -> dict[str, Any]:
    """Return what the customer sees of an invoice."""
    transitions = invoice.get("status_transitions") or {}
    return {
        "stripe_id": invoice["id"],
        "payment_intent_id": _payment_intent(invoice),
        "number": invoice.get("number") or "",
        "status": invoice.get("status") or InvoiceStatus.DRAFT,
        "reason": invoice.get("billing_reason") or "",
        "currency": invoice["currency"],
        "total_minor": invoice["total"],
        "tax_minor": sum(tax["amount"] for tax in invoice.get("total_taxes") or []),
        "amount_due_minor": invoice["amount_due"],
        "amount_paid_minor": invoice["amount_paid"],
        "amount_remaining_minor": invoice["amount_remaining"],
        "attempts": invoice.get("attempt_count") or 0,
        "created_at": moment(invoice["created"]),
        "due_at": moment(invoice.get("due_date")),
        "paid_at": moment(transitions.get("paid_at")),
        "next_attempt_at": moment(invoice.get("next_payment_attempt")),
        "pdf_url": invoice.get("invoice_pdf") or "",
        "hosted_url": invoice.get("hosted_invoice_url") or "",
    }


def catalogue_fields(price: Object) -> dict[str, Any] | None:
    """Return a price of the catalogue, or None for one that is none of a plan's."""
    parts = (price.get("lookup_key") or "").split("_")
    recurring = price.get("recurring") or {}
    if len(parts) != 3 or parts[0] not in Plan.values or recurring.get("interval_count") != 1:  # noqa: PLR2004
        return None
    if parts[1:] != [price["currency"], recurring.get("interval")] or price.get("unit_amount") is None:
        return None
    return {
        "plan": parts[0],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "unit_minor": price["unit_amount"],
        "is_active": bool(price["active"]),
    }


def moment(seconds: int | None) -> datetime | None:
    """Return a Unix second as a time."""
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


def differences(subject: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Difference]:
    """Return the fields in which two projections differ."""
    return [
        Difference(subject, name, _shown(ours.get(name)), _shown(value))
        for name, value in theirs.items()
        if ours.get(name) != value
    ]


def fields_of(row: BillingAccount | Invoice, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values of the named fields."""
    return {name: getattr(row, name) for name in names}


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


def _payment_intent(invoice: Object) -> str:
    for payment in ((invoice.get("payments") or {}).get("data")) or []:
        found = (payment.get("payment") or {}).get("payment_intent")
        if found:
            return str(found["id"] if isinstance(found, dict) else found)
    return ""


def _card_fields(method: Any) -> dict[str, Any]:
    card = method.get("card") if isinstance(method, dict) else None
    if not card:
        return _NO_CARD
    return {
        "payment_method_id": method["id"],
        "card_brand": card.get("display_brand") or card["brand"],
        "card_last4": card["last4"],
        "card_exp_month": card["exp_month"],
        "card_exp_year": card["exp_year"],
    }


def _with_tiers(snapshot: Snapshot) -> dict[str, Object]:
    return {price["id"]: price for price in snapshot.prices}


def _subscription_fields(subscription: Object, tiers: dict[str, Object], at: int) -> dict[str, Any]:
    items = subscription["items"]["data"]
    item = items[0]
    price = item["price"]
    whole = [{**each, "price": tiers.get(each["price"]["id"], each["price"])} for each in items]
    lives = subscription["status"] in LIVING_STATUSES
    return {
        "subscription_id": subscription["id"],
        "subscription_item_id": item["id"],
        "price_id": price["id"],
        "status": subscription["status"],
        "plan": _plan_of(price),
        "seats": item.get("quantity") or 0,
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "monthly_minor": monthly_spend({**subscription, "items": {"data": whole}}, at=at).minor,
        "period_starts_at": moment(item["current_period_start"]),
        "renews_at": moment(item["current_period_end"]) if lives else None,
        "trial_ends_at": moment(subscription.get("trial_end")),
        "ended_at": moment(subscription.get("ended_at")),
        "is_cancelling": bool(subscription["cancel_at_period_end"] or subscription.get("cancel_at")) and lives,
    }


def _plan_of(price: Object) -> str:
    """Return the plan that a price is of: by its metadata, its lookup key, or our catalogue."""
    named = (price.get("metadata") or {}).get("plan") or (price.get("lookup_key") or "").split("_")[0]
    if named in Plan.values:
        return str(named)
    known = PlanPrice.objects.filter(price_id=price["id"]).values_list("plan", flat=True).first()
    return known or ""


def now_seconds() -> int:
    """Return the Unix second."""
    return int(timezone.now().timestamp())
