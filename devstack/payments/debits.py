"""What each subscription item was charged in advance, and how that is given back."""

from __future__ import annotations

from devstack.payments.calendar import Period
from devstack.payments.drafts import Draft, Terms, treatment_json, treatment_of, unused, what
from devstack.payments.objects import Object
from devstack.payments.proration import Debit, credits_of
from devstack.payments.store import Shelf


def of(shelf: Shelf, item: str) -> list[Object]:
    """Return the debits of an item, oldest first."""
    kept = shelf.get("_debits", f"debits_{item}")
    return kept["debits"] if kept else []


def keep(shelf: Shelf, item: str, debits: list[Object]) -> None:
    """Keep the debits of an item; those that were given back whole are forgotten."""
    alive = [each for each in debits if each["until"] > each["start"]]
    content = {"id": f"debits_{item}", "object": "_debits", "debits": alive}
    if not shelf.add(content):
        shelf.replace(content)


def credit(shelf: Shelf, item: Object, at: int, terms: Terms) -> tuple[list[Draft], list[Object]]:
    """Return the lines that give an item's unused time back, and its debits as they are after that."""
    kept = of(shelf, item["id"])
    debits = [Debit(each["amount"], Period(each["start"], each["end"]), each["until"]) for each in kept]
    drafts = [
        Draft(
            amount=part.amount,
            period=part.period,
            description=unused(debit["what"], at),
            quantity=debit["quantity"],
            price=debit["price"],
            unit=debit["price"].get("unit_amount_decimal"),
            item=item["id"],
            is_proration=True,
            is_credit=True,
            is_discountable=False,
            treatment=treatment_of(debit["treatment"]),
            credited=_credited(shelf, debit),
            discounts=tuple(debit["discounts"]),
        )
        for part in credits_of(debits, at, terms.currency)
        if part.debit is not None
        for debit in [kept[part.debit]]
    ]
    after = [{**each, "until": debit.ended(at).until} for each, debit in zip(kept, debits, strict=True)]
    return drafts, after


def of_draft(draft: Draft, terms: Terms, line: Object | None = None) -> Object:
    """Return the debit that a draft makes, on an invoice's line or waiting for one; discounts on the line count."""
    cut = sum(each["amount"] for each in line["discount_amounts"]) if line else 0
    price = draft.price or {}
    return {
        "amount": draft.amount - cut,
        "start": draft.period.start,
        "end": draft.period.end,
        "until": draft.period.end,
        "what": what({"price": price, "quantity": draft.quantity}, terms),
        "quantity": draft.quantity,
        "price": {name: price.get(name) for name in ("id", "product", "unit_amount_decimal")},
        "treatment": treatment_json(draft.treatment),
        "discounts": [reduction.discount for reduction in terms.reductions],
        "invoice": line["invoice"] if line else None,
        "line": line["id"] if line else None,
        "invoice_item": draft.invoice_item,
    }


def add(shelf: Shelf, item: str, debits: list[Object]) -> None:
    """Keep further debits of an item."""
    keep(shelf, item, [*of(shelf, item), *debits])


def _credited(shelf: Shelf, debit: Object) -> tuple[tuple[str, str], ...]:
    if debit["invoice"] and debit["line"]:
        return ((debit["invoice"], debit["line"]),)
    waiting = shelf.get("invoiceitem", debit["invoice_item"] or "")
    invoice = shelf.get("invoice", (waiting or {}).get("invoice") or "")
    for line in invoice["lines"]["data"] if invoice else ():
        details = line["parent"]["subscription_item_details"] or {}
        if details.get("invoice_item") == debit["invoice_item"]:
            return ((line["invoice"], line["id"]),)
    return ()
