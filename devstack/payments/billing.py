"""From a plan to its invoice: the same drafts and sums for a preview and for the real one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from devstack.payments import bills, collection, coupons, debits, pending, tax_places
from devstack.payments.bills import Bill
from devstack.payments.calendar import Period
from devstack.payments.changes import Plan
from devstack.payments.drafts import Draft, Terms
from devstack.payments.objects import Object, demand
from devstack.payments.pending import Owner
from devstack.payments.store import Shelf
from devstack.payments.taxes import Treatment, treat
from devstack.payments.terms import terms_of


@dataclass(frozen=True)
class Party:
    """Who is billed: a customer, how it is taxed, and the tax ids to name; a treatment of None is no tax."""

    customer: Object
    treatment: Treatment | None
    automatic_tax: Object
    tax_ids: Sequence[Object]


def party_of(shelf: Shelf, customer: Object, *, is_taxed: bool, details: Object | None = None) -> Party:
    """Return who is billed; a preview's `customer_details` stand before what is on record.

    Raises:
        StripeError: tax is asked for, this is no preview, and the customer's country is not known.
    """
    buyer = tax_places.buyer_of(shelf, customer, details)
    if is_taxed and details is None:
        tax_places.demand_location(buyer)
    treatment = treat(buyer) if is_taxed else None
    tax_ids = shelf.all("tax_id", customer=customer["id"])
    shown = {name: value for name, value in (details or {}).items() if name != "tax_ids"}
    tax = bills.automatic_tax(is_enabled=is_taxed, is_located=treatment is not None)
    return Party({**customer, **shown}, treatment, tax, (details or {}).get("tax_ids", tax_ids))


def terms_for(
    shelf: Shelf, subscription: Object, items: Iterable[Object], party: Party, now: int, fresh: Sequence[Object] = ()
) -> Terms:
    """Return the terms of a subscription's lines for these items; `fresh` are discounts that are not kept yet."""
    known = {each["id"]: each for each in fresh}
    discounts = [known.get(one) or demand(shelf, "discount", one) for one in subscription["discounts"]]
    return terms_of(
        shelf,
        [item["price"] for item in items],
        currency=subscription["currency"],
        treatment=party.treatment,
        discounts=discounts,
        now=now,
    )


@dataclass(frozen=True)
class Occasion:
    """Why and when an invoice is made; `period` is the one that it looks back on."""

    reason: str
    now: int
    period: Period
    proration_date: int | None = None


def preview(
    shelf: Shelf, subscription: Object | None, plan: Plan, terms: Terms, party: Party, occasion: Occasion
) -> Object:
    """Return the invoice that a plan would make now; nothing is kept."""
    waiting = pending.waiting(shelf, party.customer["id"], subscription["id"]) if subscription else []
    drafts = [*waiting, *pending.named(plan.prorations), *plan.charges]
    return bills.assemble(shelf, replace(_bill(subscription, terms, party, occasion, drafts), is_preview=True))


def carry_out(
    shelf: Shelf, subscription: Object, plan: Plan, terms: Terms, party: Party, occasion: Occasion
) -> Object | None:
    """Keep a plan's lines and debits; return its invoice, finalised and not yet charged, if it is billed now."""
    customer = party.customer["id"]
    for item, left in plan.debits.items():
        debits.keep(shelf, item, left)
    prorations = pending.named(plan.prorations)
    pending.keep(shelf, prorations, Owner(customer, subscription["id"], terms.currency), occasion.now)
    for draft in prorations:
        if not draft.is_credit and draft.amount:
            debits.add(shelf, draft.item, [debits.of_draft(draft, terms)])
    if not plan.bills_now:
        return None
    drafts = [*pending.waiting(shelf, customer, subscription["id"]), *plan.charges]
    invoice = bills.assemble(shelf, _bill(subscription, terms, party, occasion, drafts))
    collection.issue(shelf, invoice, occasion.now)
    lines = invoice["lines"]["data"][len(drafts) - len(plan.charges) :]
    for draft, line in zip(plan.charges, lines, strict=True):
        if draft.amount:
            debits.add(shelf, draft.item, [debits.of_draft(draft, terms, line)])
    return collection.finalize(shelf, invoice, occasion.now)


def discounts_left(shelf: Shelf, subscription: Object, invoice: Object | None, now: int) -> list[str]:
    """Return the discounts that a subscription keeps after an invoice, and drop those for once and those that ended."""
    used = {
        each["discount"]
        for line in (invoice or {"lines": {"data": []}})["lines"]["data"]
        for each in line["discount_amounts"]
        if each["amount"] or not line["discountable"]
    }
    left = [one for one in subscription["discounts"] if coupons.goes_on(shelf, one, now, is_used=one in used)]
    coupons.drop(shelf, [one for one in subscription["discounts"] if one not in left], now)
    return left


def _bill(subscription: Object | None, terms: Terms, party: Party, occasion: Occasion, drafts: Sequence[Draft]) -> Bill:
    # What waits is taxed as of now; a credit gives back the tax that was taken.
    taxed = [draft if draft.is_credit else replace(draft, treatment=terms.treatment) for draft in drafts]
    return Bill(
        customer=party.customer,
        currency=terms.currency,
        drafts=taxed,
        reason=occasion.reason,
        now=occasion.now,
        period=occasion.period,
        subscription=subscription,
        reductions=terms.reductions,
        automatic_tax=party.automatic_tax,
        tax_ids=party.tax_ids,
        proration_date=occasion.proration_date,
    )
