"""Products and prices."""

from __future__ import annotations

from decimal import Decimal

from devstack.payments import fields, tiered
from devstack.payments.errors import StripeError, invalid, missing
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.resources import Resource, as_given
from devstack.payments.store import Shelf


def _build_product(shelf: Shelf, given: Object) -> Object:
    fields.demand(given, "name")
    price = given.get("default_price")
    if price:
        demand(shelf, "price", price, "default_price")
    now = shelf.now
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
        demand(shelf, "price", given["default_price"], "default_price")
    old["updated"] = shelf.now


def _build_price(shelf: Shelf, given: Object) -> Object:
    fields.demand(given, "currency", "product")
    demand(shelf, "product", given["product"], "product")
    amounts = _amounts(shelf, given)
    _take_lookup_key(shelf, given)
    return {
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": shelf.now,
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
        **amounts,
        **given,
    }


def _amounts(shelf: Shelf, given: Object) -> Object:
    """Take what a new price costs out of what it is given; tiers are kept beside the price, under an id made here."""
    minor, exact = given.pop("unit_amount", None), given.pop("unit_amount_decimal", None)
    if given.get("billing_scheme") == "tiered":
        identifier = new_id("price", 24)
        tiered.keep(shelf, identifier, tiered.demand_sound(given))
        return {"id": identifier, "unit_amount": None, "unit_amount_decimal": None}
    if minor is None and exact is None:
        raise missing("unit_amount")
    if minor is not None and exact is not None:
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise StripeError(message, param="unit_amount")
    exact = Decimal(minor) if exact is None else exact
    is_whole = exact == exact.to_integral_value()
    return {
        "unit_amount": int(exact) if is_whole else None,
        "unit_amount_decimal": str(int(exact)) if is_whole else format(exact.normalize(), "f"),
    }


def _change_price(shelf: Shelf, old: Object, given: Object) -> None:
    if given.get("lookup_key") != old["lookup_key"]:
        _take_lookup_key(shelf, given)
    given.pop("transfer_lookup_key", None)


def _take_lookup_key(shelf: Shelf, given: Object) -> None:
    """Hold a lookup key unique; `transfer_lookup_key` takes it from the price that has it."""
    key, is_transfer = given.get("lookup_key"), given.pop("transfer_lookup_key", False)
    holders = shelf.all("price", lookup_key=key) if key else []
    if holders and not is_transfer:
        message = f"A price (`{holders[0]['id']}`) already uses that lookup key."
        raise invalid("lookup_key", message)
    for holder in holders:
        shelf.replace({**holder, "lookup_key": None})


_PRODUCT = {
    "active": fields.boolean,
    "description": fields.text,
    "images": fields.strings,
    "metadata": as_given,
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
    "metadata": as_given,
    "nickname": fields.text,
    "tax_behavior": fields.one_of("exclusive", "inclusive", "unspecified"),
    "transfer_lookup_key": fields.boolean,
}
PRODUCTS = Resource(
    kind="product",
    path="products",
    prefix="prod",
    create={**_PRODUCT, "id": fields.required_text},
    update={**_PRODUCT, "default_price": fields.required_text},
    build=_build_product,
    change=_change_product,
    filters={"active": fields.boolean, "shippable": fields.boolean, "url": fields.required_text},
)
PRICES = Resource(
    kind="price",
    path="prices",
    prefix="price",
    create={
        **_PRICE_CHANGES,
        "billing_scheme": fields.one_of("per_unit", "tiered"),
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
        "tiers": tiered.TIERS,
        "tiers_mode": fields.one_of("graduated", "volume"),
        "transform_quantity": fields.group({"divide_by": fields.amount, "round": fields.one_of("down", "up")}, {}),
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
    any_of={"lookup_keys": "lookup_key"},
)
