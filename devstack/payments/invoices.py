"""Invoices: read and listed, paid by hand, finalised, voided, given up; and the payments that pay them."""

from __future__ import annotations

from typing import Any

from devstack.payments import collection, events, fields, readers
from devstack.payments.collection import Attempt
from devstack.payments.errors import StripeError, invalid
from devstack.payments.fields import Reader
from devstack.payments.listing import included, listed
from devstack.payments.objects import Object, demand
from devstack.payments.routing import Call, Route
from devstack.payments.subscription_create import demand_method, method_of

_STATUSES = ("draft", "open", "paid", "uncollectible", "void")


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "invoice", call.ids[0])


def _list(call: Call) -> Object:
    params = dict(call.params)
    subscription = params.pop("subscription", None)
    matching: Object = {}
    if subscription is not None:
        demand(call.shelf, "subscription", fields.required_text(subscription, "subscription"), "subscription")
        matching = {"parent": {"subscription_details": {"subscription": subscription}}}
    filters = {
        "collection_method": fields.one_of("charge_automatically", "send_invoice"),
        "customer": fields.required_text,
        "status": fields.one_of(*_STATUSES),
    }
    return listed(call, "invoice", filters, params, matching=matching)


def _lines(call: Call) -> Object:
    given = fields.apply(call.params, {"limit": fields.integer, "starting_after": fields.required_text})
    lines = demand(call.shelf, "invoice", call.ids[0])["lines"]["data"]
    after = [line["id"] for line in lines].index(given["starting_after"]) + 1 if "starting_after" in given else 0
    page = lines[after : after + given.get("limit", 10)]
    return {**included(call.path, page), "has_more": len(lines) > after + len(page)}


def _update(call: Call) -> Object:
    takes: dict[str, Reader] = {
        "auto_advance": fields.boolean,
        "description": fields.text,
        "footer": fields.text,
        "metadata": readers.ignored,
    }
    given = fields.apply(call.params, takes)
    old = collection.lock(call.shelf, call.ids[0])
    if "metadata" in given:
        given["metadata"] = fields.merge_metadata(old["metadata"], given["metadata"])
    new = {**old, **given}
    previous = events.changes(old, new)
    if previous:
        call.shelf.replace(new)
        events.emit(call.shelf, "invoice.updated", new, previous=previous)
    return new


def _pay(call: Call) -> Object:
    """Pay an open invoice; a refusal is an error, and the invoice stays open."""
    given = fields.apply(
        call.params,
        {
            "off_session": fields.boolean,
            "paid_out_of_band": fields.boolean,
            "payment_method": fields.required_text,
        },
    )
    shelf = call.shelf
    invoice = collection.lock(shelf, call.ids[0])
    if invoice["status"] == "draft":
        invoice = collection.finalize(shelf, invoice, call.now)
    elif invoice["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    elif invoice["status"] != "open":
        raise _not_editable(f"This invoice is {invoice['status']} and cannot be paid.")
    if invoice["status"] == "paid":
        return invoice
    customer = demand(shelf, "customer", invoice["customer"])
    demand_method(shelf, customer["id"], given.get("payment_method"))
    subscription = shelf.get("subscription", collection.subscription_of(invoice) or "")
    method = given.get("payment_method") or invoice["default_payment_method"]
    method = method or method_of(shelf, subscription, customer)
    if method is None:
        message = (
            "There is no `default_payment_method` set on this Customer or Invoice. Please set one of these, or pass "
            "a payment method to pay this invoice with."
        )
        raise StripeError(message, code="resource_missing")
    attempt = Attempt(method, call.now, off_session=given.get("off_session", True))
    payment = collection.collect(shelf, invoice, attempt)
    if payment and payment.outcome != "succeeded":
        raise collection.card_error(payment)
    return demand(shelf, "invoice", invoice["id"])


def _finalize(call: Call) -> Object:
    fields.apply(call.params, {"auto_advance": fields.boolean})
    invoice = collection.lock(call.shelf, call.ids[0])
    if invoice["status"] != "draft":
        raise _not_editable("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    return collection.finalize(call.shelf, invoice, call.now)


def _void(call: Call) -> Object:
    fields.apply(call.params, {})
    invoice = collection.lock(call.shelf, call.ids[0])
    if invoice["status"] not in {"open", "uncollectible"}:
        raise _not_editable("You can only pass in open invoices. This invoice isn't open.")
    return collection.close(call.shelf, invoice, "void", call.now)


def _mark_uncollectible(call: Call) -> Object:
    fields.apply(call.params, {})
    invoice = collection.lock(call.shelf, call.ids[0])
    if invoice["status"] != "open":
        raise _not_editable("You can only pass in open invoices. This invoice isn't open.")
    return collection.close(call.shelf, invoice, "uncollectible", call.now)


def _not_editable(message: str) -> StripeError:
    return StripeError(message, code="invoice_not_editable")


def _payment(value: Any, param: str) -> Object:
    given = fields.group(
        {"payment_intent": fields.required_text, "type": fields.one_of("payment_intent")}, {"type": "payment_intent"}
    )(value, param)
    if not given or "payment_intent" not in given:
        raise invalid(param, f"Invalid object: {param}")
    return dict(given)


def _list_payments(call: Call) -> Object:
    filters = {
        "invoice": fields.required_text,
        "payment": _payment,
        "status": fields.one_of("canceled", "open", "paid"),
    }
    return listed(call, "invoice_payment", filters)


def _retrieve_payment(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "invoice_payment", call.ids[0])


def _retrieve_rate(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "tax_rate", call.ids[0])


def _list_balance(call: Call) -> Object:
    demand(call.shelf, "customer", call.ids[0], "customer")
    filters: dict[str, Reader] = {"invoice": fields.required_text}
    return listed(call, "customer_balance_transaction", filters, matching={"customer": call.ids[0]})


ROUTES = (
    Route("GET", "/v1/invoices", _list),
    Route("GET", "/v1/invoices/{}", _retrieve),
    Route("POST", "/v1/invoices/{}", _update),
    Route("GET", "/v1/invoices/{}/lines", _lines),
    Route("POST", "/v1/invoices/{}/pay", _pay),
    Route("POST", "/v1/invoices/{}/finalize", _finalize),
    Route("POST", "/v1/invoices/{}/void", _void),
    Route("POST", "/v1/invoices/{}/mark_uncollectible", _mark_uncollectible),
    Route("GET", "/v1/invoice_payments", _list_payments),
    Route("GET", "/v1/invoice_payments/{}", _retrieve_payment),
    Route("GET", "/v1/tax_rates/{}", _retrieve_rate),
    Route("GET", "/v1/customers/{}/balance_transactions", _list_balance),
)
