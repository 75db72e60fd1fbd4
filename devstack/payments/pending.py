"""Invoice items: prorations, and lines added by hand, that wait for the next invoice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from devstack.payments import events, fields, readers
from devstack.payments.calendar import Period
from devstack.payments.drafts import Draft, from_json, to_json
from devstack.payments.errors import invalid
from devstack.payments.listing import listed
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.routing import Call, Route
from devstack.payments.store import Shelf


@dataclass(frozen=True)
class Owner:
    """Whose invoice items these are; of no subscription, they join the customer's next invoice."""

    customer: str
    subscription: str | None
    currency: str


def keep(shelf: Shelf, drafts: Iterable[Draft], owner: Owner, now: int) -> None:
    """Let drafts, which have ids of invoice items, wait."""
    for draft in drafts:
        content = _content(draft, owner, now)
        shelf.add(content)
        shelf.add({"id": f"draft_{content['id']}", "object": "_draft", "draft": to_json(draft)})
        events.emit(shelf, "invoiceitem.created", content, now=now)


def named(drafts: Iterable[Draft]) -> list[Draft]:
    """Return drafts with an id of an invoice item each."""
    return [replace(draft, invoice_item=draft.invoice_item or new_id("ii", 24)) for draft in drafts]


def waiting(shelf: Shelf, customer: str, subscription: str | None) -> list[Draft]:
    """Return what waits for the next invoice of a subscription, oldest first; lines of no subscription join any."""
    found = [each for each in shelf.all("invoiceitem", customer=customer) if each["invoice"] is None]
    mine = [each for each in reversed(found) if _subscription(each) in {None, subscription}]
    drafts = []
    for each in mine:
        kept = shelf.get("_draft", f"draft_{each['id']}")
        if kept:
            drafts.append(from_json(kept["draft"]))
    return drafts


def bill(shelf: Shelf, invoice: Object) -> None:
    """Say on the invoice items of an invoice's lines that they are billed."""
    for line in invoice["lines"]["data"]:
        details = line["parent"]["subscription_item_details"] or line["parent"]["invoice_item_details"]
        content = shelf.get("invoiceitem", details.get("invoice_item") or "", for_update=True)
        if content:
            shelf.replace({**content, "invoice": invoice["id"]})


def forget(shelf: Shelf, customer: str, subscription: str) -> None:
    """Remove the prorations that wait for a subscription's next invoice."""
    for each in shelf.all("invoiceitem", customer=customer):
        if each["invoice"] is None and _subscription(each) == subscription:
            _remove(shelf, each)


def _remove(shelf: Shelf, content: Object) -> None:
    shelf.remove(content["id"])
    shelf.remove(f"draft_{content['id']}")
    events.emit(shelf, "invoiceitem.deleted", content)


def _subscription(content: Object) -> str | None:
    parent = content["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def _content(draft: Draft, owner: Owner, now: int) -> Object:
    subscription = owner.subscription
    details = {"subscription": subscription, **({"subscription_item": draft.item} if draft.item else {})}
    parent = {"subscription_details": details, "type": "subscription_details"} if subscription else None
    pricing = None
    if draft.price:
        pricing = {
            "price_details": {"price": draft.price["id"], "product": draft.price["product"]},
            "type": "price_details",
            "unit_amount_decimal": draft.unit,
        }
    return {
        "id": draft.invoice_item,
        "object": "invoiceitem",
        "amount": draft.amount,
        "currency": owner.currency,
        "customer": owner.customer,
        "customer_account": None,
        "date": now,
        "description": draft.description,
        "discountable": draft.is_discountable,
        "discounts": list(draft.discounts),
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": draft.amount,
        "parent": parent,
        "period": {"end": draft.period.end, "start": draft.period.start},
        "pricing": pricing,
        "proration": draft.is_proration,
        "quantity": draft.quantity,
        "quantity_decimal": str(draft.quantity),
        "tax_rates": [],
        "test_clock": None,
    }


def _create(call: Call) -> Object:
    given = fields.apply(
        call.params,
        {
            "amount": fields.integer,
            "currency": fields.currency,
            "customer": fields.required_text,
            "description": fields.text,
            "subscription": fields.required_text,
        },
    )
    fields.demand(given, "customer", "amount", "currency")
    customer = demand(call.shelf, "customer", given["customer"], "customer")
    if customer["currency"] not in {None, given["currency"]}:
        raise invalid("currency", "You cannot combine currencies on a single customer.")
    subscription = given.get("subscription")
    if subscription:
        demand(call.shelf, "subscription", subscription, "subscription")
    draft = Draft(
        amount=given["amount"],
        period=Period(call.now, call.now),
        description=given.get("description") or "",
        quantity=1,
        invoice_item=new_id("ii", 24),
    )
    keep(call.shelf, [draft], Owner(customer["id"], subscription, given["currency"]), call.now)
    return demand(call.shelf, "invoiceitem", str(draft.invoice_item))


def _retrieve(call: Call) -> Object:
    fields.apply(call.params, {})
    return demand(call.shelf, "invoiceitem", call.ids[0])


def _delete(call: Call) -> Object:
    content = demand(call.shelf, "invoiceitem", call.ids[0], for_update=True)
    if content["invoice"]:
        raise invalid("id", "You can only delete invoice items that are not attached to a finalized invoice.")
    _remove(call.shelf, content)
    return {"id": content["id"], "object": "invoiceitem", "deleted": True}


def _list(call: Call) -> Object:
    params = dict(call.params)
    is_pending = params.pop("pending", None)
    if is_pending == "true":
        return listed(call, "invoiceitem", {"customer": fields.required_text}, params, matching={"invoice": None})
    return listed(call, "invoiceitem", {"customer": fields.required_text, "invoice": readers.ignored}, params)


ROUTES = (
    Route("POST", "/v1/invoiceitems", _create),
    Route("GET", "/v1/invoiceitems", _list),
    Route("GET", "/v1/invoiceitems/{}", _retrieve),
    Route("DELETE", "/v1/invoiceitems/{}", _delete),
)
