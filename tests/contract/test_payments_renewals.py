"""What time brings at the payments stand-in: renewals, notices, further attempts, the end."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.ledger import BUSINESS_YEAR, Ledger, amounts, at
from tests.contract.payments_server import Payments


@pytest.fixture
def ledger(payments: Payments) -> Ledger:
    """Give a ledger on the last of January 2026."""
    ledger = Ledger(payments)
    ledger.travel("2026-01-31T10:00:00")
    return ledger


def test_thirteen_months_are_thirteen_renewals_and_take_no_time(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    started = time.monotonic()
    ledger.travel("2027-02-28T10:00:00")
    seconds = time.monotonic() - started
    starts = [each.lines.data[0].period.start for each in ledger.invoices(customer)]
    days = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"]
    days += ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]
    assert starts == [at(f"{day}T10:00:00") for day in days]
    assert [each.created for each in ledger.invoices(customer)] == starts
    assert {each.status for each in ledger.invoices(customer)} == {"paid"}
    assert {each.total for each in ledger.invoices(customer)} == {17000}
    assert [each.number[-4:] for each in ledger.invoices(customer) if each.number] == [f"{n:04}" for n in range(1, 15)]
    now = ledger.v1.subscriptions.retrieve(made.id)["items"].data[0]
    assert (now.current_period_start, now.current_period_end) == (starts[-1], at("2027-03-31T10:00:00"))
    assert seconds < 3


def test_a_renewal_looks_back_and_its_lines_look_ahead(ledger: Ledger) -> None:
    customer = ledger.customer()
    ledger.subscribe(customer)
    ledger.travel("2026-02-28T10:00:00")
    renewal = ledger.invoices(customer)[-1]
    assert renewal.billing_reason == "subscription_cycle"
    assert (renewal.period_start, renewal.period_end) == (at("2026-01-31T10:00"), at("2026-02-28T10:00"))
    period = renewal.lines.data[0].period
    assert (period.start, period.end) == (at("2026-02-28T10:00"), at("2026-03-31T10:00"))


def test_a_renewal_is_announced_a_week_before_and_told_of(ledger: Ledger) -> None:
    ledger.subscribe(ledger.customer())
    ledger.travel("2026-02-21T09:59:59")
    assert ledger.events("invoice.upcoming") == []
    ledger.travel("2026-02-28T10:00:00")
    [(_, notice)] = ledger.events("invoice.upcoming")
    assert (notice["object"]["total"], notice["object"]["number"]) == (17000, None)
    told = [kind for kind, _ in ledger.events()][-9:]
    assert (
        told
        == [
            "invoice.created",
            "invoice.finalized",
            "customer.subscription.updated",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
        ][-9:]
    )


def test_a_year_renews_after_a_year(ledger: Ledger) -> None:
    customer = ledger.customer()
    ledger.subscribe(customer, BUSINESS_YEAR, 1)
    ledger.travel("2027-01-31T09:59:59")
    assert len(ledger.invoices(customer)) == 1
    ledger.travel("2027-01-31T10:00:00")
    assert [amounts(each) for each in ledger.invoices(customer)] == [[17000], [17000]]


def test_a_declined_renewal_is_tried_again_and_then_ends_the_subscription(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    # 28 February, then 3, 5 and 7 days on.
    for day, attempts, following in (
        ("2026-02-28", 1, "2026-03-03"),
        ("2026-03-03", 2, "2026-03-08"),
        ("2026-03-08", 3, "2026-03-15"),
    ):
        ledger.travel(f"{day}T10:00:00")
        invoice = ledger.invoices(customer)[-1]
        assert (invoice.status, invoice.attempt_count) == ("open", attempts)
        assert invoice.next_payment_attempt == at(f"{following}T10:00:00")
        assert ledger.v1.subscriptions.retrieve(made.id).status == "past_due"
    ledger.travel("2026-03-15T10:00:00")
    invoice, ended = ledger.invoices(customer)[-1], ledger.v1.subscriptions.retrieve(made.id)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 4, None)
    assert (ended.status, ended.ended_at) == ("canceled", at("2026-03-15T10:00:00"))
    assert ended.cancellation_details.reason == "payment_failed"
    assert len(ledger.events("invoice.payment_failed")) == 4
    ledger.travel("2026-06-01T00:00:00")
    assert len(ledger.invoices(customer)) == 2


def test_a_new_card_saves_a_subscription_that_is_past_due(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    ledger.travel("2026-02-28T10:00:00")
    assert ledger.v1.customers.retrieve(customer).delinquent is True
    ledger.give_card(customer, "pm_card_visa")
    ledger.travel("2026-03-03T10:00:00")
    assert ledger.v1.customers.retrieve(customer).delinquent is False
    assert ledger.invoices(customer)[-1].status == "paid"
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"
    statuses = [
        data["previous_attributes"]["status"]
        for _, data in ledger.events("customer.subscription.updated")
        if "status" in data["previous_attributes"]
    ]
    assert statuses == ["active", "past_due"]


def test_paying_by_hand_saves_it_too(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    ledger.travel("2026-02-28T10:00:00")
    good = ledger.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    ledger.v1.invoices.pay(ledger.invoices(customer)[-1].id, {"payment_method": good.id})
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"
    ledger.travel("2026-03-20T10:00:00")
    assert ledger.invoices(customer)[-1].attempt_count == 1


def test_the_schedule_and_its_end_can_be_set(ledger: Ledger) -> None:
    ledger.payments.standin.control(action="dunning", retry_days=[1], end="unpaid")
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    ledger.travel("2026-03-01T10:00:00")
    assert ledger.v1.subscriptions.retrieve(made.id).status == "unpaid"
    ledger.travel("2026-04-01T10:00:00")
    # The next period is billed, and not tried.
    assert [each.attempt_count for each in ledger.invoices(customer)] == [1, 2, 0]


def test_a_renewal_without_a_card_is_past_due(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    [card] = ledger.v1.payment_methods.list({"customer": customer}).data
    ledger.v1.payment_methods.detach(card.id)
    ledger.travel("2026-02-28T10:00:00")
    assert ledger.v1.subscriptions.retrieve(made.id).status == "past_due"
    invoice = ledger.invoices(customer)[-1]
    assert invoice.status == "open"
    # There is a payment to be made by hand.
    asked: Any = ledger.v1.invoices.retrieve(invoice.id, {"expand": ["confirmation_secret"]})
    secret = asked.confirmation_secret.client_secret
    browser: Any = ledger.payments.browser.v1
    intent, _, _ = secret.partition("_secret_")
    browser.payment_intents.confirm(intent, {"client_secret": secret, "payment_method": "pm_card_visa"})
    assert ledger.v1.invoices.retrieve(invoice.id).status == "paid"
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"


def test_a_deleted_customer_is_billed_no_more(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.v1.customers.delete(customer)
    assert ledger.v1.subscriptions.retrieve(made.id).status == "canceled"
    ledger.travel("2026-06-01T00:00:00")
    assert len(ledger.v1.invoices.list({"customer": customer}).data) == 1


def test_a_clock_that_goes_back_bills_nothing_twice(ledger: Ledger) -> None:
    customer = ledger.customer()
    ledger.subscribe(customer)
    ledger.travel("2026-02-28T10:00:00")
    ledger.travel("2026-02-01T00:00:00")
    ledger.travel("2026-03-01T00:00:00")
    assert len(ledger.invoices(customer)) == 2
