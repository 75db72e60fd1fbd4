"""Changes that wait for their payment (`pending_if_incomplete`): made when it comes, dropped in 23 hours or less."""

from __future__ import annotations

from devstack.payments import agenda, collection, debits, events, records
from devstack.payments.changes import Plan
from devstack.payments.errors import StripeError
from devstack.payments.items import period_of
from devstack.payments.objects import Object, demand
from devstack.payments.store import Shelf

_SECONDS = 23 * 3600
_PARTS = ("billing_cycle_anchor", "items", "status", "trial_end", "trial_start")
_SUPPORTED = frozenset(
    (
        "billing_cycle_anchor",
        "items",
        "off_session",
        "payment_behavior",
        "proration_behavior",
        "proration_date",
        "trial_end",
    )
)


def demand_supported(given: Object) -> None:
    """Demand that a change can wait.

    Raises:
        StripeError: it asks for more than items, a trial or a new period.
    """
    more = sorted(given.keys() - _SUPPORTED)
    if more:
        message = f"When `payment_behavior` is `pending_if_incomplete`, you cannot pass {', '.join(more)}."
        raise StripeError(message, param=more[0])


def put_off(shelf: Shelf, old: Object, plan: Plan, before: dict[str, list[Object]], invoice: Object) -> Object:
    """Keep what a paid invoice will change, and undo what was kept of it; return the invoice.

    Args:
        shelf: the transaction.
        old: the subscription as it stays.
        plan: the change; its debits are kept at this moment.
        before: the debits as they were.
        invoice: of the change, not yet charged.

    """
    after = {each: debits.of(shelf, each) for each in before}
    for item, kept in before.items():
        debits.keep(shelf, item, kept)
    parts = {name: plan.subscription[name] for name in _PARTS}
    record = {"id": _id(old["id"]), "object": "_pending_update", "invoice": invoice["id"], "parts": parts}
    shelf.remove(record["id"])
    shelf.add({**record, "debits": after})
    # Nobody tries again by the schedule: the change waits for somebody to pay.
    held = {**invoice, "auto_advance": False}
    shelf.replace(held)
    return held


def show(shelf: Shelf, subscription: str, invoice: Object, now: int) -> Object:
    """Show on a subscription that a change waits, unless its invoice was paid; return the subscription."""
    old = demand(shelf, "subscription", subscription)
    record = shelf.get("_pending_update", _id(subscription))
    if record is None:
        return old
    # A renewal would begin another period than the one that the change is for.
    expires_at = min(now + _SECONDS, period_of(old).end)
    parts = record["parts"]
    moved = parts["billing_cycle_anchor"] if parts["billing_cycle_anchor"] != old["billing_cycle_anchor"] else None
    update = {
        "billing_cycle_anchor": moved,
        "expires_at": expires_at,
        "subscription_items": parts["items"]["data"],
        "trial_end": parts["trial_end"] if parts["trial_end"] != old["trial_end"] else None,
        "trial_from_plan": None,
    }
    new = records.save(shelf, old, {**old, "latest_invoice": invoice["id"], "pending_update": update}, now)
    agenda.put(shelf, subscription, "lapse", expires_at)
    return new


def waits_for(shelf: Shelf, subscription: str, invoice: Object) -> bool:
    """Return whether a change waits for this invoice."""
    record = shelf.get("_pending_update", _id(subscription))
    return record is not None and record["invoice"] == invoice["id"]


def apply(shelf: Shelf, old: Object, invoice: Object, now: int) -> Object:
    """Make the change that waited for an invoice; return the subscription."""
    record = shelf.get("_pending_update", _id(old["id"])) or {}
    shelf.remove(_id(old["id"]))
    agenda.put(shelf, old["id"], "lapse", None)
    for item, kept in record["debits"].items():
        debits.keep(shelf, item, kept)
    new = {**old, **record["parts"], "latest_invoice": invoice["id"], "pending_update": None}
    records.save(shelf, old, new, now)
    if old["pending_update"]:
        events.emit(shelf, "customer.subscription.pending_update_applied", new, now=now)
    return new


def drop(shelf: Shelf, old: Object, now: int, *, is_expired: bool = False) -> Object:
    """Give up the change that waits, if there is one, and void its invoice; return the subscription."""
    record = shelf.get("_pending_update", _id(old["id"]))
    if record is None:
        return old
    shelf.remove(record["id"])
    agenda.put(shelf, old["id"], "lapse", None)
    invoice = demand(shelf, "invoice", record["invoice"], for_update=True)
    if invoice["status"] == "open":
        collection.close(shelf, invoice, "void", now)
    new = records.save(shelf, old, {**old, "pending_update": None}, now)
    if is_expired:
        events.emit(shelf, "customer.subscription.pending_update_expired", new, now=now)
    return new


def lapse(shelf: Shelf, old: Object, now: int) -> None:
    """Give up a change that was not paid for in time."""
    drop(shelf, old, now, is_expired=True)


def _id(subscription: str) -> str:
    return f"pending_{subscription}"
