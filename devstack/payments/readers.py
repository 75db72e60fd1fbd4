"""Readers of parameters that only billing takes: lists of groups, moments, discounts, percentages."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from devstack.payments import fields
from devstack.payments.errors import invalid
from devstack.payments.fields import Reader
from devstack.payments.objects import Object

_MAX_ITEMS = 20
_PERCENT = 100


def groups(readers: dict[str, Reader]) -> Reader:
    """Return a reader for a list of nested objects; the empty string empties it."""

    def read(value: Any, param: str) -> list[Object]:
        if value == "":
            return []
        if not isinstance(value, list) or any(not isinstance(each, dict) for each in value):
            raise invalid(param, f"Invalid array: {param}")
        if len(value) > _MAX_ITEMS:
            raise invalid(param, f"Array too long: {param} takes at most {_MAX_ITEMS} elements")
        return [fields.apply(each, readers, f"{param}[{index}]") for index, each in enumerate(value)]

    return read


def moment(value: Any, param: str) -> int:
    """Read a time in Unix seconds."""
    read = fields.integer(value, param)
    if read < 0:
        raise invalid(param, f"Invalid timestamp: {value}")
    return read


def moment_or(*words: str) -> Reader:
    """Return a reader for a time in Unix seconds or one of some words; the empty word unsets it."""

    def read(value: Any, param: str) -> int | str | None:
        if value in words:
            return str(value) or None
        return moment(value, param)

    return read


def percent(value: Any, param: str) -> float:
    """Read a percentage above 0 and up to 100."""
    try:
        read = Decimal(fields.required_text(value, param))
    except InvalidOperation as error:
        raise invalid(param, f"Invalid decimal: {value}") from error
    if not read.is_finite() or not 0 < read <= _PERCENT:
        raise invalid(param, f"Invalid percent_off: must be more than 0 and at most {_PERCENT}")
    return float(read)


def ignored(value: Any, _param: str) -> Any:
    """Read what changes nothing here."""
    return value


DISCOUNTS = groups(dict.fromkeys(("coupon", "discount", "promotion_code"), fields.required_text))
AUTOMATIC_TAX = fields.group({"enabled": fields.boolean, "liability": ignored}, {"enabled": False})
# This stand-in bills in the default mode alone, and sends an invoice when a trial ends without a card.
BILLING_MODE = fields.group(
    {
        "flexible": fields.group({"proration_discounts": fields.one_of("included")}, {}),
        "type": fields.one_of("flexible"),
    },
    {},
)
TRIAL_SETTINGS = fields.group(
    {"end_behavior": fields.group({"missing_payment_method": fields.one_of("create_invoice")}, {})}, {}
)
ITEM: dict[str, Reader] = {
    "metadata": fields.metadata,
    "price": fields.required_text,
    "quantity": fields.amount,
}
ITEM_CHANGE: dict[str, Reader] = {**ITEM, "deleted": fields.boolean, "id": fields.required_text}
