"""A new subscription: its first invoice is made and charged at once, or it does not come to be."""

from __future__ import annotations

from dataclasses import dataclass

from devstack.payments import billing, changes, collection, coupons, events, fields, readers, records
from devstack.payments.billing import Occasion, Party
from devstack.payments.calendar import Period, period_at
from devstack.payments.changes import Plan
from devstack.payments.collection import Attempt
from devstack.payments.drafts import Terms
from devstack.payments.dunning import DAY_SECONDS
from devstack.payments.errors import StripeError, invalid
from devstack.payments.items import demand_fit, interval_of, new_item, with_period
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call
from devstack.payments.store import Shelf

PAYMENT_SETTINGS = fields.group(
    {
        "payment_method_options": readers.ignored,
        "payment_method_types": fields.strings,
        "save_default_payment_method": fields.one_of("off", "on_subscription"),
    },
    {"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"},
)
SHARED = {
    "automatic_tax": readers.AUTOMATIC_TAX,
    "cancel_at_period_end": fields.boolean,
    "collection_method": fields.one_of("charge_automatically"),
    "default_payment_method": fields.text,
    "description": fields.text,
    "discounts": readers.DISCOUNTS,
    "metadata": readers.ignored,
    "off_session": fields.boolean,
    "payment_behavior": fields.one_of("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "payment_settings": PAYMENT_SETTINGS,
    "proration_behavior": fields.one_of("always_invoice", "create_prorations", "none"),
}
_CREATE = {
    **SHARED,
    "billing_mode": readers.BILLING_MODE,
    "cancel_at": readers.moment,
    "currency": fields.currency,
    "customer": fields.required_text,
    "items": readers.groups(readers.ITEM),
    "trial_end": readers.moment_or("now"),
    "trial_period_days": fields.amount,
    "trial_settings": readers.TRIAL_SETTINGS,
}
_PLAIN = ("description", "default_payment_method", "payment_settings")


@dataclass(frozen=True)
class Start:
    """A subscription that is about to be: its plan, its terms, who pays, and its new discounts."""

    subscription: Object
    plan: Plan
    terms: Terms
    party: Party
    discounts: list[Object]


def create(call: Call) -> Object:
    """Carry out `POST /v1/subscriptions`."""
    given = fields.apply(call.params, _CREATE)
    fields.demand(given, "customer", "items")
    shelf, now = call.shelf, call.now
    customer = demand(shelf, "customer", given["customer"], "customer", for_update=True)
    demand_method(shelf, customer["id"], given.get("default_payment_method"))
    is_taxed = bool((given.get("automatic_tax") or {}).get("enabled"))
    start = begin(shelf, billing.party_of(shelf, customer, is_taxed=is_taxed), given, now)
    # What a declined card leaves is kept by the caller; here nothing may be left of a subscription that never was.
    with shelf.savepoint():
        return _carry_out(shelf, start, given, now)


def begin(shelf: Shelf, party: Party, given: Object, now: int) -> Start:
    """Return a new subscription with its plan; nothing is kept, so that previews begin here too.

    Raises:
        StripeError: the items are not of one currency and interval, or another currency than the customer's.
    """
    if not given["items"]:
        raise invalid("items", "You must pass at least one item to subscribe.")
    identifier = new_id("sub", 24)
    items = [
        new_item(shelf, each, f"items[{index}]", subscription=identifier, period=Period(now, now), now=now)
        for index, each in enumerate(given["items"])
    ]
    currency = given.get("currency") or items[0]["price"]["currency"]
    demand_fit(items, currency)
    demand_currency(party.customer, currency)
    base = records.blank(identifier, party.customer, currency, now)
    base |= {name: given[name] for name in _PLAIN if name in given}
    base["metadata"] = fields.merge_metadata({}, given.get("metadata", {}))
    base["automatic_tax"] = tax_setting(is_enabled=party.automatic_tax["enabled"])
    discounts = coupons.discounts_for(
        shelf, given.get("discounts", []), customer=party.customer["id"], subscription=identifier, now=now
    )
    base["discounts"] = [each["id"] for each in discounts]
    subscription = _timed(base, items, given, now)
    terms = billing.terms_for(shelf, subscription, subscription["items"]["data"], party, now, discounts)
    return Start(subscription, changes.begin(subscription, terms), terms, party, discounts)


def demand_currency(customer: Object, currency: str) -> None:
    """Demand that a customer is billed in the currency of before.

    Raises:
        StripeError: it is another one.
    """
    if customer.get("currency") not in {None, currency}:
        message = (
            "You cannot combine currencies on a single customer. This customer has an active subscription, "
            f"subscription schedule, discount, quote, or invoice item with currency {customer['currency']}."
        )
        raise StripeError(message)


def demand_method(shelf: Shelf, customer: str, method: str | None) -> None:
    """Demand that a payment method is attached to a customer.

    Raises:
        StripeError: it is not.
    """
    found = shelf.get("payment_method", method) if method else None
    if method and (found is None or found["customer"] != customer):
        message = (
            f"The customer does not have a payment method with the ID {method}. The payment method must be attached "
            "to the customer."
        )
        raise invalid("default_payment_method", message, "resource_missing")


def method_of(shelf: Shelf, subscription: Object | None, customer: Object) -> str | None:
    """Return the card that pays: the subscription's own, else the customer's."""
    own = (subscription or {}).get("default_payment_method")
    method = own or customer["invoice_settings"]["default_payment_method"]
    found = shelf.get("payment_method", method) if method else None
    return method if found and found["customer"] == customer["id"] else None


def no_method(param: str | None = None) -> StripeError:
    """Return the error for a customer without a card."""
    message = (
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
    )
    return StripeError(message, code="resource_missing", param=param)


def tax_setting(*, is_enabled: bool) -> Object:
    """Return a subscription's `automatic_tax`."""
    return {
        "disabled_reason": None,
        "enabled": is_enabled,
        "liability": {"type": "self"} if is_enabled else None,
    }


def _timed(base: Object, items: list[Object], given: Object, now: int) -> Object:
    """Return the subscription in its first period, or in its trial."""
    trial_end = given.get("trial_end")
    if given.get("trial_period_days"):
        trial_end = now + given["trial_period_days"] * DAY_SECONDS
    interval, count = interval_of(items)
    period = period_at(now, interval, count, now)
    new = dict(base)
    if isinstance(trial_end, int):
        if trial_end <= now:
            raise invalid("trial_end", "Invalid timestamp: must be an integer Unix timestamp in the future.")
        period = Period(now, trial_end)
        new |= {
            "billing_cycle_anchor": trial_end,
            "status": "trialing",
            "trial_end": trial_end,
            "trial_start": now,
        }
    data = with_period(items, period)
    new["items"] = {**base["items"], "data": data}
    if given.get("cancel_at_period_end"):
        new |= {"cancel_at": period.end, "cancel_at_period_end": True, "canceled_at": now}
    elif given.get("cancel_at"):
        new |= {"cancel_at": given["cancel_at"], "canceled_at": now}
    return new


def _carry_out(shelf: Shelf, start: Start, given: Object, now: int) -> Object:
    subscription = start.subscription
    shelf.add(subscription)
    coupons.keep(shelf, start.discounts, now)
    occasion = Occasion("subscription_create", now, Period(now, now))
    invoice = billing.carry_out(shelf, subscription, start.plan, start.terms, start.party, occasion)
    new = dict(subscription)
    if invoice and invoice["status"] == "open":
        new["status"] = _first_payment(shelf, subscription, invoice, given, now)
    new["latest_invoice"] = invoice["id"] if invoice else None
    new["discounts"] = billing.discounts_left(shelf, new, invoice, now)
    shelf.replace(new)
    records.schedule(shelf, new, now)
    events.emit(shelf, "customer.subscription.created", new, now=now)
    if new["status"] == "trialing" and new["trial_end"] - now <= records.TRIAL_NOTICE_SECONDS:
        events.emit(shelf, "customer.subscription.trial_will_end", new, now=now)
    return new


def _first_payment(shelf: Shelf, subscription: Object, invoice: Object, given: Object, now: int) -> str:
    """Charge the first invoice and return the subscription's status after that."""
    behavior = given.get("payment_behavior", "allow_incomplete")
    if behavior == "default_incomplete":
        collection.open_intent(shelf, invoice, now)
        return "incomplete"
    method = method_of(shelf, subscription, demand(shelf, "customer", subscription["customer"]))
    if method is None:
        raise no_method()
    attempt = Attempt(method, now, off_session=given.get("off_session", False))
    payment = collection.collect(shelf, invoice, attempt)
    if payment and payment.outcome == "succeeded":
        return str(subscription["status"])
    if behavior == "error_if_incomplete" and payment:
        raise collection.card_error(payment, for_subscription=True)
    return "incomplete"
