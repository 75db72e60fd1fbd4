"""Refunds of charges, whole or in part."""

from __future__ import annotations

from devstack.payments import events, fields
from devstack.payments.errors import StripeError, invalid
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import as_given
from devstack.payments.routing import Call, Route

_READERS: dict[str, Reader] = {
    "amount": fields.amount,
    "charge": fields.required_text,
    "metadata": as_given,
    "payment_intent": fields.required_text,
    "reason": fields.one_of("duplicate", "fraudulent", "requested_by_customer"),
}


def _create(call: Call) -> Object:
    shelf = call.shelf
    given = fields.apply(call.params, _READERS)
    charge = _charge(call, given)
    amount = _amount(charge, given)
    refund = _built(charge, amount, given, call.now)
    refunded = charge["amount_refunded"] + amount
    changed = {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount_captured"]}
    shelf.add(refund)
    shelf.replace(changed)
    events.emit(shelf, "refund.created", refund)
    events.emit(shelf, "charge.refunded", changed, previous=events.changes(charge, changed))
    return refund


def _amount(charge: Object, given: Object) -> int:
    """Return how much is given back: what is asked for, or all that is left."""
    left: int = charge["amount_captured"] - charge["amount_refunded"]
    amount: int = given.get("amount", left)
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(message, code="charge_already_refunded")
    if not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid("amount", message if amount else "Invalid positive integer")
    return amount


def _built(charge: Object, amount: int, given: Object, now: int) -> Object:
    return {
        "id": new_id("re", 24),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": fields.merge_metadata({}, given.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _charge(call: Call, given: Object) -> Object:
    if "charge" in given:
        charge = demand(call.shelf, "charge", given["charge"], "charge", for_update=True)
    elif "payment_intent" in given:
        intent = demand(call.shelf, "payment_intent", given["payment_intent"], "payment_intent")
        if not intent["latest_charge"]:
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise StripeError(message, param="payment_intent")
        charge = demand(call.shelf, "charge", intent["latest_charge"], "charge", for_update=True)
    else:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise StripeError(message)
    if charge["status"] != "succeeded":
        message = f"Charge {charge['id']} failed, it cannot be refunded."
        raise StripeError(message, param="charge")
    return charge


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "refund", call.ids[0])


def _update(call: Call) -> Object:
    refund = demand(call.shelf, "refund", call.ids[0], for_update=True)
    given = fields.apply(call.params, {"metadata": as_given})
    changed = {**refund, "metadata": fields.merge_metadata(refund["metadata"], given.get("metadata", {}))}
    previous = events.changes(refund, changed)
    if previous:
        call.shelf.replace(changed)
        events.emit(call.shelf, "refund.updated", changed, previous=previous)
    return changed


def _list(call: Call) -> Object:
    filters: dict[str, Reader] = {"charge": fields.required_text, "payment_intent": fields.required_text}
    return listed(call, "refund", filters)


ROUTES = (
    Route("POST", "/v1/refunds", _create),
    Route("GET", "/v1/refunds", _list),
    Route("GET", "/v1/refunds/{}", _retrieve),
    Route("POST", "/v1/refunds/{}", _update),
)
