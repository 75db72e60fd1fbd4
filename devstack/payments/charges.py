"""Payments: a payment intent, the charges that try it, and what the bank says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from devstack.payments import challenges, charge_objects, events, payment_methods
from devstack.payments.challenges import Outcome
from devstack.payments.expanding import INCLUDED
from devstack.payments.listing import included
from devstack.payments.objects import Object, new_id
from devstack.payments.store import Shelf
from devstack.payments.test_cards import AUTHENTICATION_FAILED, Challenge, Decline, TestCard

# Each is told of a payment intent whose holder has answered the bank, once it has succeeded or failed.
on_settled: list[Callable[[Shelf, Object], None]] = []


@dataclass(frozen=True)
class Payment:
    """What came of an attempt to be paid; a declined one says why."""

    outcome: Literal["succeeded", "declined", "requires_action"]
    intent: Object
    charge: Object | None = None
    decline: Decline | None = None


def open_intent(
    shelf: Shelf,
    *,
    customer: str,
    amount: int,
    currency: str,
    now: int,
    invoice: str | None = None,
    description: str | None = None,
) -> Object:
    """Make a payment intent that waits for a payment method.

    Args:
        shelf: the transaction.
        customer: who pays.
        amount: in minor units, as Stripe is sent them.
        currency: in lower case.
        now: Unix seconds.
        invoice: what is paid, named as the order's reference.
        description: shown on the payment.

    """
    identifier = new_id("pi", 24)
    intent = {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{identifier}_secret_{new_id('x', 25)[2:]}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_details": {"customer_reference": None, "order_reference": invoice},
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": "off_session",
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    shelf.add(intent)
    events.emit(shelf, "payment_intent.created", intent, now=now)
    return intent


def pay(
    shelf: Shelf,
    *,
    customer: str,
    payment_method: str,
    amount: int,
    currency: str,
    now: int,
    invoice: str | None = None,
    off_session: bool = True,
) -> Payment:
    """Try to be paid by a card, and keep what comes of it; nothing is raised for a refusal.

    Args:
        shelf: the transaction.
        customer: who pays.
        payment_method: the id of one that is attached to the customer.
        amount: in minor units, as Stripe is sent them.
        currency: in lower case.
        now: Unix seconds.
        invoice: what is paid for.
        off_session: the holder is not there to answer the bank.

    """
    intent = open_intent(shelf, customer=customer, amount=amount, currency=currency, now=now, invoice=invoice)
    return attempt(shelf, intent, payment_method, now=now, off_session=off_session)


def attempt(
    shelf: Shelf,
    intent: Object,
    payment_method: str,
    *,
    now: int,
    off_session: bool = True,
    return_url: str | None = None,
    is_in_page: bool = False,
) -> Payment:
    """Try to be paid for a payment intent that is open, for the first time or again.

    `return_url` is where a browser goes from the bank's question; `is_in_page` says that Stripe.js shows that
    question itself.
    """
    method = payment_methods.resolve(shelf, payment_method)
    intent = {**intent, "payment_method": method["id"], "last_payment_error": None, "next_action": None}
    card = payment_methods.card_of(shelf, method)
    if not _asks(card, is_set_up=payment_methods.is_set_up(shelf, method), off_session=off_session):
        return _charge(shelf, intent, method, card, now)
    intent["status"] = "requires_action"
    intent["next_action"] = challenges.next_action(
        intent["id"], base_url=shelf.base_url, return_url=return_url, is_in_page=is_in_page
    )
    shelf.replace(intent)
    events.emit(shelf, "payment_intent.requires_action", intent, now=now)
    return Payment("requires_action", intent)


def cancel(shelf: Shelf, intent: Object, *, now: int, reason: str | None = None) -> Object:
    """Give up a payment intent that has not succeeded, such as that of a voided invoice."""
    intent = {
        **intent,
        "status": "canceled",
        "canceled_at": now,
        "cancellation_reason": reason,
        "next_action": None,
    }
    shelf.replace(intent)
    events.emit(shelf, "payment_intent.canceled", intent, now=now)
    return intent


def _asks(card: TestCard, *, is_set_up: bool, off_session: bool) -> bool:
    if card.challenge is Challenge.AT_SETUP:
        return not (is_set_up and off_session)
    if card.challenge is Challenge.ON_SESSION:
        return not off_session
    return card.challenge is Challenge.ALWAYS


def _charge(shelf: Shelf, intent: Object, method: Object, card: TestCard, now: int) -> Payment:
    charge = charge_objects.build(intent, method, card.decline, now, shelf.base_url)
    shelf.add(charge)
    intent = {**intent, "latest_charge": charge["id"], "next_action": None}
    if card.decline:
        intent = _failed(intent, method, card.decline, charge["id"])
    else:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    shelf.replace(intent)
    events.emit(shelf, f"charge.{charge['status']}", charge, now=now)
    kind = "payment_intent.payment_failed" if card.decline else "payment_intent.succeeded"
    events.emit(shelf, kind, intent, now=now)
    return Payment("declined" if card.decline else "succeeded", intent, charge, card.decline)


def _failed(intent: Object, method: Object, decline: Decline, charge_id: str | None) -> Object:
    error = {"code": decline.code, "message": decline.message, "payment_method": method, "type": "card_error"}
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    else:
        error["type"] = "invalid_request_error"
    if charge_id:
        error["charge"] = charge_id
    return {**intent, "last_payment_error": error, "payment_method": None, "status": "requires_payment_method"}


def _settle(shelf: Shelf, intent: Object, outcome: Outcome) -> Object:
    method = payment_methods.resolve(shelf, intent["payment_method"])
    if outcome == "complete":
        payment_methods.note_set_up(shelf, method)
        intent = _charge(shelf, intent, method, payment_methods.card_of(shelf, method), shelf.now).intent
    else:
        intent = {**_failed(intent, method, AUTHENTICATION_FAILED, None), "next_action": None}
        shelf.replace(intent)
        events.emit(shelf, "payment_intent.payment_failed", intent)
    for hook in on_settled:
        hook(shelf, intent)
    return intent


def _refunds(shelf: Shelf, charge: Object) -> Object:
    return included(f"/v1/charges/{charge['id']}/refunds", shelf.all("refund", charge=charge["id"]))


challenges.SETTLE["payment_intent"] = _settle
INCLUDED["charge", "refunds"] = _refunds
