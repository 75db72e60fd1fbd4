"""Changes of a subscription: prorated, billed and charged as they ask for, or not made at all."""

from __future__ import annotations

from typing import Any

from devstack.payments import billing, changes, collection, coupons, debits, fields, pending_updates, readers, records
from devstack.payments.billing import Occasion
from devstack.payments.calendar import Period
from devstack.payments.changes import Wish
from devstack.payments.collection import Attempt
from devstack.payments.errors import StripeError, invalid
from devstack.payments.items import period_of
from devstack.payments.objects import Object, demand
from devstack.payments.routing import Call
from devstack.payments.store import Shelf
from devstack.payments.subscription_create import SHARED, demand_method, method_of, no_method, tax_setting

_UPDATE = {
    **SHARED,
    "billing_cycle_anchor": fields.one_of("now", "unchanged"),
    "cancel_at": readers.moment_or("", "min_period_end", "max_period_end"),
    "cancellation_details": fields.group({"comment": fields.text, "feedback": fields.text}, {}),
    "items": readers.groups(readers.ITEM_CHANGE),
    "payment_behavior": fields.one_of(
        "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"
    ),
    "proration_date": readers.moment,
    "trial_end": readers.moment_or("now"),
    "trial_settings": readers.TRIAL_SETTINGS,
}
_OF_LINES = {"items", "trial_end", "billing_cycle_anchor"}
_OF_ENDED = {"metadata", "cancellation_details"}
_OF_INCOMPLETE = {"metadata", "default_payment_method", "payment_settings", "description"}


def update(call: Call) -> Object:
    """Carry out `POST /v1/subscriptions/{}`."""
    given = fields.apply(call.params, _UPDATE)
    old = demand(call.shelf, "subscription", call.ids[0], for_update=True)
    _demand_changeable(old, given)
    demand_method(call.shelf, old["customer"], given.get("default_payment_method"))
    # What a declined card leaves is kept by the caller; here a refused change may leave nothing.
    with call.shelf.savepoint():
        if given.get("payment_behavior") == "pending_if_incomplete":
            pending_updates.demand_supported(given)
        if given.keys() & _OF_LINES:
            old = pending_updates.drop(call.shelf, old, call.now)
        return _carry_out(call.shelf, old, given, call.now)


def wish_of(given: Object, now: int) -> Wish:
    """Return the change that parameters ask for; an update's and a preview's are alike."""
    trial_end = given.get("trial_end")
    if isinstance(trial_end, int) and trial_end <= now:
        raise invalid("trial_end", "Invalid timestamp: must be an integer Unix timestamp in the future.")
    return Wish(
        at=given.get("proration_date", now),
        items=given.get("items", ()),
        behavior=given.get("proration_behavior", "create_prorations"),
        trial_end=0 if trial_end == "now" else trial_end,
        restarts=given.get("billing_cycle_anchor") == "now",
        cancels=given.get("cancel_now", False),
        is_dated="proration_date" in given,
    )


def cancellation(old: Object, given: Object, now: int) -> dict[str, Any]:
    """Return the fields that `cancel_at_period_end` and `cancel_at` change."""
    at = given.get("cancel_at")
    if isinstance(at, str):
        at = period_of(old).end
    if given.get("cancel_at_period_end"):
        at = period_of(old).end
    elif not at and not ("cancel_at" in given or "cancel_at_period_end" in given):
        return {}
    reason = "cancellation_requested" if at else None
    return {
        "cancel_at": at,
        "cancel_at_period_end": given.get("cancel_at_period_end", False),
        "canceled_at": (old["canceled_at"] or now) if at else None,
        "cancellation_details": {**old["cancellation_details"], "reason": reason},
    }


def _demand_changeable(old: Object, given: Object) -> None:
    if old["status"] in {"canceled", "incomplete_expired"} and not given.keys() <= _OF_ENDED:
        raise StripeError("A canceled subscription can only update its cancellation_details and metadata.")
    if old["status"] == "incomplete" and not given.keys() <= _OF_INCOMPLETE:
        message = (
            "You cannot update a subscription in `incomplete` status in this way. Only the default payment method "
            "and metadata can be updated."
        )
        raise StripeError(message)


def _carry_out(shelf: Shelf, old: Object, given: Object, now: int) -> Object:
    base = _with_plain(shelf, old, given, now)
    if not given.keys() & _OF_LINES:
        return records.save(shelf, old, base, now)
    customer = demand(shelf, "customer", old["customer"], for_update=True)
    party = billing.party_of(shelf, customer, is_taxed=base["automatic_tax"]["enabled"])
    wish = wish_of(given, now)
    asked = changes.asked_items(shelf, base, wish)
    terms = billing.terms_for(shelf, base, asked, party, now)
    plan = changes.change(shelf, base, wish, terms, asked)
    occasion = Occasion("subscription_update", now, Period(period_of(old).start, now))
    every = {item["id"] for item in [*old["items"]["data"], *asked]}
    before = {item: debits.of(shelf, item) for item in every}
    invoice = billing.carry_out(shelf, plan.subscription, plan, terms, party, occasion)
    is_pending = given.get("payment_behavior") == "pending_if_incomplete"
    if is_pending and invoice and invoice["status"] == "open":
        held = pending_updates.put_off(shelf, old, plan, before, invoice)
        attempt = Attempt(method_of(shelf, old, customer), now, off_session=given.get("off_session", False))
        collection.collect(shelf, held, attempt)
        return pending_updates.show(shelf, old["id"], held, now)
    new = dict(plan.subscription)
    if new["cancel_at_period_end"]:
        new["cancel_at"] = period_of(new).end
    if invoice:
        new["latest_invoice"] = invoice["id"]
        new["discounts"] = billing.discounts_left(shelf, new, invoice, now)
    saved = records.save(shelf, old, new, now)
    if invoice is None or invoice["status"] != "open":
        return saved
    _charge(shelf, saved, customer, invoice, given, now)
    return demand(shelf, "subscription", old["id"])


def _charge(shelf: Shelf, subscription: Object, customer: Object, invoice: Object, given: Object, now: int) -> None:
    behavior = given.get("payment_behavior", "allow_incomplete")
    if behavior == "default_incomplete":
        # Nothing is tried: the payment intent waits for the browser.
        collection.open_intent(shelf, invoice, now)
        records.save(shelf, subscription, {**subscription, "status": "past_due"}, now)
        return
    method = method_of(shelf, subscription, customer)
    if behavior == "error_if_incomplete" and method is None:
        raise no_method()
    attempt = Attempt(method, now, off_session=given.get("off_session", False))
    payment = collection.collect(shelf, invoice, attempt)
    if behavior == "error_if_incomplete" and payment and payment.outcome != "succeeded":
        raise collection.card_error(payment, for_subscription=True)


def _with_plain(shelf: Shelf, old: Object, given: Object, now: int) -> Object:
    """Return the subscription with the changes that make no line."""
    new = {**old, **cancellation(old, given, now)}
    for name in ("default_payment_method", "description", "payment_settings"):
        if name in given:
            new[name] = given[name]
    if "metadata" in given:
        new["metadata"] = fields.merge_metadata(old["metadata"], given["metadata"])
    if "automatic_tax" in given:
        new["automatic_tax"] = tax_setting(is_enabled=bool((given["automatic_tax"] or {}).get("enabled")))
    if "cancellation_details" in given:
        new["cancellation_details"] = {**new["cancellation_details"], **(given["cancellation_details"] or {})}
    if "discounts" in given:
        found = coupons.discounts_for(
            shelf, given["discounts"], customer=old["customer"], subscription=old["id"], now=now
        )
        coupons.keep(shelf, found, now)
        new["discounts"] = [each["id"] for each in found]
        coupons.drop(shelf, [one for one in old["discounts"] if one not in new["discounts"]], now)
    return new
