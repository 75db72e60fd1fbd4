"""When a failed payment is tried again, and what becomes of the subscription after the last time."""

from __future__ import annotations

from typing import Any

from devstack.payments.objects import Object
from devstack.payments.store import Shelf

DAY_SECONDS = 24 * 3600
_SETTINGS = "_dunning"
# Days from each failed attempt to the next; after the last one the subscription ends.
_DEFAULTS = {"retry_days": [3, 5, 7], "end": "canceled"}
_ENDS = ("canceled", "unpaid", "past_due")


def settings(shelf: Shelf) -> Object:
    """Return the schedule and what comes after it: `retry_days` and `end`."""
    return {**_DEFAULTS, **(shelf.get(_SETTINGS, _SETTINGS) or {})}


def order(shelf: Shelf, order: dict[str, Any]) -> None:
    """Carry out an order of /_control: `retry_days`, a list of numbers, and `end`: canceled, unpaid or past_due.

    Raises:
        ValueError: it is not of that form.
    """
    days = [float(day) for day in order.get("retry_days", _DEFAULTS["retry_days"])]
    end = order.get("end", _DEFAULTS["end"])
    if end not in _ENDS or any(day <= 0 for day in days):
        message = f"retry_days must be positive numbers and end one of {', '.join(_ENDS)}"
        raise ValueError(message)
    content = {"id": _SETTINGS, "object": _SETTINGS, "retry_days": days, "end": end}
    if not shelf.add(content):
        shelf.replace(content)


def next_attempt(shelf: Shelf, invoice: Object, count: int, now: int) -> int | None:
    """Return when an invoice is tried again after a number of attempts; None is never.

    The first invoice of a subscription is not tried again: it has 23 hours to be paid by hand.
    """
    if not invoice["auto_advance"] or invoice["billing_reason"] in {"subscription_create", "manual"}:
        return None
    days = settings(shelf)["retry_days"]
    return now + int(days[count - 1] * DAY_SECONDS) if count <= len(days) else None
