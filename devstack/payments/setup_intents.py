"""Setup intents: a card made ready for payments without its holder, with the bank's question where it asks one."""

from __future__ import annotations

import hmac
from typing import Any

from devstack.payments import cards, challenges, events, fields, payment_methods
from devstack.payments.challenges import Outcome
from devstack.payments.errors import StripeError, missing
from devstack.payments.fields import Reader
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import as_given
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf
from devstack.payments.test_cards import Challenge, Decline

_AUTHENTICATION_FAILURE = Decline(
    "setup_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
_OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
_READERS: dict[str, Reader] = {
    "automatic_payment_methods": fields.group(
        {"enabled": fields.boolean, "allow_redirects": fields.one_of("always", "never")}, {}
    ),
    "customer": fields.required_text,
    "description": fields.text,
    "metadata": as_given,
    "payment_method": fields.text,
    "payment_method_data": as_given,
    "payment_method_options": as_given,
    "payment_method_types": fields.strings,
}
_CONFIRMING: dict[str, Reader] = {
    "client_secret": fields.required_text,
    "mandate_data": as_given,
    "payment_method": fields.required_text,
    "payment_method_data": as_given,
    "payment_method_options": as_given,
    "return_url": fields.required_text,
    "use_stripe_sdk": fields.boolean,
}


def demand_secret(call: Call, intent: Object, given: str | None) -> None:
    """Demand the client secret from whoever has no secret key.

    Raises:
        StripeError: it is missing or another's.
    """
    if given is None:
        if call.is_public:
            raise missing("client_secret")
        return
    if not hmac.compare_digest(given.encode(), intent["client_secret"].encode()):
        message = "The client_secret provided does not match the client_secret associated with the intent."
        raise StripeError(message, param="client_secret")


def _create(call: Call) -> Object:
    shelf = call.shelf
    more: dict[str, Reader] = {
        "confirm": fields.boolean,
        "return_url": fields.required_text,
        "usage": fields.one_of("off_session", "on_session"),
        "use_stripe_sdk": fields.boolean,
    }
    given = fields.apply(call.params, {**_READERS, **more})
    if "customer" in given:
        demand(shelf, "customer", given["customer"], "customer")
    intent = _built(given, shelf.now)
    method = _given_method(shelf, given)
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    shelf.add(intent)
    events.emit(shelf, "setup_intent.created", intent)
    return _confirmed(call, intent, given) if given.get("confirm") else intent


def _built(given: Object, now: int) -> Object:
    identifier = new_id("seti", 24)
    automatic = given.get("automatic_payment_methods")
    return {
        "id": identifier,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True, **automatic} if automatic else None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{new_id('x', 25)[2:]}",
        "created": now,
        "customer": given.get("customer"),
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": fields.merge_metadata({}, given.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"mandate_options": None, "network": None, "request_three_d_secure": None}},
        "payment_method_types": given.get("payment_method_types") or ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": given.get("usage", "off_session"),
    }


def _retrieve(call: Call) -> Object:
    given = fields.apply(call.params, {"client_secret": fields.required_text})
    intent = demand(call.shelf, "setup_intent", call.ids[0])
    demand_secret(call, intent, given.get("client_secret"))
    return intent


def _update(call: Call) -> Object:
    intent = _demand_open(call.shelf, call.ids[0])
    given = fields.apply(call.params, _READERS)
    if "customer" in given:
        demand(call.shelf, "customer", given["customer"], "customer")
    method = _given_method(call.shelf, given)
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
    for name in ("customer", "description", "payment_method_types"):
        if name in given:
            intent[name] = given[name]
    intent["metadata"] = fields.merge_metadata(intent["metadata"], given.get("metadata", {}))
    call.shelf.replace(intent)
    return intent


def _confirm(call: Call) -> Object:
    intent = demand(call.shelf, "setup_intent", call.ids[0], for_update=True)
    given = fields.apply(call.params, _CONFIRMING)
    demand_secret(call, intent, given.get("client_secret"))
    _refuse_settled(intent)
    return _confirmed(call, intent, given)


def _confirmed(call: Call, intent: Object, given: dict[str, Any]) -> Object:
    """Ask the bank, which may agree, refuse, or want to ask the holder first."""
    shelf = call.shelf
    method = _given_method(shelf, given)
    if method is None and intent["payment_method"]:
        method = payment_methods.resolve(shelf, intent["payment_method"])
    if method is None:
        message = (
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again."
        )
        raise StripeError(message, code="setup_intent_unexpected_state")
    intent = {**intent, "payment_method": method["id"], "last_setup_error": None, "next_action": None}
    card = payment_methods.card_of(shelf, method)
    if card.decline and not card.is_declined_late:
        failed = _fail(shelf, intent, method, card.decline)
        raise cards.card_error(card.decline, {"setup_intent": failed, "payment_method": method})
    if card.challenge is Challenge.NEVER:
        return _succeed(shelf, intent, method)
    intent["status"] = "requires_action"
    intent["next_action"] = challenges.next_action(
        intent["id"],
        base_url=call.base_url,
        return_url=given.get("return_url"),
        is_in_page=call.is_public or bool(given.get("use_stripe_sdk")),
    )
    shelf.replace(intent)
    events.emit(shelf, "setup_intent.requires_action", intent)
    return intent


def _given_method(shelf: Shelf, given: dict[str, Any]) -> Object | None:
    if given.get("payment_method_data"):
        return payment_methods.make(shelf, given["payment_method_data"], "payment_method_data")
    if given.get("payment_method"):
        return payment_methods.resolve(shelf, given["payment_method"])
    return None


def _succeed(shelf: Shelf, intent: Object, method: Object) -> Object:
    if intent["customer"]:
        payment_methods.attach(shelf, method, intent["customer"])
    payment_methods.note_set_up(shelf, method)
    intent = {**intent, "status": "succeeded", "next_action": None}
    shelf.replace(intent)
    events.emit(shelf, "setup_intent.succeeded", intent)
    return intent


def _fail(shelf: Shelf, intent: Object, method: Object, decline: Decline) -> Object:
    error = {"code": decline.code, "message": decline.message, "payment_method": method, "type": "card_error"}
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    else:
        error["type"] = "invalid_request_error"
    intent = {
        **intent,
        "last_setup_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    shelf.replace(intent)
    events.emit(shelf, "setup_intent.setup_failed", intent)
    return intent


def _settle(shelf: Shelf, intent: Object, outcome: Outcome) -> Object:
    method = payment_methods.resolve(shelf, intent["payment_method"])
    if outcome == "complete":
        return _succeed(shelf, intent, method)
    return _fail(shelf, intent, method, _AUTHENTICATION_FAILURE)


def _cancel(call: Call) -> Object:
    reasons = fields.one_of("abandoned", "duplicate", "requested_by_customer")
    given = fields.apply(call.params, {"cancellation_reason": reasons})
    intent = _demand_open(call.shelf, call.ids[0])
    reason = given.get("cancellation_reason")
    intent |= {"status": "canceled", "next_action": None, "cancellation_reason": reason}
    call.shelf.replace(intent)
    events.emit(call.shelf, "setup_intent.canceled", intent)
    return intent


def _demand_open(shelf: Shelf, identifier: str) -> Object:
    intent = demand(shelf, "setup_intent", identifier, for_update=True)
    _refuse_settled(intent)
    return intent


def _refuse_settled(intent: Object) -> None:
    if intent["status"] not in _OPEN:
        message = (
            f"You cannot change this SetupIntent because it has a status of {intent['status']}. Only a SetupIntent "
            "with one of the following statuses may be changed: requires_payment_method, requires_confirmation, "
            "requires_action."
        )
        raise StripeError(message, code="setup_intent_unexpected_state", more={"setup_intent": intent})


def _list(call: Call) -> Object:
    filters: dict[str, Reader] = {"customer": fields.required_text, "payment_method": fields.required_text}
    return listed(call, "setup_intent", filters)


challenges.SETTLE["setup_intent"] = _settle
ROUTES = (
    Route("POST", "/v1/setup_intents", _create),
    Route("GET", "/v1/setup_intents", _list),
    Route("GET", "/v1/setup_intents/{}", _retrieve, is_public=True),
    Route("POST", "/v1/setup_intents/{}", _update),
    Route("POST", "/v1/setup_intents/{}/confirm", _confirm, is_public=True),
    Route("POST", "/v1/setup_intents/{}/cancel", _cancel),
)
