"""How a customer stands: the balance, which invoices move, and whether the last automatic payment failed."""

from __future__ import annotations

from devstack.payments import events
from devstack.payments.objects import Object, demand, new_id
from devstack.payments.store import Shelf


def give_back(shelf: Shelf, invoice: Object, now: int) -> None:
    """Give back what an invoice took from the balance, or take what it added."""
    taken = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
    if not taken:
        return
    customer = demand(shelf, "customer", invoice["customer"], for_update=True)
    changed = {**customer, "balance": customer["balance"] - taken}
    shelf.replace(changed)
    note(shelf, {**invoice, "ending_balance": changed["balance"]}, -taken, now, "unapplied_from_invoice")
    events.emit(shelf, "customer.updated", changed, now=now, previous={"balance": customer["balance"]})


def mark(shelf: Shelf, customer: str, now: int, *, is_delinquent: bool) -> None:
    """Keep whether the last thing that happened to an invoice was that it could not be charged by itself."""
    old = shelf.get("customer", customer, for_update=True)
    if old is None or old.get("deleted") or old["delinquent"] == is_delinquent:
        return
    new = {**old, "delinquent": is_delinquent}
    shelf.replace(new)
    events.emit(shelf, "customer.updated", new, now=now, previous={"delinquent": old["delinquent"]})


def note(shelf: Shelf, invoice: Object, amount: int, now: int, kind: str = "applied_to_invoice") -> None:
    """Keep on record that an invoice moved the balance."""
    shelf.add(
        {
            "id": new_id("cbtxn", 24),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": now,
            "credit_note": None,
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "customer_account": None,
            "description": None,
            "ending_balance": invoice["ending_balance"],
            "invoice": invoice["id"],
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
    )
