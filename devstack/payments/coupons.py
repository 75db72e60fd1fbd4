"""Coupons, promotion codes, and the discounts that they become on a subscription."""

from __future__ import annotations

import secrets
from fractions import Fraction

from devstack.payments import events, fields, readers
from devstack.payments.calendar import months_after
from devstack.payments.discounts import Reduction
from devstack.payments.errors import StripeError, invalid
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf

_COUPON = {
    "amount_off": fields.amount,
    "currency": fields.currency,
    "duration": fields.one_of("forever", "once", "repeating"),
    "duration_in_months": fields.amount,
    "id": fields.required_text,
    "max_redemptions": fields.amount,
    "metadata": fields.metadata,
    "name": fields.text,
    "percent_off": readers.percent,
    "redeem_by": readers.moment,
}
_PROMOTION = fields.group({"type": fields.one_of("coupon"), "coupon": fields.required_text}, {"type": "coupon"})


def discounts_for(shelf: Shelf, given: list[Object], *, customer: str, subscription: str, now: int) -> list[Object]:
    """Return the discount objects that a `discounts` parameter asks for, new ones not yet kept.

    Raises:
        StripeError: a coupon, code or discount does not exist or is no longer valid.
    """
    found = []
    for index, each in enumerate(given):
        param = f"discounts[{index}]"
        if "discount" in each:
            found.append(demand(shelf, "discount", each["discount"], f"{param}[discount]"))
            continue
        code = None
        if "promotion_code" in each:
            code = demand(shelf, "promotion_code", each["promotion_code"], f"{param}[promotion_code]")
        coupon_id = code["promotion"]["coupon"] if code else each.get("coupon", "")
        coupon = demand(shelf, "coupon", coupon_id, f"{param}[coupon]")
        if not is_valid(coupon, now) or (code and not code["active"]):
            raise StripeError(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=f"{param}[coupon]")
        found.append(_discount(coupon, code, customer, subscription, now))
    return found


def keep(shelf: Shelf, discounts: list[Object], now: int) -> None:
    """Keep the discounts that are new, and count them as redeemed."""
    for discount in discounts:
        if not shelf.add(discount):
            continue
        coupon = demand(shelf, "coupon", discount["source"]["coupon"], for_update=True)
        counted = {**coupon, "times_redeemed": coupon["times_redeemed"] + 1}
        shelf.replace({**counted, "valid": is_valid(counted, now)})
        events.emit(shelf, "customer.discount.created", discount, now=now)


def drop(shelf: Shelf, identifiers: list[str], now: int) -> None:
    """Tell that discounts are no longer on their subscription; they stay on its invoices."""
    for identifier in identifiers:
        events.emit(shelf, "customer.discount.deleted", demand(shelf, "discount", identifier), now=now)


def reductions(shelf: Shelf, discounts: list[Object], currency: str, now: int) -> list[Reduction]:
    """Return what the discounts take off now; one that has ended or is of another currency takes nothing."""
    found = []
    for discount in discounts:
        coupon = shelf.get("coupon", discount["source"]["coupon"]) or {}
        if discount["end"] is not None and discount["end"] <= now:
            continue
        if coupon.get("percent_off") is not None:
            found.append(Reduction(discount["id"], percent=Fraction(str(coupon["percent_off"]))))
        elif coupon.get("currency") == currency:
            found.append(Reduction(discount["id"], amount=coupon["amount_off"]))
    return found


def goes_on(shelf: Shelf, identifier: str, now: int, *, is_used: bool) -> bool:
    """Return whether a discount stays on its subscription after an invoice, which may have used it."""
    discount = demand(shelf, "discount", identifier)
    coupon = shelf.get("coupon", discount["source"]["coupon"]) or {}
    has_ended = discount["end"] is not None and discount["end"] <= now
    return not has_ended and not (is_used and coupon.get("duration") == "once")


def is_valid(coupon: Object, now: int) -> bool:
    """Return whether a coupon can still be redeemed."""
    most, until = coupon["max_redemptions"], coupon["redeem_by"]
    return (most is None or coupon["times_redeemed"] < most) and (until is None or now <= until)


def _discount(coupon: Object, code: Object | None, customer: str, subscription: str, now: int) -> Object:
    months = coupon["duration_in_months"]
    return {
        "id": new_id("di", 24),
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "end": months_after(now, months) if coupon["duration"] == "repeating" else None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code["id"] if code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        "subscription": subscription,
        "subscription_item": None,
    }


def _create(call: Call) -> Object:
    given = fields.apply(call.params, _COUPON)
    if ("percent_off" in given) == ("amount_off" in given):
        raise invalid("percent_off", "You must pass either percent_off or amount_off, and not both.")
    if "amount_off" in given:
        fields.demand(given, "currency")
    duration = given.setdefault("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in given):
        message = "duration_in_months is required for coupons whose duration is repeating, and for no others."
        raise invalid("duration_in_months", message)
    coupon = {
        "id": secrets.token_hex(4).upper(),
        "object": "coupon",
        "amount_off": None,
        "created": call.now,
        "currency": None,
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        **given,
    }
    coupon["valid"] = is_valid(coupon, call.now)
    if not call.shelf.add(coupon):
        raise invalid("id", "Coupon already exists.", "resource_already_exists")
    events.emit(call.shelf, "coupon.created", coupon)
    return coupon


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "coupon", call.ids[0])


def _update(call: Call) -> Object:
    given = fields.apply(call.params, {"metadata": fields.metadata, "name": fields.text})
    old = demand(call.shelf, "coupon", call.ids[0], for_update=True)
    if "metadata" in given:
        given["metadata"] = fields.merge_metadata(old["metadata"], given["metadata"])
    new = {**old, **given}
    call.shelf.replace(new)
    events.emit(call.shelf, "coupon.updated", new, previous=events.changes(old, new))
    return new


def _delete(call: Call) -> Object:
    """Forget a coupon; discounts made of it stay, as they do at Stripe."""
    old = demand(call.shelf, "coupon", call.ids[0], for_update=True)
    call.shelf.replace({**old, "deleted": True})
    events.emit(call.shelf, "coupon.deleted", old)
    return {"id": old["id"], "object": "coupon", "deleted": True}


def _create_code(call: Call) -> Object:
    given = fields.apply(
        call.params,
        {
            "active": fields.boolean,
            "code": fields.required_text,
            "customer": fields.required_text,
            "expires_at": readers.moment,
            "max_redemptions": fields.amount,
            "metadata": fields.metadata,
            "promotion": _PROMOTION,
        },
    )
    fields.demand(given, "promotion")
    demand(call.shelf, "coupon", given["promotion"].get("coupon", ""), "promotion[coupon]")
    code = {
        "id": new_id("promo", 24),
        "object": "promotion_code",
        "active": True,
        "code": secrets.token_hex(4).upper(),
        "created": call.now,
        "customer": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
        **given,
    }
    call.shelf.add(code)
    events.emit(call.shelf, "promotion_code.created", code)
    return code


def _retrieve_code(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "promotion_code", call.ids[0])


ROUTES = (
    Route("POST", "/v1/coupons", _create),
    Route("GET", "/v1/coupons", lambda call: listed(call, "coupon", {})),
    Route("GET", "/v1/coupons/{}", _retrieve),
    Route("POST", "/v1/coupons/{}", _update),
    Route("DELETE", "/v1/coupons/{}", _delete),
    Route("POST", "/v1/promotion_codes", _create_code),
    Route(
        "GET",
        "/v1/promotion_codes",
        lambda call: listed(call, "promotion_code", {"active": fields.boolean, "code": fields.required_text}),
    ),
    Route("GET", "/v1/promotion_codes/{}", _retrieve_code),
)
