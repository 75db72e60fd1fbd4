"""Products, prices and customers: what may be given, and the objects that come of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from devstack.payments import fields
from devstack.payments.errors import StripeError, invalid, missing, no_such
from devstack.payments.fields import Reader
from devstack.payments.store import Shelf

Object = dict[str, Any]

_ADDRESS = fields.group(
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), fields.text),
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
)


def _as_given(value: Any, _param: str) -> Any:
    return value


@dataclass(frozen=True)
class Resource:
    """One kind of object: `/v1/<path>`; `build` makes a new one and `change` alters one in place."""

    kind: str
    path: str
    prefix: str
    create: dict[str, Reader]
    update: dict[str, Reader]
    build: Callable[[Shelf, Object], Object]
    filters: dict[str, Reader] = field(default_factory=dict)
    expandable: dict[str, str] = field(default_factory=dict)
    change: Callable[[Shelf, Object, Object], None] = lambda _shelf, _old, _given: None

    def new_id(self) -> str:
        """Return an id as Stripe makes them."""
        return f"{self.prefix}_{secrets.token_urlsafe(24).replace('-', '').replace('_', '')[:14]}"


def _build_product(shelf: Shelf, given: Object) -> Object:
    fields.demand(given, "name")
    price = given.get("default_price")
    if price:
        _demand_object(shelf, "price", price, "default_price")
    now = int(time.time())
    return {
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": None,
        "updated": now,
        "url": None,
        **given,
    }


def _change_product(shelf: Shelf, old: Object, given: Object) -> None:
    if given.get("default_price"):
        _demand_object(shelf, "price", given["default_price"], "default_price")
    old["updated"] = int(time.time())


def _build_price(shelf: Shelf, given: Object) -> Object:
    fields.demand(given, "currency", "product")
    _demand_object(shelf, "product", given["product"], "product")
    minor, exact = given.pop("unit_amount", None), given.pop("unit_amount_decimal", None)
    if minor is None and exact is None:
        raise missing("unit_amount")
    if minor is not None and exact is not None:
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise StripeError(message, param="unit_amount")
    exact = Decimal(minor) if exact is None else exact
    is_whole = exact == exact.to_integral_value()
    _take_lookup_key(shelf, given)
    return {
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": int(time.time()),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if given.get("recurring") else "one_time",
        "unit_amount": int(exact) if is_whole else None,
        "unit_amount_decimal": str(int(exact)) if is_whole else format(exact.normalize(), "f"),
        **given,
    }


def _change_price(shelf: Shelf, old: Object, given: Object) -> None:
    if given.get("lookup_key") != old["lookup_key"]:
        _take_lookup_key(shelf, given)
    given.pop("transfer_lookup_key", None)


def _take_lookup_key(shelf: Shelf, given: Object) -> None:
    """Hold a lookup key unique; `transfer_lookup_key` takes it from the price that has it."""
    key, is_transfer = given.get("lookup_key"), given.pop("transfer_lookup_key", False)
    holders, _ = shelf.page("price", {"lookup_key": key}, after=None, before=None, limit=1) if key else ([], False)
    if holders and not is_transfer:
        message = f"A price (`{holders[0]['id']}`) already uses that lookup key."
        raise invalid("lookup_key", message)
    for holder in holders:
        shelf.replace({**holder, "lookup_key": None})


def _build_customer(_shelf: Shelf, given: Object) -> Object:
    settings = {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
    }
    return {
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": int(time.time()),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": secrets.token_hex(4).upper(),
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **given,
        "invoice_settings": {**settings, **(given.get("invoice_settings") or {})},
        "discount": None,
    }


def _change_customer(_shelf: Shelf, old: Object, given: Object) -> None:
    if "invoice_settings" in given:
        given["invoice_settings"] = {**old["invoice_settings"], **(given["invoice_settings"] or {})}


def _demand_object(shelf: Shelf, kind: str, identifier: str, param: str) -> None:
    if shelf.get(kind, identifier) is None:
        raise no_such(kind, identifier, param)


_PRODUCT = {
    "active": fields.boolean,
    "description": fields.text,
    "images": fields.strings,
    "metadata": _as_given,
    "name": fields.required_text,
    "shippable": fields.boolean,
    "statement_descriptor": fields.text,
    "tax_code": fields.text,
    "unit_label": fields.text,
    "url": fields.text,
}
_PRICE_CHANGES = {
    "active": fields.boolean,
    "lookup_key": fields.text,
    "metadata": _as_given,
    "nickname": fields.text,
    "tax_behavior": fields.one_of("exclusive", "inclusive", "unspecified"),
    "transfer_lookup_key": fields.boolean,
}
_CUSTOMER = {
    "address": _ADDRESS,
    "balance": fields.integer,
    "description": fields.text,
    "email": fields.email,
    "invoice_prefix": fields.required_text,
    "invoice_settings": fields.group({"footer": fields.text}, {}),
    "metadata": _as_given,
    "name": fields.text,
    "next_invoice_sequence": fields.amount,
    "phone": fields.text,
    "preferred_locales": fields.strings,
    "shipping": fields.group(
        {"address": _ADDRESS, "name": fields.required_text, "phone": fields.text}, {"phone": None}
    ),
    "tax_exempt": fields.one_of("none", "exempt", "reverse"),
}

RESOURCES: dict[str, Resource] = {
    resource.path: resource
    for resource in (
        Resource(
            kind="product",
            path="products",
            prefix="prod",
            create={**_PRODUCT, "id": fields.required_text},
            update={**_PRODUCT, "default_price": fields.required_text},
            build=_build_product,
            change=_change_product,
            filters={"active": fields.boolean, "shippable": fields.boolean, "url": fields.required_text},
            expandable={"default_price": "price"},
        ),
        Resource(
            kind="price",
            path="prices",
            prefix="price",
            create={
                **_PRICE_CHANGES,
                "billing_scheme": fields.one_of("per_unit"),
                "currency": fields.currency,
                "product": fields.required_text,
                "recurring": fields.group(
                    {
                        "interval": fields.one_of("day", "week", "month", "year"),
                        "interval_count": fields.amount,
                        "usage_type": fields.one_of("licensed"),
                    },
                    {"interval_count": 1, "meter": None, "usage_type": "licensed"},
                ),
                "unit_amount": fields.amount,
                "unit_amount_decimal": fields.decimal_amount,
            },
            update=_PRICE_CHANGES,
            build=_build_price,
            change=_change_price,
            filters={
                "active": fields.boolean,
                "currency": fields.currency,
                "lookup_keys": fields.strings,
                "product": fields.required_text,
                "type": fields.one_of("one_time", "recurring"),
            },
            expandable={"product": "product"},
        ),
        Resource(
            kind="customer",
            path="customers",
            prefix="cus",
            create=_CUSTOMER,
            update=_CUSTOMER,
            build=_build_customer,
            change=_change_customer,
            filters={"email": fields.required_text},
        ),
    )
}
