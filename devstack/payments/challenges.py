"""3-D Secure: the bank's question to the holder, at `/_3ds/<intent>`, and what comes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode, urlsplit

from devstack.payments import fields
from devstack.payments.errors import StripeError, no_such
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf
from devstack.standin import Response

Outcome = Literal["complete", "fail"]
# How an intent goes on once its holder has answered, by its kind.
SETTLE: dict[str, Callable[[Shelf, Object, Outcome], Object]] = {}
_KINDS = {"seti": "setup_intent", "pi": "payment_intent"}


def next_action(intent_id: str, *, base_url: str, return_url: str | None, is_in_page: bool) -> Object:
    """Return Stripe's `next_action`: to be shown by Stripe.js in the page, or at an address of its own.

    Args:
        intent_id: whose challenge it is.
        base_url: where the stand-in is reached.
        return_url: where the browser goes afterwards, if it leaves the page.
        is_in_page: it was confirmed by Stripe.js, which shows the challenge itself.

    """
    url = f"{base_url}/_3ds/{intent_id}"
    if is_in_page or not return_url:
        sdk = {"type": "three_d_secure_redirect", "stripe_js": url, "source": new_id("src", 24)}
        return {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}


def challenged(shelf: Shelf, intent_id: str, *, for_update: bool = False) -> Object:
    """Return the intent that a challenge is about; it may be settled already.

    Raises:
        StripeError: there is none.
    """
    kind = _KINDS.get(intent_id.partition("_")[0])
    if kind is None:
        raise no_such("intent", intent_id)
    return demand(shelf, kind, intent_id, for_update=for_update)


def settle(shelf: Shelf, intent_id: str, outcome: Outcome) -> Object:
    """Let the holder answer, and return the intent as it is then; a second answer changes nothing."""
    intent = challenged(shelf, intent_id, for_update=True)
    if intent["status"] != "requires_action":
        return intent
    return SETTLE[intent["object"]](shelf, intent, outcome)


def _answer(call: Call) -> Object | Response:
    given = fields.apply(call.params, {"outcome": fields.one_of("complete", "fail")})
    fields.demand(given, "outcome")
    before = challenged(call.shelf, call.ids[0])
    after = settle(call.shelf, call.ids[0], given["outcome"])
    return_url = ((before["next_action"] or {}).get("redirect_to_url") or {}).get("return_url")
    if not return_url:
        return {"id": after["id"], "object": after["object"], "status": after["status"]}
    if urlsplit(return_url).scheme not in {"http", "https"}:
        raise StripeError("Invalid return_url", param="return_url")
    words = {
        after["object"]: after["id"],
        f"{after['object']}_client_secret": after["client_secret"],
        "redirect_status": "succeeded" if after["status"] == "succeeded" else "failed",
    }
    glue = "&" if urlsplit(return_url).query else "?"
    return Response(HTTPStatus.SEE_OTHER, b"", {"Location": f"{return_url}{glue}{urlencode(words)}"})


ROUTES = (Route("POST", "/_3ds/{}", _answer, is_open=True),)
