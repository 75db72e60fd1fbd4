"""`expand[]`: which fields hold the id of another object, and how a path of them is followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from devstack.payments.errors import StripeError, invalid
from devstack.payments.objects import Object
from devstack.payments.store import Shelf

_MAX_DEPTH = 4
# A field inside a nested part of an object is named with dots: `invoice_settings.default_payment_method`.
POINTERS: dict[tuple[str, str], str] = {
    ("charge", "customer"): "customer",
    ("charge", "payment_intent"): "payment_intent",
    ("customer", "invoice_settings.default_payment_method"): "payment_method",
    ("invoice", "charge"): "charge",
    ("invoice", "customer"): "customer",
    ("invoice", "default_payment_method"): "payment_method",
    ("invoice", "parent.subscription_details.subscription"): "subscription",
    ("invoice_payment", "invoice"): "invoice",
    ("invoice_payment", "payment.charge"): "charge",
    ("invoice_payment", "payment.payment_intent"): "payment_intent",
    ("invoiceitem", "customer"): "customer",
    ("invoiceitem", "invoice"): "invoice",
    ("line_item", "pricing.price_details.price"): "price",
    ("payment_intent", "customer"): "customer",
    ("payment_intent", "latest_charge"): "charge",
    ("payment_intent", "payment_method"): "payment_method",
    ("payment_method", "customer"): "customer",
    ("price", "product"): "product",
    ("product", "default_price"): "price",
    ("promotion_code", "customer"): "customer",
    ("promotion_code", "promotion.coupon"): "coupon",
    ("refund", "charge"): "charge",
    ("refund", "payment_intent"): "payment_intent",
    ("setup_intent", "customer"): "customer",
    ("setup_intent", "payment_method"): "payment_method",
    ("subscription", "customer"): "customer",
    ("subscription", "default_payment_method"): "payment_method",
    ("subscription", "latest_invoice"): "invoice",
    ("subscription", "pending_setup_intent"): "setup_intent",
    ("tax_id", "customer"): "customer",
    ("tax_id", "owner.customer"): "customer",
}
# Fields that are in an object only when they are asked for; each makes its value from the object.
INCLUDED: dict[tuple[str, str], Callable[[Shelf, Object], Any]] = {}


def expand(shelf: Shelf, content: Object, names: Iterable[str]) -> Object:
    """Return an object with what each dotted name points to put in its place.

    Raises:
        StripeError: a name points to nothing that can be expanded.
    """
    for name in names:
        steps = name.split(".")
        depth = len(steps) - (1 if steps[0] == "data" else 0)
        if depth > _MAX_DEPTH + name.count(".data."):
            raise StripeError(f"You cannot expand more than {_MAX_DEPTH} levels of a property ({name}).")
        content = _Walk(shelf, name).into(content, str(content.get("object", "")), steps, "")
    return content


class _Walk:
    """Follows one name; `kind` and `inner` say in which object we stand, and where inside it."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf = shelf
        self._name = name

    def into(self, content: Object, kind: str, steps: list[str], inner: str) -> Object:
        step, rest = steps[0], steps[1:]
        field = f"{inner}{step}"
        content = dict(content)
        if step not in content and (kind, field) in INCLUDED:
            content[step] = INCLUDED[kind, field](self._shelf, content)
        elif step not in content and (kind, field) not in POINTERS:
            raise invalid("expand", f"This property cannot be expanded ({self._name}).")
        value = content.get(step)
        if isinstance(value, str) and (kind, field) in POINTERS:
            value = self._shelf.get(POINTERS[kind, field], value)
        elif isinstance(value, list) and (kind, field) in POINTERS:
            value = [self._shelf.get(POINTERS[kind, field], each) if isinstance(each, str) else each for each in value]
        elif not rest and not self._may_end(kind, field, value):
            raise invalid("expand", f"This property cannot be expanded ({self._name}).")
        if rest:
            value = self._deeper(value, kind, rest, f"{field}.")
        content[step] = value
        return content

    def _deeper(self, value: Any, kind: str, rest: list[str], inner: str) -> Any:
        if isinstance(value, list):
            return [self._deeper(each, kind, rest, inner) for each in value]
        if not isinstance(value, dict):
            return value
        if "object" in value:
            return self.into(value, str(value["object"]), rest, "")
        return self.into(value, kind, rest, inner)

    def _may_end(self, kind: str, field: str, value: Any) -> bool:
        """Return whether a name may end at this value: a pointer that is null, or what is expanded already."""
        is_known = (kind, field) in POINTERS or (kind, field) in INCLUDED
        return is_known or (isinstance(value, dict) and "object" in value) or isinstance(value, list)
