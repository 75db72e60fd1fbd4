"""The subscription object: how a new one looks, and how a change of it is kept, told and put on the agenda."""

from __future__ import annotations

from devstack.payments import agenda, collection, events
from devstack.payments.dunning import DAY_SECONDS
from devstack.payments.items import period_of
from devstack.payments.objects import Object
from devstack.payments.store import Shelf

LIVE = frozenset(("trialing", "active", "past_due", "unpaid"))
UPCOMING_SECONDS = 7 * DAY_SECONDS
TRIAL_NOTICE_SECONDS = 3 * DAY_SECONDS
# A first invoice that is not paid by then ends its subscription.
INCOMPLETE_SECONDS = 23 * 3600


def blank(identifier: str, customer: Object, currency: str, now: int) -> Object:
    """Return a subscription without items, as it is before anything is asked of it."""
    return {
        "id": identifier,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={identifier}",
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def save(shelf: Shelf, old: Object, new: Object, now: int) -> Object:
    """Keep what has become of a subscription; an event tells of it if anything is different."""
    previous = events.changes(old, new)
    if previous:
        shelf.replace(new)
        schedule(shelf, new, now)
        events.emit(shelf, "customer.subscription.updated", new, now=now, previous=previous)
    return new


def end(shelf: Shelf, old: Object, now: int, *, reason: str | None = None, status: str = "canceled") -> Object:
    """End a subscription now; its open invoices are no longer collected by themselves."""
    details = {**old["cancellation_details"], "reason": reason or old["cancellation_details"]["reason"]}
    new = {
        **old,
        "cancel_at": old["cancel_at"] if status == "canceled" else None,
        "canceled_at": old["canceled_at"] or now,
        "cancellation_details": details,
        "ended_at": now,
        "status": status,
    }
    shelf.replace(new)
    schedule(shelf, new, now)
    collection.hold(shelf, new["id"], now)
    if status == "canceled":
        events.emit(shelf, "customer.subscription.deleted", new, now=now)
    else:
        previous = events.changes(old, new)
        events.emit(shelf, "customer.subscription.updated", new, now=now, previous=previous)
    return new


def schedule(shelf: Shelf, subscription: Object, now: int) -> None:
    """Put on the agenda what a subscription's state asks for, and take off the rest."""
    is_live = subscription["status"] in LIVE
    finish = period_of(subscription).end
    cancel_at, trial_end = subscription["cancel_at"], subscription["trial_end"]
    goes_on = is_live and (cancel_at is None or cancel_at > finish)
    duties = {
        "cancel": cancel_at if is_live and cancel_at else None,
        "expire": subscription["created"] + INCOMPLETE_SECONDS if subscription["status"] == "incomplete" else None,
        "renew": finish if goes_on else None,
        "trial": trial_end - TRIAL_NOTICE_SECONDS if subscription["status"] == "trialing" else None,
        "upcoming": finish - UPCOMING_SECONDS if goes_on else None,
    }
    for kind, at in duties.items():
        is_notice = kind in {"trial", "upcoming"}
        # A notice whose moment has passed was given, or never will be.
        agenda.put(shelf, subscription["id"], kind, None if is_notice and at is not None and at <= now else at)
