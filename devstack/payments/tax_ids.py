"""Customers' tax numbers: their formats, and how long after that they are verified.

A European VAT number (`eu_vat`), a British one (`gb_vat`) and an Australian ABN (`au_abn`) are verified; every other
type is `unavailable` at once. Stripe's magic numbers decide (https://docs.stripe.com/billing/customer/tax-ids), with
or without a country before them: 000000000 is verified, 111111111 unverified, 222222222 stays pending. Of our own,
333333333 is unavailable, as if the register were down. Everything else is verified. All of it takes two seconds.
"""

from __future__ import annotations

import re
from typing import Any

from devstack.payments import events, fields
from devstack.payments.clock import on_advance
from devstack.payments.errors import invalid, no_such
from devstack.payments.expanding import INCLUDED
from devstack.payments.listing import included, listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf

_SECONDS_TO_VERIFY = 2
_VERIFIED_TYPES = {"eu_vat", "gb_vat", "au_abn"}
_MAGIC = {"000000000": "verified", "111111111": "unverified", "222222222": "pending", "333333333": "unavailable"}
_EU_VAT = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}",
}
_FORMATS = {
    "au_abn": r"\d{11}",
    "ch_vat": r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)",
    "eu_vat": "|".join(f"{country}(?:{rest})" for country, rest in _EU_VAT.items()),
    "gb_vat": r"(GB)?(\d{9}|\d{12})|GB(GD|HA)\d{3}",
    "is_vat": r"\d{6}",
    "jp_trn": r"T\d{13}",
    "no_vat": r"\d{9}MVA",
    "us_ein": r"\d{2}-?\d{7}",
}
_TYPES = re.compile(r"([a-z]{2})_[a-z_]{2,8}|eu_oss_vat")


def add(shelf: Shelf, customer: str, params: Any, prefix: str = "") -> Object:
    """Give a customer a tax number, from undecoded parameters.

    Raises:
        StripeError: the type is unknown, or the number has not its format.
    """
    if not isinstance(params, dict):
        raise invalid(prefix, f"Invalid object: {prefix}")
    given = fields.apply(params, {"type": fields.required_text, "value": fields.required_text}, prefix)
    fields.demand(given, "type", "value")
    kind, value = given["type"], given["value"]
    demand_format(kind, value, f"{prefix}[value]" if prefix else "value")
    country = kind[:2].upper()
    if kind == "eu_vat":
        country = {"EL": "GR", "XI": "GB"}.get(value[:2].upper(), value[:2].upper())
    content = {
        "id": new_id("txi", 24),
        "object": "tax_id",
        "country": country if country.isalpha() else None,
        "created": shelf.now,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer, "customer_account": None, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": {
            "status": "pending" if kind in _VERIFIED_TYPES else "unavailable",
            "verified_address": None,
            "verified_name": None,
        },
    }
    shelf.add(content)
    events.emit(shelf, "customer.tax_id.created", content)
    return content


def demand_format(kind: str, value: str, param: str) -> None:
    """Demand that a tax number has the format of its type.

    Raises:
        StripeError: it has not, or there is no such type.
    """
    if not _TYPES.fullmatch(kind):
        raise invalid("type", f"Invalid type: must be one of the tax ID types, not {kind}")
    bare = re.sub(r"[\s.-]", "", value).upper()
    is_magic = kind in _VERIFIED_TYPES and _digits(bare) in _MAGIC
    wanted = _FORMATS.get(kind, r".{2,30}")
    if not is_magic and not (re.fullmatch(wanted, bare) or re.fullmatch(wanted, value)):
        raise invalid(param, f"Invalid value for {kind}.", "tax_id_invalid")


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)


def _verify(shelf: Shelf, _since: int, until: int) -> None:
    """Verify what has been pending for long enough."""
    for content in shelf.all("tax_id", verification={"status": "pending"}):
        moment = content["created"] + _SECONDS_TO_VERIFY
        status = _MAGIC.get(_digits(content["value"]), "verified")
        if moment > until or status == "pending":
            continue
        name = None
        if status == "verified":
            name = (shelf.get("customer", content["customer"]) or {}).get("name")
        changed = {**content, "verification": {**content["verification"], "status": status, "verified_name": name}}
        shelf.replace(changed)
        previous = events.changes(content, changed)
        events.emit(shelf, "customer.tax_id.updated", changed, now=moment, previous=previous)


def _create(call: Call) -> Object:
    demand(call.shelf, "customer", call.ids[0], "customer")
    return add(call.shelf, call.ids[0], call.params)


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    content = demand(call.shelf, "tax_id", call.ids[1])
    if content["customer"] != call.ids[0]:
        raise no_such("tax_id", call.ids[1])
    return content


def _delete(call: Call) -> Object:
    content = _retrieve(call)
    call.shelf.remove(content["id"])
    events.emit(call.shelf, "customer.tax_id.deleted", content)
    return {"id": content["id"], "object": "tax_id", "deleted": True}


def _list(call: Call) -> Object:
    demand(call.shelf, "customer", call.ids[0], "customer")
    return listed(call, "tax_id", {}, matching={"customer": call.ids[0]})


def _included(shelf: Shelf, customer: Object) -> Object:
    return included(f"/v1/customers/{customer['id']}/tax_ids", shelf.all("tax_id", customer=customer["id"]))


on_advance.append(_verify)
INCLUDED["customer", "tax_ids"] = _included
ROUTES = (
    Route("POST", "/v1/customers/{}/tax_ids", _create),
    Route("GET", "/v1/customers/{}/tax_ids", _list),
    Route("GET", "/v1/customers/{}/tax_ids/{}", _retrieve),
    Route("DELETE", "/v1/customers/{}/tax_ids/{}", _delete),
)
