"""What a subscription becomes by a change, and which lines that makes; nothing is kept, so previews ask here too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from devstack.payments import debits, drafts
from devstack.payments.calendar import Period, period_at
from devstack.payments.drafts import Draft, Terms
from devstack.payments.errors import StripeError, invalid
from devstack.payments.items import changed_items, interval_of, period_of, with_period
from devstack.payments.objects import Object
from devstack.payments.store import Shelf


@dataclass(frozen=True)
class Wish:
    """A change that is asked for, as at a moment; `trial_end` of 0 ends a trial now.

    `is_dated` says that the moment was asked for too; without it a renewal that is due this second does not matter.
    """

    at: int
    items: Sequence[Object] = ()
    behavior: str = "create_prorations"
    trial_end: int | None = None
    restarts: bool = False
    cancels: bool = False
    is_dated: bool = False

    def within(self, period: Period) -> Wish:
        """Return the wish as at a moment of a period.

        Raises:
            StripeError: its own date is outside.
        """
        if self.is_dated and not period.start <= self.at <= period.end:
            message = "The proration date must be in the current billing period of the subscription."
            raise invalid("proration_date", message)
        return replace(self, at=min(max(self.at, period.start), period.end))


@dataclass(frozen=True)
class Plan:
    """What comes of a wish: the subscription, its lines, and the items' debits as the credits leave them."""

    subscription: Object
    prorations: Sequence[Draft] = ()
    charges: Sequence[Draft] = ()
    debits: dict[str, list[Object]] = field(default_factory=dict)
    bills_now: bool = False


def begin(subscription: Object, terms: Terms) -> Plan:
    """Return the plan of a new subscription: its first period is charged, or is a trial."""
    items = subscription["items"]["data"]
    make = drafts.free if subscription["status"] == "trialing" else drafts.full
    return Plan(subscription, charges=make(items, period_of(subscription), terms), bills_now=True)


def renew(subscription: Object, terms: Terms) -> Plan:
    """Return the plan of the next period, which begins where the current one ends."""
    interval, count = interval_of(subscription["items"]["data"])
    period = period_at(subscription["billing_cycle_anchor"], interval, count, period_of(subscription).end)
    items = with_period(subscription["items"]["data"], period)
    new = {**subscription, "items": {**subscription["items"], "data": items}}
    if new["status"] == "trialing":
        new["status"] = "active"
    return Plan(new, charges=drafts.full(items, period, terms), bills_now=True)


def asked_items(shelf: Shelf, old: Object, wish: Wish) -> list[Object]:
    """Return the items after a wish.

    Raises:
        StripeError: an item or price does not exist or does not fit.
    """
    return changed_items(shelf, old, wish.items)


def change(shelf: Shelf, old: Object, wish: Wish, terms: Terms, items: list[Object]) -> Plan:
    """Return the plan of a change to `items`, which are those of `asked_items`.

    A change of the interval, an end of a trial and `restarts` begin a new period at the wish's moment, which is billed
    at once; any other change is prorated within the current period.

    Raises:
        StripeError: no item is left, or the moment is not in the current period.
    """
    was = old["items"]["data"]
    wish = wish.within(period_of(old))
    if wish.cancels:
        return _prorated(shelf, {**old, "items": {**old["items"], "data": []}}, was, wish, terms)
    if not items:
        raise StripeError("A subscription must have at least one active price.", param="items")
    if wish.trial_end:
        return _tried(shelf, old, items, wish, terms)
    is_new_cycle = interval_of(items) != interval_of(was) or wish.restarts
    if wish.trial_end == 0 and old["status"] == "trialing":
        is_new_cycle = True
    elif old["status"] == "trialing":
        return Plan(_with(old, items))
    if is_new_cycle:
        return _restarted(shelf, old, items, wish, terms)
    return _prorated(shelf, _with(old, items), was, wish, terms)


def _with(old: Object, items: list[Object], period: Period | None = None) -> Object:
    data = with_period(items, period or period_of(old))
    return {**old, "items": {**old["items"], "data": data}}


def _prorated(shelf: Shelf, new: Object, was: list[Object], wish: Wish, terms: Terms) -> Plan:
    if wish.behavior == "none":
        return Plan(new)
    items = new["items"]["data"]
    after = {each["id"]: each for each in items}
    before = {each["id"]: each for each in was}
    lines: list[Draft] = []
    left: dict[str, list[Object]] = {}
    for item in was:
        if _differs(item, after.get(item["id"])):
            given_back, left[item["id"]] = debits.credit(shelf, item, wish.at, terms)
            lines += given_back
    for item in items:
        if _differs(item, before.get(item["id"])):
            lines.append(drafts.remaining(item, items, period_of(new), wish.at, terms))
    return Plan(new, prorations=lines, debits=left, bills_now=bool(lines) and wish.behavior == "always_invoice")


def _restarted(shelf: Shelf, old: Object, items: list[Object], wish: Wish, terms: Terms) -> Plan:
    interval, count = interval_of(items)
    period = period_at(wish.at, interval, count, wish.at)
    new = {**_with(old, items, period), "billing_cycle_anchor": wish.at}
    if old["status"] == "trialing":
        new |= {"status": "active", "trial_end": wish.at}
    lines, left = _all_given_back(shelf, old, wish, terms)
    charges = drafts.full(new["items"]["data"], period, terms)
    return Plan(new, prorations=lines, charges=charges, debits=left, bills_now=True)


def _tried(shelf: Shelf, old: Object, items: list[Object], wish: Wish, terms: Terms) -> Plan:
    end = wish.trial_end or 0
    is_longer = old["status"] == "trialing"
    period = Period(period_of(old).start if is_longer else wish.at, end)
    new = {**_with(old, items, period), "billing_cycle_anchor": end, "status": "trialing", "trial_end": end}
    if is_longer:
        return Plan(new)
    new["trial_start"] = wish.at
    lines, left = _all_given_back(shelf, old, wish, terms)
    charges = drafts.free(new["items"]["data"], period, terms)
    return Plan(new, prorations=lines, charges=charges, debits=left, bills_now=True)


def _all_given_back(shelf: Shelf, old: Object, wish: Wish, terms: Terms) -> tuple[list[Draft], dict[str, list[Object]]]:
    lines: list[Draft] = []
    left: dict[str, list[Object]] = {}
    for item in old["items"]["data"]:
        given_back, left[item["id"]] = debits.credit(shelf, item, wish.at, terms)
        lines += given_back
    # Without prorations nothing is credited; the debits end all the same, since their period does.
    return ([] if wish.behavior == "none" else lines), left


def _differs(item: Object, other: Object | None) -> bool:
    if other is None:
        return True
    return bool(item["price"]["id"] != other["price"]["id"] or item["quantity"] != other["quantity"])
