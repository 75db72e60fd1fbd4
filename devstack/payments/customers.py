"""Customers: who pays, where they are, and by what."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from devstack.payments import calls, events, fields, payment_methods, tax_ids
from devstack.payments.errors import invalid
from devstack.payments.expanding import INCLUDED
from devstack.payments.objects import Object, demand
from devstack.payments.resources import ADDRESS, Resource, as_given
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf

# Each is told of a customer that is about to be deleted.
on_deleted: list[Callable[[Shelf, Object], None]] = []
_NO_SETTINGS = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}


def _custom_fields(value: Any, param: str) -> list[Object] | None:
    if value == "":
        return None
    if not isinstance(value, list):
        raise invalid(param, f"Invalid array: {param}")
    reader = fields.group({"name": fields.required_text, "value": fields.required_text}, {})
    return [reader(each, f"{param}[{index}]") for index, each in enumerate(value)]


_FIELDS = {
    "address": ADDRESS,
    "balance": fields.integer,
    "business_name": fields.text,
    "description": fields.text,
    "email": fields.email,
    "individual_name": fields.text,
    "invoice_prefix": fields.required_text,
    "invoice_settings": fields.group(
        {"custom_fields": _custom_fields, "default_payment_method": fields.text, "footer": fields.text}, {}
    ),
    "metadata": as_given,
    "name": fields.text,
    "next_invoice_sequence": fields.amount,
    "phone": fields.text,
    "preferred_locales": fields.strings,
    "shipping": fields.group({"address": ADDRESS, "name": fields.required_text, "phone": fields.text}, {"phone": None}),
    "tax": fields.group({"validate_location": fields.one_of("deferred", "immediately", "auto")}, {}),
    "tax_exempt": fields.one_of("none", "exempt", "reverse"),
}


def _build(shelf: Shelf, given: Object) -> Object:
    _demand_location(given.pop("tax", None), given.get("address"))
    if (given.get("invoice_settings") or {}).get("default_payment_method"):
        raise _not_attached(given["invoice_settings"]["default_payment_method"])
    return {
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": shelf.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
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
        "invoice_settings": {**_NO_SETTINGS, **(given.get("invoice_settings") or {})},
    }


def _change(shelf: Shelf, old: Object, given: Object) -> None:
    _demand_location(given.pop("tax", None), given.get("address", old["address"]))
    if "invoice_settings" not in given:
        return
    settings = {**old["invoice_settings"], **(given["invoice_settings"] or {})}
    default = settings["default_payment_method"]
    if default and default != old["invoice_settings"]["default_payment_method"]:
        method = shelf.get("payment_method", default)
        if method is None or method["customer"] != old["id"]:
            raise _not_attached(default)
    given["invoice_settings"] = settings


def _not_attached(method: str) -> Exception:
    message = (
        f"The customer does not have a payment method with the ID {method}. The payment method must be attached to "
        "the customer."
    )
    return invalid("invoice_settings[default_payment_method]", message, "resource_missing")


def _demand_location(tax: Object | None, address: Object | None) -> None:
    """Refuse an address that tax cannot be computed for, when that is to be known at once."""
    if (tax or {}).get("validate_location") == "immediately" and not (address or {}).get("country"):
        message = "The customer's location isn't recognized. Set a valid customer address in order to calculate tax."
        raise invalid("tax", message, "customer_tax_location_invalid")


def _tax(_shelf: Shelf, customer: Object) -> Object:
    country = (customer["address"] or {}).get("country")
    location = (
        {"country": country, "source": "billing_address", "state": customer["address"]["state"]} if country else None
    )
    return {
        "automatic_tax": "supported" if country else "unrecognized_location",
        "ip_address": None,
        "location": location,
        "provider": "stripe",
    }


def _create(call: Call) -> Object:
    shelf, params = call.shelf, dict(call.params)
    numbers = params.pop("tax_id_data", [])
    method = params.pop("payment_method", None)
    customer = calls.create(shelf, CUSTOMERS, params)
    events.emit(shelf, "customer.created", customer)
    for index, each in enumerate(numbers if isinstance(numbers, list) else [numbers]):
        tax_ids.add(shelf, customer["id"], each, f"tax_id_data[{index}]")
    if method is not None:
        found = payment_methods.resolve(shelf, fields.required_text(method, "payment_method"))
        payment_methods.attach(shelf, found, customer["id"])
    return customer


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    found = call.shelf.get("customer", call.ids[0])
    return found or demand(call.shelf, "customer", call.ids[0])


def _delete(call: Call) -> Object:
    shelf = call.shelf
    customer = demand(shelf, "customer", call.ids[0], for_update=True)
    for hook in on_deleted:
        hook(shelf, customer)
    for method in shelf.all("payment_method", customer=customer["id"]):
        payment_methods.detach(shelf, method)
    customer = shelf.get("customer", customer["id"]) or customer
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    shelf.replace(gone)
    events.emit(shelf, "customer.deleted", customer)
    return gone


CUSTOMERS = Resource(
    kind="customer",
    path="customers",
    prefix="cus",
    create=_FIELDS,
    update=_FIELDS,
    build=_build,
    change=_change,
    filters={"email": fields.required_text},
)
INCLUDED["customer", "tax"] = _tax
ROUTES = (
    Route("POST", "/v1/customers", _create),
    Route("GET", "/v1/customers/{}", _retrieve),
    Route("DELETE", "/v1/customers/{}", _delete),
    *(
        route
        for route in calls.routes_of(CUSTOMERS)
        if route.name not in {"POST /v1/customers", "GET /v1/customers/{}"}
    ),
    *tax_ids.ROUTES,
)
