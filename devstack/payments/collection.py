"""From a draft invoice to its money: numbered, finalised, charged, tried again, given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from devstack.payments import agenda, balances, charges, dunning, events, pending
from devstack.payments.charges import Payment
from devstack.payments.errors import StripeError
from devstack.payments.expanding import INCLUDED, POINTERS
from devstack.payments.listing import included
from devstack.payments.money import settled
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.store import Shelf

# Each is told of an invoice that was paid, or whose payment failed for good or for now.
on_paid: list[Callable[[Shelf, Object, int], None]] = []
on_failed: list[Callable[[Shelf, Object, int], None]] = []


def issue(shelf: Shelf, invoice: Object, now: int) -> Object:
    """Keep a new draft; invoice items that it bills no longer wait."""
    shelf.add(invoice)
    pending.bill(shelf, invoice)
    events.emit(shelf, "invoice.created", invoice, now=now)
    return invoice


def finalize(shelf: Shelf, invoice: Object, now: int) -> Object:
    """Give a draft its number, settle it with the customer's balance, and open it; nothing to pay is paid at once."""
    customer = demand(shelf, "customer", invoice["customer"], for_update=True)
    balance, number = customer["balance"], customer["next_invoice_sequence"]
    due, after = settled(invoice["total"], balance, invoice["currency"])
    new = {
        **invoice,
        "amount_due": due,
        "amount_remaining": due,
        "effective_at": now,
        "ending_balance": after,
        "hosted_invoice_url": f"{shelf.base_url}/i/{invoice['id']}",
        "invoice_pdf": f"{shelf.base_url}/i/{invoice['id']}/pdf",
        "number": f"{customer['invoice_prefix']}-{number:04}",
        "starting_balance": balance,
        "status": "open",
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
    }
    shelf.replace(new)
    changed = {**customer, "next_invoice_sequence": number + 1, "balance": after}
    changed["currency"] = customer["currency"] or invoice["currency"]
    shelf.replace(changed)
    events.emit(shelf, "invoice.finalized", new, now=now)
    if after != balance:
        kind = "invoice_too_small" if after > 0 and invoice["total"] > 0 else "applied_to_invoice"
        balances.note(shelf, new, after - balance, now, kind)
    previous = events.changes(customer, changed)
    previous.pop("next_invoice_sequence")
    if previous:
        events.emit(shelf, "customer.updated", changed, now=now, previous=previous)
    return new if due else _paid(shelf, new, 0, now)


def lock(shelf: Shelf, identifier: str) -> Object:
    """Return an invoice that nobody else changes until the end of the transaction.

    Its subscription is locked first, which is the order of every change of a subscription: so no two wait for each
    other.

    Raises:
        StripeError: there is no such invoice.
    """
    subscription = subscription_of(demand(shelf, "invoice", identifier))
    if subscription:
        shelf.get("subscription", subscription, for_update=True)
    return demand(shelf, "invoice", identifier, for_update=True)


@dataclass(frozen=True)
class Attempt:
    """A try to have an invoice paid; only the first and the scheduled ones (`is_retry`) count for the schedule."""

    method: str | None
    now: int
    off_session: bool = True
    is_retry: bool = False

    def count(self, invoice: Object) -> int:
        """Return the invoice's `attempt_count` with this attempt."""
        before: int = invoice["attempt_count"]
        return before + 1 if self.is_retry or not before else before


def collect(shelf: Shelf, invoice: Object, attempt: Attempt) -> Payment | None:
    """Try to have an open invoice paid by a card; return what came of it, None if there was no card to try.

    The invoice is kept as it is after that; a failure sets the next attempt of the schedule.
    """
    now = attempt.now
    intent = _open_intent(shelf, invoice) or open_intent(shelf, invoice, now)
    if attempt.method is None:
        failed(shelf, invoice, attempt)
        return None
    payment = charges.attempt(shelf, intent, attempt.method, now=now, off_session=attempt.off_session)
    if payment.outcome == "succeeded":
        settle(shelf, invoice, payment.intent, attempt)
    else:
        failed(shelf, invoice, attempt, is_asked=payment.outcome == "requires_action")
    return payment


def open_intent(shelf: Shelf, invoice: Object, now: int) -> Object:
    """Make a payment intent that is there to pay an open invoice."""
    intent = charges.open_intent(
        shelf,
        customer=invoice["customer"],
        amount=invoice["amount_remaining"],
        currency=invoice["currency"],
        now=now,
        invoice=invoice["id"],
    )
    shelf.add(
        {
            "id": new_id("inpay", 24),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_remaining"],
            "created": now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )
    return intent


def settle(shelf: Shelf, invoice: Object, intent: Object, attempt: Attempt) -> Object:
    """Let an invoice be paid by a payment intent that has succeeded."""
    now = attempt.now
    for each in shelf.all("invoice_payment", invoice=invoice["id"]):
        if each["payment"].get("payment_intent") == intent["id"]:
            transitions = {"canceled_at": None, "paid_at": now}
            done = {**each, "amount_paid": intent["amount"], "status": "paid", "status_transitions": transitions}
            shelf.replace(done)
            events.emit(shelf, "invoice_payment.paid", done, now=now)
    return _paid(shelf, {**invoice, "attempt_count": attempt.count(invoice)}, invoice["amount_remaining"], now)


def failed(shelf: Shelf, invoice: Object, attempt: Attempt, *, is_asked: bool = False) -> Object:
    """Note an attempt that failed: the next one is set by the schedule, or there is none."""
    now, count = attempt.now, attempt.count(invoice)
    at = invoice["next_payment_attempt"]
    if count != invoice["attempt_count"]:
        at = dunning.next_attempt(shelf, invoice, count, now)
    new = {**invoice, "attempt_count": count, "attempted": True, "next_payment_attempt": at}
    shelf.replace(new)
    agenda.put(shelf, invoice["id"], "retry", at)
    events.emit(shelf, "invoice.updated", new, now=now, previous=events.changes(invoice, new))
    events.emit(shelf, "invoice.payment_failed", new, now=now)
    if is_asked:
        events.emit(shelf, "invoice.payment_action_required", new, now=now)
    for hook in on_failed:
        hook(shelf, new, now)
    if attempt.is_retry:
        balances.mark(shelf, invoice["customer"], now, is_delinquent=True)
    return new


def close(shelf: Shelf, invoice: Object, status: Literal["void", "uncollectible"], now: int) -> Object:
    """Void an open invoice or give up on it; a void one gives back what it took from the balance."""
    moment = {"void": "voided_at", "uncollectible": "marked_uncollectible_at"}[status]
    transitions = {**invoice["status_transitions"], moment: now}
    new = {**invoice, "status": status, "status_transitions": transitions, "next_payment_attempt": None}
    new |= {"auto_advance": False}
    shelf.replace(new)
    agenda.put(shelf, invoice["id"], "retry", None)
    if status == "void":
        balances.give_back(shelf, new, now)
        intent = _open_intent(shelf, invoice)
        if intent:
            charges.cancel(shelf, intent, now=now, reason="void_invoice")
    kind = {"void": "invoice.voided", "uncollectible": "invoice.marked_uncollectible"}[status]
    events.emit(shelf, kind, new, now=now)
    if status == "uncollectible":
        balances.mark(shelf, invoice["customer"], now, is_delinquent=False)
    return new


def hold(shelf: Shelf, subscription: str, now: int) -> None:
    """Stop the automatic collection of a subscription's open invoices."""
    for invoice in of_subscription(shelf, subscription):
        if invoice["status"] in {"open", "draft"} and (invoice["auto_advance"] or invoice["next_payment_attempt"]):
            new = {**invoice, "auto_advance": False, "next_payment_attempt": None}
            shelf.replace(new)
            agenda.put(shelf, invoice["id"], "retry", None)
            events.emit(shelf, "invoice.updated", new, now=now, previous=events.changes(invoice, new))


def of_subscription(shelf: Shelf, subscription: str) -> list[Object]:
    """Return the invoices of a subscription, newest first."""
    return shelf.all("invoice", parent={"subscription_details": {"subscription": subscription}})


def subscription_of(invoice: Object) -> str | None:
    """Return the id of the subscription that an invoice is for."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def is_given_up(shelf: Shelf, invoice: Object) -> bool:
    """Return whether an invoice has had all attempts of the schedule."""
    days = dunning.settings(shelf)["retry_days"]
    return bool(invoice["auto_advance"]) and invoice["attempt_count"] > len(days)


def end_of(shelf: Shelf) -> str:
    """Return the status of a subscription after the last attempt."""
    return str(dunning.settings(shelf)["end"])


def card_error(payment: Payment, *, for_subscription: bool = False) -> StripeError:
    """Return the error for a payment that did not succeed.

    Of a subscription's payment nothing is kept (`for_subscription`), so the error points to nothing either.
    """
    more: dict[str, Any] = {}
    if not for_subscription:
        more = {"charge": payment.charge["id"] if payment.charge else None, "payment_intent": payment.intent}
    if payment.decline is None:
        subject = "subscription" if for_subscription else "invoice"
        code = f"{subject}_payment_intent_requires_action"
        message = "This payment requires additional user action before it can be completed successfully."
        return StripeError(message, status=402, kind="card_error", code=code, more=more)
    more["decline_code"] = payment.decline.decline_code or None
    return StripeError(payment.decline.message, status=402, kind="card_error", code=payment.decline.code, more=more)


def _paid(shelf: Shelf, invoice: Object, amount: int, now: int) -> Object:
    before = demand(shelf, "invoice", invoice["id"])
    new = {
        **invoice,
        "amount_paid": amount,
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
    }
    shelf.replace(new)
    agenda.put(shelf, invoice["id"], "retry", None)
    if amount:
        previous = events.changes(before, new)
        events.emit(shelf, "invoice.updated", new, now=now, previous=previous)
    events.emit(shelf, "invoice.paid", new, now=now)
    events.emit(shelf, "invoice.payment_succeeded", new, now=now)
    for hook in on_paid:
        hook(shelf, new, now)
    balances.mark(shelf, invoice["customer"], now, is_delinquent=False)
    return new


def _open_intent(shelf: Shelf, invoice: Object) -> Object | None:
    for each in shelf.all("invoice_payment", invoice=invoice["id"], status="open"):
        intent = shelf.get("payment_intent", each["payment"].get("payment_intent") or "", for_update=True)
        if intent and intent["status"] not in {"succeeded", "canceled"}:
            return intent
    return None


def _intent_settled(shelf: Shelf, intent: Object) -> None:
    """Follow the answer to the bank's question on a payment of an invoice."""
    for each in shelf.all("invoice_payment", payment={"payment_intent": intent["id"]}):
        invoice = lock(shelf, each["invoice"])
        if invoice["status"] != "open":
            continue
        if intent["status"] == "succeeded":
            settle(shelf, invoice, intent, Attempt(None, shelf.now))
        else:
            failed(shelf, invoice, Attempt(None, shelf.now))


def _secret(shelf: Shelf, invoice: Object) -> Object | None:
    intent = _open_intent(shelf, invoice) if invoice["status"] == "open" else None
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


def _payments(shelf: Shelf, invoice: Object) -> Object:
    return included("/v1/invoice_payments", shelf.all("invoice_payment", invoice=invoice["id"]))


charges.on_settled.append(_intent_settled)
INCLUDED["invoice", "confirmation_secret"] = _secret
INCLUDED["invoice", "payments"] = _payments
POINTERS["invoice", "discounts"] = "discount"
