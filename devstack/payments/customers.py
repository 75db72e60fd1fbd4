"""Customers."""

from __future__ import annotations

import secrets

from devstack.payments import fields
from devstack.payments.objects import Object
from devstack.payments.resources import ADDRESS, Resource, as_given
from devstack.payments.store import Shelf


def _build_customer(shelf: Shelf, given: Object) -> Object:
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
        "created": shelf.now,
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


_CUSTOMER = {
    "address": ADDRESS,
    "balance": fields.integer,
    "description": fields.text,
    "email": fields.email,
    "invoice_prefix": fields.required_text,
    "invoice_settings": fields.group({"footer": fields.text}, {}),
    "metadata": as_given,
    "name": fields.text,
    "next_invoice_sequence": fields.amount,
    "phone": fields.text,
    "preferred_locales": fields.strings,
    "shipping": fields.group({"address": ADDRESS, "name": fields.required_text, "phone": fields.text}, {"phone": None}),
    "tax_exempt": fields.one_of("none", "exempt", "reverse"),
}

CUSTOMERS = Resource(
    kind="customer",
    path="customers",
    prefix="cus",
    create=_CUSTOMER,
    update=_CUSTOMER,
    build=_build_customer,
    change=_change_customer,
    filters={"email": fields.required_text},
)
