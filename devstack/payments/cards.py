"""Card fields as a browser sends them: checked as Stripe does before any bank is asked, and what is kept of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from devstack.payments import fields
from devstack.payments.errors import StripeError, invalid
from devstack.payments.objects import Object
from devstack.payments.test_cards import BY_NUMBER, LIVE_CARD, Decline, TestCard, by_token, is_plausible

_READERS = {
    "number": fields.required_text,
    "exp_month": fields.integer,
    "exp_year": fields.integer,
    "cvc": fields.required_text,
}


def read(value: Any, param: str, now: int) -> tuple[TestCard, Object]:
    """Return a test card and Stripe's `card` object for what was typed, or for a `token`.

    Raises:
        StripeError: the number, the expiry or the security code cannot be right, or it is no test card.
    """
    if not isinstance(value, dict):
        raise invalid(param, f"Invalid object: {param}")
    if set(value) == {"token"}:
        card = by_token(str(value["token"]))
        if card is None:
            raise invalid(f"{param}[token]", f"No such token: '{value['token']}'", "resource_missing")
        return card, of(card, now)
    given = fields.apply(value, {**_READERS, "networks": lambda each, _param: each}, param)
    fields.demand(given, "number", "exp_month", "exp_year")
    number = re.sub(r"[ -]", "", given["number"])
    _demand_number(number)
    _demand_expiry(given["exp_month"], given["exp_year"], now)
    card = BY_NUMBER.get(number)
    if card is None:
        raise card_error(LIVE_CARD)
    cvc = given.get("cvc")
    if cvc is not None and not re.fullmatch(r"\d{4}" if card.brand == "amex" else r"\d{3}", cvc):
        raise _mistyped("invalid_cvc", "Your card's security code is invalid.", "cvc")
    year = given["exp_year"] if given["exp_year"] >= 100 else 2000 + given["exp_year"]  # noqa: PLR2004 - two digits
    return card, of(card, now, month=given["exp_month"], year=year, is_cvc_given=cvc is not None)


def of(
    card: TestCard, now: int, *, month: int | None = None, year: int | None = None, is_cvc_given: bool = False
) -> Object:
    """Return Stripe's `card` object; without an expiry it ends a year from now, as that of a token does."""
    today = datetime.fromtimestamp(now, UTC)
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass" if is_cvc_given else "unchecked",
        },
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month or today.month,
        "exp_year": year or today.year + 1,
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_error(decline: Decline, more: dict[str, Any] | None = None) -> StripeError:
    """Return the error for a card that was refused; `more` names the objects it concerns."""
    extra = {"decline_code": decline.decline_code or None, **(more or {})}
    return StripeError(
        decline.message, status=HTTPStatus.PAYMENT_REQUIRED, kind="card_error", code=decline.code, more=extra
    )


def _mistyped(code: str, message: str, param: str) -> StripeError:
    return StripeError(message, status=HTTPStatus.PAYMENT_REQUIRED, kind="card_error", code=code, param=param)


def _demand_number(number: str) -> None:
    if not re.fullmatch(r"\d{12,19}", number):
        raise _mistyped("invalid_number", "The card number is not a valid credit card number.", "number")
    if not is_plausible(number):
        raise _mistyped("incorrect_number", "Your card number is incorrect.", "number")


def _demand_expiry(month: int, year: int, now: int) -> None:
    today = datetime.fromtimestamp(now, UTC)
    full_year = year if year >= 100 else 2000 + year  # noqa: PLR2004 - two digits
    if not 1 <= month <= 12:  # noqa: PLR2004 - December
        raise _mistyped("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    if not today.year <= full_year <= today.year + 50:
        raise _mistyped("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if (full_year, month) < (today.year, today.month):
        raise _mistyped("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
