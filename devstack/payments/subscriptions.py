"""Subscriptions: read, listed, ended; made and changed in modules of their own."""

from __future__ import annotations

from devstack.payments import (
    agenda,
    billing,
    changes,
    collection,
    customers,
    fields,
    pending,
    pending_updates,
    readers,
    records,
)
from devstack.payments.billing import Occasion
from devstack.payments.calendar import Period
from devstack.payments.changes import Wish
from devstack.payments.collection import Attempt
from devstack.payments.errors import StripeError, no_such
from devstack.payments.expanding import INCLUDED, POINTERS
from devstack.payments.items import period_of
from devstack.payments.listing import included, listed
from devstack.payments.objects import Object, demand
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf
from devstack.payments.subscription_create import create, method_of
from devstack.payments.subscription_update import update

_ENDED = ["canceled", "incomplete_expired"]
_NOT_CANCELED = ["active", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"]
_STATUSES = (*_NOT_CANCELED, "all", "canceled", "ended")
_DETAILS = fields.group({"comment": fields.text, "feedback": fields.text}, {})


def cancel(shelf: Shelf, old: Object, now: int, *, prorate: bool = False, invoice_now: bool = False) -> Object:
    """End a subscription now; `prorate` gives unused time back, `invoice_now` bills that and all that waits."""
    customer = demand(shelf, "customer", old["customer"])
    old = pending_updates.drop(shelf, old, now)
    if prorate:
        party = billing.party_of(shelf, customer, is_taxed=False)
        terms = billing.terms_for(shelf, old, old["items"]["data"], party, now)
        wish = Wish(at=now, behavior="create_prorations", cancels=True)
        plan = changes.change(shelf, old, wish, terms, [])
        billing.carry_out(shelf, old, plan, terms, party, Occasion("subscription_update", now, Period(now, now)))
    if not (prorate or invoice_now):
        pending.forget(shelf, old["customer"], old["id"])
    invoice = bill_waiting(shelf, old, now) if invoice_now else None
    ended = records.end(shelf, old, now, reason="cancellation_requested")
    if invoice is None:
        return ended
    final = {**ended, "latest_invoice": invoice["id"]}
    shelf.replace(final)
    return final


def bill_waiting(shelf: Shelf, subscription: Object, now: int) -> Object | None:
    """Bill and charge what waits for a subscription that comes to its end; None if nothing does."""
    customer = demand(shelf, "customer", subscription["customer"], for_update=True)
    if not pending.waiting(shelf, customer["id"], subscription["id"]):
        return None
    party = billing.party_of(shelf, customer, is_taxed=subscription["automatic_tax"]["enabled"])
    terms = billing.terms_for(shelf, subscription, subscription["items"]["data"], party, now)
    occasion = Occasion("subscription_cycle", now, Period(period_of(subscription).start, now))
    plan = changes.Plan(subscription, bills_now=True)
    invoice = billing.carry_out(shelf, subscription, plan, terms, party, occasion)
    if invoice and invoice["status"] == "open":
        collection.collect(shelf, invoice, Attempt(method_of(shelf, subscription, customer), now))
    return invoice


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "subscription", call.ids[0])


def _list(call: Call) -> Object:
    params = dict(call.params)
    status = fields.one_of(*_STATUSES)(params.pop("status", "not_canceled"), "status") if "status" in params else ""
    price = params.pop("price", None)
    matching: Object = {"items": {"data": [{"price": {"id": price}}]}} if price else {}
    filters = {
        "collection_method": fields.one_of("charge_automatically", "send_invoice"),
        "customer": fields.required_text,
    }
    wanted = {"": _NOT_CANCELED, "ended": _ENDED, "all": [*_NOT_CANCELED, "canceled"]}.get(status, [status])
    return listed(
        call,
        "subscription",
        {**filters, "statuses": fields.strings},
        {**params, "statuses": wanted},
        matching=matching,
        any_of={"statuses": "status"},
    )


def _cancel(call: Call) -> Object:
    given = fields.apply(
        call.params, {"cancellation_details": _DETAILS, "invoice_now": fields.boolean, "prorate": fields.boolean}
    )
    old = demand(call.shelf, "subscription", call.ids[0], for_update=True)
    if old["status"] in _ENDED:
        raise no_such("subscription", call.ids[0])
    details = {**old["cancellation_details"], **(given.get("cancellation_details") or {})}
    return cancel(
        call.shelf,
        {**old, "cancellation_details": details},
        call.now,
        prorate=given.get("prorate", False),
        invoice_now=given.get("invoice_now", False),
    )


def _list_items(call: Call) -> Object:
    given = fields.apply(
        call.params,
        {
            "subscription": fields.required_text,
            "limit": fields.integer,
            "starting_after": readers.ignored,
            "ending_before": readers.ignored,
        },
    )
    fields.demand(given, "subscription")
    subscription = demand(call.shelf, "subscription", given["subscription"], "subscription")
    return included("/v1/subscription_items", subscription["items"]["data"])


def _of_deleted(shelf: Shelf, customer: Object) -> None:
    """End the subscriptions of a customer that is deleted, as Stripe does at once."""
    for subscription in shelf.all("subscription", customer=customer["id"]):
        if subscription["status"] not in _ENDED:
            cancel(shelf, subscription, shelf.now)


def _paid(shelf: Shelf, invoice: Object, now: int) -> None:
    """Bring the subscription of a paid invoice back to life; one more that is open holds it back."""
    old = shelf.get("subscription", collection.subscription_of(invoice) or "", for_update=True)
    if old is None:
        return
    if pending_updates.waits_for(shelf, old["id"], invoice):
        old = pending_updates.apply(shelf, old, invoice, now)
    others = [each for each in collection.of_subscription(shelf, old["id"]) if each["status"] == "open"]
    is_first = old["status"] == "incomplete" and invoice["billing_reason"] == "subscription_create"
    if is_first or (old["status"] in {"past_due", "unpaid"} and not others):
        records.save(shelf, old, {**old, "status": "active"}, now)


def _failed(shelf: Shelf, invoice: Object, now: int) -> None:
    """Mark the subscription of an unpaid invoice; after the last attempt it comes to the end that is set."""
    old = shelf.get("subscription", collection.subscription_of(invoice) or "", for_update=True)
    if old is None or old["status"] not in records.LIVE or invoice["billing_reason"] == "subscription_create":
        return
    if pending_updates.waits_for(shelf, old["id"], invoice):
        return
    if old["status"] in {"active", "trialing"}:
        old = records.save(shelf, old, {**old, "status": "past_due"}, now)
    if collection.is_given_up(shelf, invoice):
        _give_up(shelf, old, now)


def _give_up(shelf: Shelf, old: Object, now: int) -> None:
    final = collection.end_of(shelf)
    if final == "canceled":
        records.end(shelf, old, now, reason="payment_failed")
    elif final != old["status"]:
        records.save(shelf, old, {**old, "status": final}, now)


def expire(shelf: Shelf, old: Object, now: int) -> None:
    """End a subscription whose first invoice was not paid in time; the invoice is voided."""
    for invoice in collection.of_subscription(shelf, old["id"]):
        if invoice["status"] == "open":
            collection.close(shelf, invoice, "void", now)
    records.end(shelf, old, now, status="incomplete_expired")
    agenda.put(shelf, old["id"], "expire", None)


def demand_live(subscription: Object) -> None:
    """Demand that a subscription has not ended.

    Raises:
        StripeError: it has.
    """
    if subscription["status"] in _ENDED:
        raise StripeError(
            f"No upcoming invoices for customer: {subscription['customer']}", code="invoice_upcoming_none"
        )


def _of_customer(shelf: Shelf, customer: Object) -> Object:
    found = shelf.all("subscription", customer=customer["id"])
    live = [each for each in found if each["status"] not in _ENDED]
    return included(f"/v1/customers/{customer['id']}/subscriptions", live)


INCLUDED["customer", "subscriptions"] = _of_customer
customers.on_deleted.append(_of_deleted)
collection.on_paid.append(_paid)
collection.on_failed.append(_failed)
POINTERS["discount", "source.coupon"] = "coupon"
POINTERS["subscription", "discounts"] = "discount"
POINTERS["subscription_item", "discounts"] = "discount"

ROUTES = (
    Route("POST", "/v1/subscriptions", create),
    Route("GET", "/v1/subscriptions", _list),
    Route("GET", "/v1/subscriptions/{}", _retrieve),
    Route("POST", "/v1/subscriptions/{}", update),
    Route("DELETE", "/v1/subscriptions/{}", _cancel),
    Route("GET", "/v1/subscription_items", _list_items),
)
