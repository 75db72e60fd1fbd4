"""The making of an invoice out of drafts: discounts, taxes and sums; previews and real ones come out of here alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from devstack.payments import tax_places
from devstack.payments.calendar import Period
from devstack.payments.discounts import Reduction, reduce
from devstack.payments.drafts import Draft
from devstack.payments.listing import included
from devstack.payments.money import settled
from devstack.payments.objects import Object, new_id
from devstack.payments.store import Shelf
from devstack.payments.taxes import tax_on

SELLER = {"country": "DK", "name": "Dezky"}


@dataclass(frozen=True)
class Bill:
    """What an invoice is made of; `period` is the one that the invoice looks back on."""

    customer: Object
    currency: str
    drafts: Sequence[Draft]
    reason: str
    now: int
    period: Period
    subscription: Object | None = None
    reductions: Sequence[Reduction] = ()
    automatic_tax: Object = field(default_factory=lambda: automatic_tax(is_enabled=False))
    tax_ids: Sequence[Object] = ()
    proration_date: int | None = None
    is_preview: bool = False


def automatic_tax(*, is_enabled: bool, is_located: bool = True) -> Object:
    """Return an invoice's `automatic_tax`."""
    status = ("complete" if is_located else "requires_location_inputs") if is_enabled else None
    return {
        "disabled_reason": None,
        "enabled": is_enabled,
        "liability": {"type": "self"} if is_enabled else None,
        "provider": "stripe" if is_enabled else None,
        "status": status,
    }


def assemble(shelf: Shelf, bill: Bill) -> Object:
    """Return a draft invoice; nothing is kept."""
    identifier = new_id("upcoming_in" if bill.is_preview else "in", 24)
    lines = _lines(shelf, bill, identifier)
    subtotal = sum(line["amount"] for line in lines)
    discounted = _summed_discounts(lines)
    taxes = _summed_taxes(lines)
    before_tax = subtotal - sum(each["amount"] for each in discounted)
    total = before_tax + sum(each["amount"] for each in taxes)
    balance = bill.customer.get("balance") or 0
    due, after = settled(total, balance, bill.currency)
    return {
        **_surroundings(bill),
        "id": identifier,
        "amount_due": due,
        "amount_remaining": due,
        "discounts": [reduction.discount for reduction in bill.reductions],
        "ending_balance": after if bill.is_preview else None,
        "lines": included(f"/v1/invoices/{identifier}/lines", lines),
        "parent": _parent(bill),
        "starting_balance": balance,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": discounted,
        "total_excluding_tax": before_tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": taxes,
    }


def _lines(shelf: Shelf, bill: Bill, invoice: str) -> list[Object]:
    open_to_cuts = [draft.amount if draft.is_discountable else 0 for draft in bill.drafts]
    cuts = reduce(open_to_cuts, bill.reductions, bill.currency)
    return [_line(shelf, bill, invoice, draft, cut) for draft, cut in zip(bill.drafts, cuts, strict=True)]


def _line(shelf: Shelf, bill: Bill, invoice: str, draft: Draft, cuts: list[tuple[str, int]]) -> Object:
    # The amount of a proration is net of its discounts already; they are named with nothing more to take.
    shown = cuts if draft.is_discountable else [(discount, 0) for discount in draft.discounts]
    net = draft.amount - sum(amount for _, amount in shown)
    return {
        "id": new_id("il", 24),
        "object": "line_item",
        "amount": draft.amount,
        "currency": bill.currency,
        "description": draft.description,
        "discount_amounts": [{"amount": amount, "discount": discount} for discount, amount in shown],
        "discountable": draft.is_discountable,
        "discounts": list(draft.discounts),
        "invoice": invoice,
        "livemode": False,
        "metadata": dict(bill.subscription["metadata"]) if bill.subscription and draft.item else {},
        "parent": _line_parent(bill, draft),
        "period": {"end": draft.period.end, "start": draft.period.start},
        "pretax_credit_amounts": [],
        "pricing": _pricing(draft),
        "quantity": draft.quantity,
        "quantity_decimal": str(draft.quantity),
        "subscription": bill.subscription["id"] if bill.subscription and draft.item else None,
        "subtotal": draft.amount,
        "taxes": _taxes(shelf, bill, draft, net),
    }


def _taxes(shelf: Shelf, bill: Bill, draft: Draft, net: int) -> list[Object]:
    treatment = draft.treatment
    if treatment is None:
        return []
    return [
        {
            "amount": tax_on(net, treatment, bill.currency),
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": tax_places.rate_id(shelf, treatment, bill.now)},
            "taxability_reason": treatment.reason,
            "taxable_amount": 0 if treatment.reason == "not_collecting" else net,
            "type": "tax_rate_details",
        }
    ]


def _pricing(draft: Draft) -> Object | None:
    if draft.price is None:
        return None
    return {
        "price_details": {"price": draft.price["id"], "product": draft.price["product"]},
        "type": "price_details",
        "unit_amount_decimal": draft.unit,
    }


def _line_parent(bill: Bill, draft: Draft) -> Object:
    credited = None
    if draft.credited:
        credited = {"invoice": draft.credited[0][0], "invoice_line_items": [line for _, line in draft.credited]}
    more = {
        "invoice_item": draft.invoice_item,
        "proration": draft.is_proration,
        "proration_details": {"credited_items": credited},
        "subscription": bill.subscription["id"] if bill.subscription and draft.item else None,
    }
    if not draft.item:
        return {"invoice_item_details": more, "subscription_item_details": None, "type": "invoice_item_details"}
    details = {**more, "subscription_item": draft.item}
    return {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"}


def _parent(bill: Bill) -> Object | None:
    if bill.subscription is None:
        return None
    details = {"metadata": dict(bill.subscription["metadata"]), "subscription": bill.subscription["id"]}
    if bill.proration_date is not None:
        details["subscription_proration_date"] = bill.proration_date
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _summed_discounts(lines: list[Object]) -> list[Object]:
    sums: dict[str, int] = {}
    for line in lines:
        for each in line["discount_amounts"]:
            sums[each["discount"]] = sums.get(each["discount"], 0) + each["amount"]
    return [{"amount": amount, "discount": discount} for discount, amount in sums.items()]


def _summed_taxes(lines: list[Object]) -> list[Object]:
    sums: dict[tuple[str, str], Object] = {}
    for line in lines:
        for each in line["taxes"]:
            key = (each["tax_rate_details"]["tax_rate"], each["taxability_reason"])
            total = sums.setdefault(key, {**each, "amount": 0, "taxable_amount": 0})
            total["amount"] += each["amount"]
            total["taxable_amount"] += each["taxable_amount"]
    return list(sums.values())


def _surroundings(bill: Bill) -> Object:
    customer, subscription = bill.customer, bill.subscription or {}
    return {
        "object": "invoice",
        "account_country": SELLER["country"],
        "account_name": SELLER["name"],
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": bill.automatic_tax,
        "automatically_finalizes_at": None,
        "billing_reason": bill.reason,
        "collection_method": subscription.get("collection_method", "charge_automatically"),
        "created": bill.now,
        "currency": bill.currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": customer.get("shipping"),
        "customer_tax_exempt": customer.get("tax_exempt") or "none",
        "customer_tax_ids": [{"type": each["type"], "value": each["value"]} for each in bill.tax_ids],
        "default_payment_method": subscription.get("default_payment_method"),
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "due_date": None,
        "effective_at": None,
        "footer": (customer.get("invoice_settings") or {}).get("footer"),
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": bill.period.end,
        "period_start": bill.period.start,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": None,
        "webhooks_delivered_at": None,
    }
