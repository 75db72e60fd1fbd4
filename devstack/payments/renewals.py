"""What time brings to subscriptions: renewals, ends, notices, and further attempts at what was not paid."""

from __future__ import annotations

from collections.abc import Callable

from devstack.payments import (
    agenda,
    billing,
    changes,
    collection,
    events,
    pending_updates,
    previews,
    records,
    subscriptions,
)
from devstack.payments.agenda import Duty
from devstack.payments.billing import Occasion
from devstack.payments.clock import on_advance
from devstack.payments.collection import Attempt
from devstack.payments.items import period_of
from devstack.payments.objects import Object, demand
from devstack.payments.store import Shelf
from devstack.payments.subscription_create import method_of


def handle(shelf: Shelf, _since: int, until: int) -> None:
    """Do everything that is due up to a moment, in order, each as of its own moment."""
    while duty := agenda.first(shelf, until):
        then = shelf.at(duty.at)
        # The subject first and then its duty, in the order of a request that changes both.
        subject = _locked(then, duty)
        if agenda.strike(shelf, duty) and subject:
            _DUTIES[duty.kind](then, subject, duty.at)


def _locked(shelf: Shelf, duty: Duty) -> Object | None:
    if duty.kind == "retry":
        return collection.lock(shelf, duty.subject)
    return shelf.get("subscription", duty.subject, for_update=True)


def _renew(shelf: Shelf, old: Object, now: int) -> None:
    """Begin the next period.

    Stripe leaves the invoice a draft for about an hour before it is finalised and charged; here both happen at once,
    so that a clock that jumps shows the same end state without the hour.
    """
    customer = demand(shelf, "customer", old["customer"], for_update=True)
    # An address that is gone does not stop a renewal: it is billed without tax.
    party = billing.party_of(shelf, customer, is_taxed=old["automatic_tax"]["enabled"], details={})
    terms = billing.terms_for(shelf, old, old["items"]["data"], party, now)
    plan = changes.renew(old, terms)
    occasion = Occasion("subscription_cycle", now, period_of(old))
    invoice = billing.carry_out(shelf, plan.subscription, plan, terms, party, occasion)
    new = dict(plan.subscription)
    if invoice:
        new["latest_invoice"] = invoice["id"]
        new["discounts"] = billing.discounts_left(shelf, new, invoice, now)
    records.save(shelf, old, new, now)
    if invoice is None or invoice["status"] != "open":
        return
    if old["status"] == "unpaid":
        shelf.replace({**invoice, "auto_advance": False})
    else:
        collection.collect(shelf, invoice, Attempt(method_of(shelf, new, customer), now, is_retry=True))


def _cancel(shelf: Shelf, old: Object, now: int) -> None:
    """End a subscription whose end was set; what waits for its next invoice is billed now."""
    invoice = subscriptions.bill_waiting(shelf, old, now)
    if invoice:
        old = {**demand(shelf, "subscription", old["id"]), "latest_invoice": invoice["id"]}
    if old["status"] in records.LIVE:
        records.end(shelf, old, now)


def _give_notice(shelf: Shelf, subscription: Object, now: int) -> None:
    events.emit(shelf, "invoice.upcoming", previews.upcoming(shelf, subscription, now), now=now)


def _give_trial_notice(shelf: Shelf, subscription: Object, now: int) -> None:
    events.emit(shelf, "customer.subscription.trial_will_end", subscription, now=now)


def _retry(shelf: Shelf, invoice: Object, now: int) -> None:
    if invoice["status"] != "open":
        return
    subscription = shelf.get("subscription", collection.subscription_of(invoice) or "")
    customer = demand(shelf, "customer", invoice["customer"])
    method = method_of(shelf, subscription, customer)
    collection.collect(shelf, invoice, Attempt(method, now, is_retry=True))


_DUTIES: dict[str, Callable[[Shelf, Object, int], None]] = {
    "cancel": _cancel,
    "expire": subscriptions.expire,
    "lapse": pending_updates.lapse,
    "renew": _renew,
    "retry": _retry,
    "trial": _give_trial_notice,
    "upcoming": _give_notice,
}
on_advance.append(handle)
