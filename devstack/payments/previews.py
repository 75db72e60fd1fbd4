"""`create_preview`: the invoice that a new subscription, a change, or the next renewal would make."""

from __future__ import annotations

from dataclasses import replace

from devstack.payments import billing, changes, coupons, fields, readers
from devstack.payments.billing import Occasion, Party
from devstack.payments.calendar import Period
from devstack.payments.changes import Plan
from devstack.payments.drafts import Terms
from devstack.payments.errors import StripeError, invalid
from devstack.payments.fields import Reader
from devstack.payments.items import period_of
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import ADDRESS
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf
from devstack.payments.subscription_create import begin
from devstack.payments.subscription_update import cancellation, wish_of
from devstack.payments.tax_ids import demand_format

_TAX_ID: dict[str, Reader] = {"type": fields.required_text, "value": fields.required_text}
_DETAILS = {
    "address": ADDRESS,
    "shipping": readers.ignored,
    "tax": readers.ignored,
    "tax_exempt": fields.one_of("none", "exempt", "reverse"),
    "tax_ids": readers.groups(_TAX_ID),
}
_SUBSCRIPTION = {
    "billing_cycle_anchor": fields.one_of("now", "unchanged"),
    "billing_mode": readers.BILLING_MODE,
    "cancel_at": readers.moment_or("", "min_period_end", "max_period_end"),
    "cancel_at_period_end": fields.boolean,
    "cancel_now": fields.boolean,
    "items": readers.groups(readers.ITEM_CHANGE),
    "proration_behavior": fields.one_of("always_invoice", "create_prorations", "none"),
    "proration_date": readers.moment,
    "trial_end": readers.moment_or("now"),
}
_PREVIEW = {
    "automatic_tax": readers.AUTOMATIC_TAX,
    "currency": fields.currency,
    "customer": fields.required_text,
    "customer_details": fields.group(_DETAILS, {}),
    "discounts": readers.DISCOUNTS,
    "preview_mode": fields.one_of("next"),
    "subscription": fields.required_text,
    "subscription_details": fields.group(_SUBSCRIPTION, {}),
}


def _preview(call: Call) -> Object:
    given = fields.apply(call.params, _PREVIEW)
    shelf, now = call.shelf, call.now
    wanted = given.get("subscription_details") or {}
    old = demand(shelf, "subscription", given["subscription"], "subscription") if "subscription" in given else None
    customer = _customer(shelf, given, old)
    tax = given.get("automatic_tax") or (old["automatic_tax"] if old else {"enabled": False})
    details = given.get("customer_details") or {}
    for each in details.get("tax_ids", ()):
        demand_format(each.get("type", ""), each.get("value", ""), "customer_details[tax_ids]")
    party = billing.party_of(shelf, customer, is_taxed=tax["enabled"], details=details)
    if old is None:
        return _of_new(shelf, party, given, wanted, now)
    if old["status"] in {"canceled", "incomplete_expired"}:
        raise _none(customer)
    return _of_change(shelf, old, party, given, now)


def upcoming(shelf: Shelf, subscription: Object, now: int) -> Object:
    """Return the next renewal's invoice, as the event of it shows."""
    customer = demand(shelf, "customer", subscription["customer"])
    party = billing.party_of(shelf, customer, is_taxed=subscription["automatic_tax"]["enabled"], details={})
    terms = billing.terms_for(shelf, subscription, subscription["items"]["data"], party, period_of(subscription).end)
    return _renewal(shelf, subscription, Plan(subscription), terms, party, Occasion("upcoming", now, Period(now, now)))


def _customer(shelf: Shelf, given: Object, old: Object | None) -> Object:
    identifier = given.get("customer")
    if old is not None:
        if identifier not in {None, old["customer"]}:
            message = f"The subscription {old['id']} does not belong to the customer {identifier}."
            raise invalid("subscription", message)
        identifier = old["customer"]
    if identifier:
        return demand(shelf, "customer", identifier, "customer")
    if "customer_details" not in given:
        raise invalid("customer", "You must provide one of customer, customer_details, subscription, or schedule.")
    return {"id": new_id("cus"), "balance": 0, "currency": None, "invoice_settings": {}, "tax_exempt": "none"}


def _of_new(shelf: Shelf, party: Party, given: Object, wanted: Object, now: int) -> Object:
    fields.demand(wanted, "items")
    asked = {**wanted, "discounts": given.get("discounts", [])}
    if "currency" in given:
        asked["currency"] = given["currency"]
    start = begin(shelf, party, asked, now)
    return billing.preview(shelf, None, start.plan, start.terms, party, Occasion("upcoming", now, Period(now, now)))


def _of_change(shelf: Shelf, old: Object, party: Party, given: Object, now: int) -> Object:
    wanted = given.get("subscription_details") or {}
    base = {**old, **cancellation(old, wanted, now)}
    fresh = coupons.discounts_for(
        shelf, given.get("discounts", []), customer=old["customer"], subscription=old["id"], now=now
    )
    if "discounts" in given:
        base["discounts"] = [each["id"] for each in fresh]
    is_change = bool(wanted.keys() & {"items", "trial_end", "billing_cycle_anchor", "cancel_now"})
    wish = wish_of(wanted, now)
    items = changes.asked_items(shelf, base, wish)
    every = [*old["items"]["data"], *items]
    terms = billing.terms_for(shelf, base, every, party, now, fresh)
    plan = changes.change(shelf, base, wish, terms, items) if is_change else Plan(base)
    date = wish.at if plan.prorations or "proration_date" in wanted else None
    occasion = Occasion("upcoming", now, Period(period_of(old).start, now), date)
    if plan.bills_now or wish.cancels:
        return billing.preview(shelf, base, plan, terms, party, occasion)
    later = billing.terms_for(shelf, base, every, party, period_of(plan.subscription).end, fresh)
    return _renewal(shelf, plan.subscription, plan, later, party, occasion)


def _renewal(shelf: Shelf, subscription: Object, plan: Plan, terms: Terms, party: Party, occasion: Occasion) -> Object:
    """Return the invoice of the next period, with the prorations that would wait for it."""
    period = period_of(subscription)
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= period.end:
        if not plan.prorations:
            raise _none(party.customer)
        return billing.preview(shelf, subscription, plan, terms, party, occasion)
    renewed = changes.renew(subscription, terms)
    whole = replace(renewed, prorations=plan.prorations)
    return billing.preview(shelf, subscription, whole, terms, party, replace(occasion, now=period.end, period=period))


def _none(customer: Object) -> StripeError:
    message = f"No upcoming invoices for customer: {customer['id']}"
    return StripeError(message, status=404, code="invoice_upcoming_none")


ROUTES = (Route("POST", "/v1/invoices/create_preview", _preview),)
