"""The books of the payments stand-in add up: after any row of changes, what was billed is what was used."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import pytest

from tests.contract.ledger import Ledger, amounts, at, item
from tests.contract.payments_server import Payments

_START, _END = at("2026-11-01"), at("2026-12-01")


@pytest.mark.parametrize(
    ("currency", "unit", "step"), [("eur", 1700, 1), ("jpy", 2700, 1), ("kwd", 5700, 10), ("isk", 250000, 100)]
)
def test_any_row_of_changes_bills_what_was_used(payments: Payments, currency: str, unit: int, step: int) -> None:
    ledger, chance = Ledger(payments), random.Random(f"books of {currency}")
    ledger.travel("2026-11-01T00:00:00")
    suffix = "" if currency == "eur" else f"{currency.title()}Month"
    customer = ledger.customer(country="DK")
    made = ledger.subscribe(customer, f"price_DezkyBusiness{suffix}", 10, automatic_tax={"enabled": True})
    moments = sorted(chance.sample(range(_START + 1, _END), 8))
    used, quantity, since = Fraction(), 10, _START
    for moment in moments:
        used += Fraction(unit * quantity * (moment - since), _END - _START)
        quantity, since = chance.randint(1, 40), moment
        payments.standin.clock.set_to(moment, is_frozen=True)
        wanted: dict[str, Any] = {"items": [{"id": item(made), "quantity": quantity}]}
        wanted["proration_behavior"] = "always_invoice"
        preview = ledger.v1.invoices.create_preview({"subscription": made.id, "subscription_details": wanted})
        before = len(ledger.invoices(customer))
        ledger.v1.subscriptions.update(made.id, wanted)
        invoices = ledger.invoices(customer)
        assert len(invoices) == before + 1
        real = invoices[-1]
        assert (amounts(preview), preview.total, preview.amount_due) == (amounts(real), real.total, real.amount_due)
    used += Fraction(unit * quantity * (_END - since), _END - _START)
    invoices = ledger.invoices(customer)
    lines = [line for invoice in invoices for line in invoice.lines.data]
    assert abs(sum(line.amount for line in lines) - used) <= Fraction(step, 2) * len(lines)
    for invoice in invoices:
        taxes = sum(each.amount for each in invoice.total_taxes or ())
        assert invoice.total == sum(amounts(invoice)) + taxes
        assert all(number % step == 0 for number in (*amounts(invoice), invoice.total, taxes))
    # What was billed was paid, or is on the balance.
    balance = ledger.v1.customers.retrieve(customer).balance
    assert sum(invoice.total for invoice in invoices) == sum(invoice.amount_paid for invoice in invoices) + balance
    moved = ledger.v1.customers.balance_transactions.list(customer, {"limit": 100}).data
    assert sum(each.amount for each in moved) == balance


def test_a_change_and_back_costs_nothing_but_rounding(payments: Payments) -> None:
    ledger = Ledger(payments)
    ledger.travel("2026-11-01T00:00:00")
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T03:17:42")
    for quantity in (37, 10):
        wanted = {"items": [{"id": item(made), "quantity": quantity}], "proration_behavior": "always_invoice"}
        ledger.v1.subscriptions.update(made.id, wanted)
    _, up, down = ledger.invoices(customer)
    assert up.total + down.total == 0
    assert ledger.v1.customers.retrieve(customer).balance == down.total


def test_changes_at_the_same_moment_come_one_after_the_other(payments: Payments) -> None:
    ledger = Ledger(payments)
    ledger.travel("2026-11-01T00:00:00")
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")

    def change(quantity: int) -> int:
        wanted = {"items": [{"id": item(made), "quantity": quantity}], "proration_behavior": "always_invoice"}
        return int(ledger.v1.subscriptions.update(made.id, wanted)["items"].data[0].quantity)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, (11, 12, 13, 14, 15, 16))) == [11, 12, 13, 14, 15, 16]
    last = ledger.v1.subscriptions.retrieve(made.id)["items"].data[0].quantity
    first, *others = ledger.invoices(customer)
    # Half a month of the seats that were added in the end, however it came to them.
    assert (first.total, sum(each.total for each in others)) == (17000, 850 * (last - 10))
    assert len({each.number for each in others}) == 6
