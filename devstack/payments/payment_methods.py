"""Cards as payment methods: made from card fields, attached to customers, detached."""

from __future__ import annotations

from typing import Any

from devstack.payments import cards, events, fields, test_cards
from devstack.payments.errors import StripeError, invalid, missing
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import ADDRESS, as_given
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf
from devstack.payments.test_cards import TestCard

_NO_DETAILS: Object = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_DETAILS = fields.group(
    {
        "address": ADDRESS,
        "email": fields.email,
        "name": fields.text,
        "phone": fields.text,
        "tax_id": fields.text,
    },
    {},
)
_CHANGES: dict[str, Reader] = {
    "allow_redisplay": fields.one_of("always", "limited", "unspecified"),
    "billing_details": _DETAILS,
    "metadata": as_given,
}


def make(shelf: Shelf, params: dict[str, Any], prefix: str = "") -> Object:
    """Make a payment method that belongs to nobody yet, from undecoded parameters.

    Raises:
        StripeError: it is no card, or no card that could exist.
    """
    readers = {**_CHANGES, "type": fields.one_of("card"), "card": as_given}
    given = fields.apply(params, readers, prefix)
    if "type" not in given:
        raise missing(f"{prefix}[type]" if prefix else "type")
    card, content = cards.read(given.get("card"), f"{prefix}[card]" if prefix else "card", shelf.now)
    method = _built(shelf, card, content)
    method["billing_details"] = _details(method["billing_details"], given.get("billing_details"))
    method["allow_redisplay"] = given.get("allow_redisplay", "unspecified")
    method["metadata"] = fields.merge_metadata({}, given.get("metadata", {}))
    shelf.replace(method)
    return method


def resolve(shelf: Shelf, identifier: str, param: str = "payment_method") -> Object:
    """Return a payment method by its id; a test token such as `pm_card_visa` makes a new one.

    Raises:
        StripeError: there is none.
    """
    card = test_cards.by_token(identifier) if identifier.startswith("pm_card_") else None
    if card is not None:
        return _built(shelf, card, cards.of(card, shelf.now))
    return demand(shelf, "payment_method", identifier, param, for_update=True)


def card_of(shelf: Shelf, method: Object) -> TestCard:
    """Return the test card behind a payment method."""
    return test_cards.BY_NUMBER[_record(shelf, method["id"])["number"]]


def is_set_up(shelf: Shelf, method: Object) -> bool:
    """Return whether the holder has agreed to payments without being asked again."""
    return bool(_record(shelf, method["id"])["is_set_up"])


def note_set_up(shelf: Shelf, method: Object) -> None:
    """Remember that the holder has agreed to payments without being asked again."""
    shelf.replace({**_record(shelf, method["id"]), "is_set_up": True})


def attach(shelf: Shelf, method: Object, customer: str) -> Object:
    """Give a payment method to a customer for good.

    Raises:
        StripeError: it is another's, or was detached before.
    """
    if method["customer"] == customer:
        return method
    if method["customer"]:
        message = (
            "The payment method you provided has already been attached to a customer. Detach it first to attach it "
            "to another."
        )
        raise StripeError(message, code="payment_method_already_attached", param="payment_method")
    if _record(shelf, method["id"])["is_spent"]:
        message = (
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
        raise StripeError(message)
    method = {**method, "customer": customer}
    shelf.replace(method)
    events.emit(shelf, "payment_method.attached", method)
    return method


def detach(shelf: Shelf, method: Object) -> Object:
    """Take a payment method from its customer; nothing is charged to it by default any more."""
    customer_id = method["customer"]
    detached = {**method, "customer": None}
    shelf.replace(detached)
    shelf.replace({**_record(shelf, method["id"]), "is_spent": True})
    customer = shelf.get("customer", customer_id, for_update=True)
    if customer and not customer.get("deleted"):
        settings = customer["invoice_settings"]
        if settings["default_payment_method"] == method["id"]:
            shelf.replace({**customer, "invoice_settings": {**settings, "default_payment_method": None}})
    for subscription in shelf.all("subscription", customer=customer_id, default_payment_method=method["id"]):
        shelf.replace({**subscription, "default_payment_method": None})
    events.emit(shelf, "payment_method.detached", detached, previous={"customer": customer_id})
    return detached


def _built(shelf: Shelf, card: TestCard, content: Object) -> Object:
    method = {
        "id": new_id("pm", 24),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {**_NO_DETAILS, "address": dict(_NO_ADDRESS)},
        "card": content,
        "created": shelf.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    shelf.add(method)
    # What only the bank knows is kept apart: no answer of the API may show it.
    record = {"number": card.number, "is_set_up": False, "is_spent": False}
    shelf.add({"id": f"_{method['id']}", "object": "_card", **record})
    return method


def _record(shelf: Shelf, identifier: str) -> Object:
    return demand(shelf, "_card", f"_{identifier}")


def _details(old: Object, given: Object | None) -> Object:
    if not given:
        return old
    address = given.get("address", old["address"])
    return {**old, **given, "address": address or dict(_NO_ADDRESS)}


def _create(call: Call) -> Object:
    return make(call.shelf, call.params)


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "payment_method", call.ids[-1])


def _update(call: Call) -> Object:
    method = demand(call.shelf, "payment_method", call.ids[0], for_update=True)
    expiry = fields.group({"exp_month": fields.integer, "exp_year": fields.integer}, {})
    given = fields.apply(call.params, {**_CHANGES, "card": expiry})
    if not method["customer"]:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise StripeError(message)
    changed = {**method, "billing_details": _details(method["billing_details"], given.get("billing_details"))}
    changed["card"] = {**method["card"], **(given.get("card") or {})}
    changed["metadata"] = fields.merge_metadata(method["metadata"], given.get("metadata", {}))
    changed["allow_redisplay"] = given.get("allow_redisplay", method["allow_redisplay"])
    previous = events.changes(method, changed)
    if previous:
        call.shelf.replace(changed)
        events.emit(call.shelf, "payment_method.updated", changed, previous=previous)
    return changed


def _attach(call: Call) -> Object:
    method = resolve(call.shelf, call.ids[0], "id")
    given = fields.apply(call.params, {"customer": fields.required_text})
    fields.demand(given, "customer")
    demand(call.shelf, "customer", given["customer"], "customer")
    card = card_of(call.shelf, method)
    if card.decline and not card.is_declined_late:
        raise cards.card_error(card.decline)
    return attach(call.shelf, method, given["customer"])


def _detach(call: Call) -> Object:
    fields.apply(call.params, {})
    method = demand(call.shelf, "payment_method", call.ids[0], for_update=True)
    if not method["customer"]:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid("payment_method", message)
    return detach(call.shelf, method)


_FILTERS: dict[str, Reader] = {
    "type": fields.one_of("card"),
    "allow_redisplay": fields.one_of("always", "limited", "unspecified"),
}


def _list(call: Call) -> Object:
    if "customer" not in call.params:
        raise missing("customer")
    return listed(call, "payment_method", {**_FILTERS, "customer": fields.required_text})


def _list_of_customer(call: Call) -> Object:
    demand(call.shelf, "customer", call.ids[0], "customer")
    return listed(call, "payment_method", _FILTERS, matching={"customer": call.ids[0]})


ROUTES = (
    Route("POST", "/v1/payment_methods", _create, is_public=True),
    Route("GET", "/v1/payment_methods", _list),
    Route("GET", "/v1/payment_methods/{}", _retrieve),
    Route("POST", "/v1/payment_methods/{}", _update),
    Route("POST", "/v1/payment_methods/{}/attach", _attach),
    Route("POST", "/v1/payment_methods/{}/detach", _detach),
    Route("GET", "/v1/customers/{}/payment_methods", _list_of_customer),
    Route("GET", "/v1/customers/{}/payment_methods/{}", _retrieve),
)
