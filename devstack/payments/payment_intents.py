"""Payment intents and charges as they are read, and a payment intent that its holder takes on in the browser."""

from __future__ import annotations

from devstack.payments import cards, charges, fields, payment_methods
from devstack.payments.errors import StripeError
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand
from devstack.payments.resources import as_given
from devstack.payments.routing import Call, Route
from devstack.payments.setup_intents import demand_secret

_CONFIRMABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
_CONFIRMING: dict[str, Reader] = {
    "client_secret": fields.required_text,
    "mandate_data": as_given,
    "off_session": fields.boolean,
    "payment_method": fields.required_text,
    "payment_method_data": as_given,
    "payment_method_options": as_given,
    "return_url": fields.required_text,
    "setup_future_usage": fields.one_of("off_session", "on_session"),
    "use_stripe_sdk": fields.boolean,
}


def _retrieve(call: Call) -> Object:
    given = fields.apply(call.params, {"client_secret": fields.required_text})
    intent = demand(call.shelf, "payment_intent", call.ids[0])
    demand_secret(call, intent, given.get("client_secret"))
    return intent


def _list(call: Call) -> Object:
    return listed(call, "payment_intent", {"customer": fields.required_text})


def _confirm(call: Call) -> Object:
    shelf = call.shelf
    intent = demand(shelf, "payment_intent", call.ids[0], for_update=True)
    given = fields.apply(call.params, _CONFIRMING)
    demand_secret(call, intent, given.get("client_secret"))
    if intent["status"] not in _CONFIRMABLE:
        message = f"This PaymentIntent's status is {intent['status']}, it cannot be confirmed."
        raise StripeError(message, code="payment_intent_unexpected_state", more={"payment_intent": intent})
    method = _method(call, given, intent)
    if intent["customer"] and method["customer"] != intent["customer"]:
        method = payment_methods.attach(shelf, method, intent["customer"])
    payment = charges.attempt(
        shelf,
        intent,
        method["id"],
        now=call.now,
        off_session=given.get("off_session", False),
        return_url=given.get("return_url"),
        is_in_page=call.is_public or bool(given.get("use_stripe_sdk")),
    )
    if payment.outcome != "requires_action":
        for hook in charges.on_settled:
            hook(shelf, payment.intent)
    if payment.decline:
        raise cards.card_error(
            payment.decline,
            {
                "charge": payment.intent["latest_charge"],
                "payment_intent": payment.intent,
                "payment_method": method,
            },
        )
    return payment.intent


def _method(call: Call, given: Object, intent: Object) -> Object:
    if given.get("payment_method_data"):
        return payment_methods.make(call.shelf, given["payment_method_data"], "payment_method_data")
    named = given.get("payment_method") or intent["payment_method"]
    if not named:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method."
        )
        raise StripeError(message, code="payment_intent_unexpected_state")
    return payment_methods.resolve(call.shelf, named)


def _retrieve_charge(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "charge", call.ids[0])


def _list_charges(call: Call) -> Object:
    filters: dict[str, Reader] = {"customer": fields.required_text, "payment_intent": fields.required_text}
    return listed(call, "charge", filters)


ROUTES = (
    Route("GET", "/v1/payment_intents", _list),
    Route("GET", "/v1/payment_intents/{}", _retrieve, is_public=True),
    Route("POST", "/v1/payment_intents/{}/confirm", _confirm, is_public=True),
    Route("GET", "/v1/charges", _list_charges),
    Route("GET", "/v1/charges/{}", _retrieve_charge),
)
