"""Subscriptions at the payments stand-in: made, changed, refused, ended, by numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.contract.ledger import BUSINESS, BUSINESS_YEAR, STARTER, Ledger, amounts, at, item
from tests.contract.payments_server import Payments


@pytest.fixture
def ledger(payments: Payments) -> Ledger:
    """Give a ledger on 1 November 2026; November has 30 days."""
    ledger = Ledger(payments)
    ledger.travel("2026-11-01T00:00:00")
    return ledger


def test_a_new_subscription_is_billed_for_its_first_period(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer, metadata={"tenant": "acme"}, expand=["latest_invoice.payments"])
    assert (made.status, made.currency, made.metadata.to_dict()) == ("active", "eur", {"tenant": "acme"})
    only = made["items"].data[0]
    assert (only.quantity, only.price.id) == (10, BUSINESS)
    assert (only.current_period_start, only.current_period_end) == (at("2026-11-01"), at("2026-12-01"))
    invoice: Any = made.latest_invoice
    # 10 seats at 17.00.
    assert (invoice.status, invoice.total, invoice.amount_paid, amounts(invoice)) == ("paid", 17000, 17000, [17000])
    assert invoice.lines.data[0].description == "10 \N{MULTIPLICATION SIGN} Business (at €17.00 / month)"
    assert invoice.billing_reason == "subscription_create"
    assert invoice.parent.subscription_details.subscription == made.id
    assert invoice.number == f"{ledger.v1.customers.retrieve(customer).invoice_prefix}-0001"
    intent = ledger.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert (intent.status, intent.amount, intent.currency) == ("succeeded", 17000, "eur")


def test_a_new_subscription_tells_of_itself_and_its_invoice(ledger: Ledger) -> None:
    customer = ledger.customer()
    before = {kind for kind, _ in ledger.events()}
    made = ledger.subscribe(customer)
    told = [kind for kind, _ in ledger.events() if kind not in before and not kind.startswith(("payment_", "charge"))]
    assert told == [
        "invoice.created",
        "invoice.finalized",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
    ]
    [(_, data)] = ledger.events("customer.subscription.created")
    assert (data["object"]["id"], data["object"]["status"]) == (made.id, "active")


def test_a_declined_first_payment_leaves_nothing_if_asked_so(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as refused:
        ledger.subscribe(customer, payment_behavior="error_if_incomplete", off_session=True)
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert ledger.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
    assert ledger.invoices(customer) == []
    kept = ledger.v1.customers.retrieve(customer)
    assert (kept.currency, kept.next_invoice_sequence) == (None, 1)


def test_a_declined_first_payment_makes_it_incomplete_and_paying_makes_it_active(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail")
    made = ledger.subscribe(customer)
    assert made.status == "incomplete"
    [invoice] = ledger.invoices(customer)
    assert (invoice.status, invoice.amount_due, invoice.attempt_count) == ("open", 17000, 1)
    assert invoice.next_payment_attempt is None
    ledger.give_card(customer, "pm_card_visa")
    assert ledger.v1.invoices.pay(invoice.id).status == "paid"
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"
    [(_, data)] = ledger.events("customer.subscription.updated")
    assert data["previous_attributes"] == {"status": "incomplete"}


def test_an_incomplete_subscription_expires_after_23_hours(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail")
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-01T22:59:59")
    assert ledger.v1.subscriptions.retrieve(made.id).status == "incomplete"
    ledger.travel("2026-11-01T23:00:00")
    assert ledger.v1.subscriptions.retrieve(made.id).status == "incomplete_expired"
    assert ledger.invoices(customer)[0].status == "void"


def test_default_incomplete_waits_for_the_browser(ledger: Ledger) -> None:
    made = ledger.subscribe(
        ledger.customer(None),
        payment_behavior="default_incomplete",
        expand=["latest_invoice.confirmation_secret"],
    )
    invoice: Any = made.latest_invoice
    assert (made.status, invoice.status) == ("incomplete", "open")
    assert invoice.confirmation_secret.client_secret.startswith("pi_")


def test_without_a_card_nothing_is_made(ledger: Ledger) -> None:
    customer = ledger.customer(None)
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        ledger.subscribe(customer)
    assert ledger.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []


def test_a_customer_keeps_its_currency(ledger: Ledger) -> None:
    customer = ledger.customer()
    ledger.subscribe(customer)
    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        ledger.subscribe(customer, "price_DezkyBusinessJpyMonth")


def test_more_seats_are_charged_for_the_rest_of_the_period(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T00:00:00")
    items = [{"id": item(made), "quantity": 13}]
    wanted = {"items": items, "proration_behavior": "always_invoice"}
    preview = ledger.v1.invoices.create_preview({"subscription": made.id, "subscription_details": wanted})
    # 20 of 30 days: 17000 * 2/3 = 11333.33 back, 22100 * 2/3 = 14733.33 for 13.
    assert (amounts(preview), preview.total, preview.amount_due) == ([-11333, 14733], 3400, 3400)
    changed = ledger.v1.subscriptions.update(made.id, {**wanted, "payment_behavior": "error_if_incomplete"})
    real = ledger.invoices(customer)[-1]
    assert (amounts(real), real.total, real.amount_paid) == ([-11333, 14733], 3400, 3400)
    assert real.billing_reason == "subscription_update"
    assert changed["items"].data[0].quantity == 13
    assert changed["items"].data[0].current_period_end == at("2026-12-01")
    descriptions = [line.description for line in real.lines.data]
    assert descriptions == [
        "Unused time on 10 \N{MULTIPLICATION SIGN} Business after 11 Nov 2026",
        "Remaining time on 13 \N{MULTIPLICATION SIGN} Business after 11 Nov 2026",
    ]
    parent: Any = real.lines.data[0].parent
    details = parent.subscription_item_details
    assert details.proration is True
    assert details.proration_details.credited_items.invoice == ledger.invoices(customer)[0].id
    [(_, data)] = ledger.events("customer.subscription.updated")
    before = data["previous_attributes"]
    assert before["items"]["data"][0]["quantity"] == 10
    assert before.keys() == {"items", "latest_invoice"}


def test_a_preview_depends_on_what_it_is_given(ledger: Ledger) -> None:
    made = ledger.subscribe(ledger.customer())
    ledger.travel("2026-11-16T00:00:00")

    def total(**details: Any) -> int:
        wanted = {"items": [{"id": item(made), "quantity": 12}], "proration_behavior": "always_invoice", **details}
        preview = ledger.v1.invoices.create_preview({"subscription": made.id, "subscription_details": wanted})
        return int(preview.total)

    # Half of 2 * 17.00; from the 11th two thirds; without a quantity nothing changes.
    assert total() == 1700
    assert total(proration_date=at("2026-11-11")) == 2267
    assert total(items=[{"id": item(made), "quantity": 11}]) == 850


def test_the_date_of_a_preview_holds_the_amount(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T00:00:00")
    wanted = {"items": [{"id": item(made), "quantity": 13}], "proration_behavior": "always_invoice"}
    preview = ledger.v1.invoices.create_preview({"subscription": made.id, "subscription_details": wanted})
    date = preview.parent.subscription_details.subscription_proration_date
    assert date == at("2026-11-11")
    ledger.travel("2026-11-11T00:20:00")
    ledger.v1.subscriptions.update(made.id, {**wanted, "proration_date": date})
    assert ledger.invoices(customer)[-1].total == preview.total == 3400


def test_a_date_outside_the_period_is_refused(ledger: Ledger) -> None:
    made = ledger.subscribe(ledger.customer())
    for date in ("2026-10-31", "2026-12-02"):
        with pytest.raises(stripe.InvalidRequestError, match="proration date"):
            ledger.v1.subscriptions.update(
                made.id, {"items": [{"id": item(made), "quantity": 13}], "proration_date": at(date)}
            )


def test_a_declined_change_changes_nothing_if_asked_so(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T00:00:00")
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    before = ledger.v1.subscriptions.retrieve(made.id).to_dict()
    told = len(ledger.events())
    asked = {
        "items": [{"id": item(made), "quantity": 13}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "error_if_incomplete",
    }
    with pytest.raises(stripe.CardError) as refused:
        ledger.v1.subscriptions.update(made.id, asked)
    assert refused.value.http_status == 402
    assert ledger.v1.subscriptions.retrieve(made.id).to_dict() == before
    assert len(ledger.invoices(customer)) == 1
    assert len(ledger.events()) == told
    ledger.give_card(customer, "pm_card_visa")
    ledger.v1.subscriptions.update(made.id, asked)
    assert ledger.invoices(customer)[-1].total == 3400


def test_a_declined_change_may_stand_and_be_past_due(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T00:00:00")
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    asked = {"items": [{"id": item(made), "quantity": 13}], "proration_behavior": "always_invoice"}
    changed = ledger.v1.subscriptions.update(made.id, asked)
    assert (changed.status, changed["items"].data[0].quantity) == ("past_due", 13)
    assert ledger.invoices(customer)[-1].status == "open"


def test_fewer_seats_are_a_credit_for_later_invoices(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 4}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    credit = ledger.invoices(customer)[-1]
    # Half of 170.00 back, half of 68.00 charged.
    assert (amounts(credit), credit.total, credit.amount_due, credit.status) == ([-8500, 3400], -5100, 0, "paid")
    assert (credit.starting_balance, credit.ending_balance) == (0, -5100)
    assert ledger.v1.customers.retrieve(customer).balance == -5100
    ledger.travel("2026-12-01T00:00:00")
    renewal = ledger.invoices(customer)[-1]
    # 4 seats are 68.00, less the credit of 51.00.
    assert (renewal.total, renewal.amount_due, renewal.amount_paid) == (6800, 1700, 1700)
    assert (renewal.starting_balance, renewal.ending_balance) == (-5100, 0)
    assert ledger.v1.customers.retrieve(customer).balance == 0
    moved = ledger.v1.customers.balance_transactions.list(customer).data
    assert [each.amount for each in moved] == [5100, -5100]


def test_prorations_may_wait_for_the_renewal(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    ledger.v1.subscriptions.update(made.id, {"items": [{"id": item(made), "quantity": 12}]})
    assert len(ledger.invoices(customer)) == 1
    upcoming = ledger.v1.invoices.create_preview({"subscription": made.id})
    # 85.00 back, 102.00 charged, and 12 seats from December on.
    assert amounts(upcoming) == [-8500, 10200, 20400]
    waiting = ledger.v1.invoice_items.list({"customer": customer, "pending": True}).data
    assert [(each.amount, each.proration) for each in waiting] == [(10200, True), (-8500, True)]
    ledger.travel("2026-12-01T00:00:00")
    assert amounts(ledger.invoices(customer)[-1]) == [-8500, 10200, 20400]
    waiting = ledger.v1.invoice_items.list({"customer": customer, "pending": True}).data
    assert waiting == []


def test_without_prorations_the_change_counts_from_the_renewal(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 4}], "proration_behavior": "none"}
    ledger.v1.subscriptions.update(made.id, asked)
    ledger.travel("2026-12-01T00:00:00")
    assert [amounts(each) for each in ledger.invoices(customer)] == [[17000], [6800]]


def test_another_plan_is_two_lines(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "price": STARTER}], "proration_behavior": "always_invoice"}
    changed = ledger.v1.subscriptions.update(made.id, asked)
    # Half of 170.00 back, half of 120.00 charged.
    assert amounts(ledger.invoices(customer)[-1]) == [-8500, 6000]
    assert (changed["items"].data[0].price.id, changed["items"].data[0].id) == (STARTER, item(made))


def test_from_month_to_year_begins_a_year_at_the_change(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    details = {"items": [{"id": item(made), "price": BUSINESS_YEAR}], "proration_behavior": "always_invoice"}
    preview = ledger.v1.invoices.create_preview({"subscription": made.id, "subscription_details": details})
    changed = ledger.v1.subscriptions.update(made.id, details)
    real = ledger.invoices(customer)[-1]
    # 85.00 back; ten seats at 170.00 a year.
    assert (amounts(real), real.total) == ([-8500, 170000], 161500)
    assert (amounts(preview), preview.total) == (amounts(real), real.total)
    only = changed["items"].data[0]
    assert (only.current_period_start, only.current_period_end) == (at("2026-11-16"), at("2027-11-16"))
    assert changed.billing_cycle_anchor == at("2026-11-16")
    ledger.travel("2027-11-16T00:00:00")
    assert amounts(ledger.invoices(customer)[-1]) == [170000]


def test_an_item_can_come_and_go(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    more = {"items": [{"price": STARTER, "quantity": 2}], "proration_behavior": "always_invoice"}
    changed = ledger.v1.subscriptions.update(made.id, more)
    assert amounts(ledger.invoices(customer)[-1]) == [1200]
    added = next(each for each in changed["items"].data if each.price.id == STARTER)
    less = {"items": [{"id": added.id, "deleted": True}], "proration_behavior": "always_invoice"}
    changed = ledger.v1.subscriptions.update(made.id, less)
    assert amounts(ledger.invoices(customer)[-1]) == [-1200]
    assert [each.id for each in changed["items"].data] == [item(made)]
    listed = ledger.v1.subscription_items.list({"subscription": made.id}).data
    assert [each.id for each in listed] == [item(made)]


def test_it_ends_with_its_period_if_asked_so_and_may_be_kept(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ending = ledger.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at, ending.canceled_at) == ("active", at("2026-12-01"), at("2026-11-01"))
    kept = ledger.v1.subscriptions.update(made.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at, kept.cancel_at_period_end) == (None, None, False)
    ledger.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError, match="No upcoming invoices"):
        ledger.v1.invoices.create_preview({"subscription": made.id})
    ledger.travel("2026-12-01T00:00:00")
    ended = ledger.v1.subscriptions.retrieve(made.id)
    assert (ended.status, ended.ended_at) == ("canceled", at("2026-12-01"))
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(ledger.invoices(customer)) == 1
    assert [kind for kind, _ in ledger.events("customer.subscription.deleted")] == ["customer.subscription.deleted"]


def test_it_can_be_ended_at_once_and_give_back_what_is_left(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    ended = ledger.v1.subscriptions.cancel(made.id, {"prorate": True, "invoice_now": True})
    assert ended.status == "canceled"
    assert amounts(ledger.invoices(customer)[-1]) == [-8500]
    assert ledger.v1.customers.retrieve(customer).balance == -8500
    with pytest.raises(stripe.InvalidRequestError) as again:
        ledger.v1.subscriptions.cancel(made.id)
    assert again.value.http_status == 404


def test_a_trial_costs_nothing_until_it_ends(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer, trial_period_days=14)
    assert (made.status, made.trial_end) == ("trialing", at("2026-11-15"))
    assert [each.total for each in ledger.invoices(customer)] == [0]
    ledger.v1.subscriptions.update(made.id, {"items": [{"id": item(made), "quantity": 3}]})
    ledger.travel("2026-11-15T00:00:00")
    now = ledger.v1.subscriptions.retrieve(made.id)
    assert (now.status, now["items"].data[0].current_period_end) == ("active", at("2026-12-15"))
    assert [each.total for each in ledger.invoices(customer)] == [0, 5100]
    assert len(ledger.events("customer.subscription.trial_will_end")) == 1


def test_lists_are_by_customer_and_status(ledger: Ledger) -> None:
    first, second = ledger.customer(), ledger.customer()
    one, other = ledger.subscribe(first), ledger.subscribe(second)
    ledger.v1.subscriptions.cancel(other.id)

    def ids(**params: Any) -> list[str]:
        return [each.id for each in ledger.v1.subscriptions.list(params).data]

    assert ids() == [one.id]
    assert ids(status="all") == [other.id, one.id]
    assert ids(status="all", customer=second) == [other.id]
    assert ids(status="canceled") == [other.id]
    assert ids(price=STARTER) == []


def test_an_ended_subscription_is_not_changed(ledger: Ledger) -> None:
    made = ledger.subscribe(ledger.customer())
    ledger.v1.subscriptions.cancel(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription can only"):
        ledger.v1.subscriptions.update(made.id, {"items": [{"id": item(made), "quantity": 3}]})
    assert ledger.v1.subscriptions.update(made.id, {"metadata": {"a": "b"}}).metadata.to_dict() == {"a": "b"}


def test_a_change_that_waits_for_the_browser_is_past_due_until_it_is_paid(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    changed = ledger.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": item(made), "quantity": 12}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "default_incomplete",
            "expand": ["latest_invoice.confirmation_secret"],
        },
    )
    secret = str(changed.latest_invoice.confirmation_secret.client_secret)
    assert (changed.status, changed.latest_invoice.amount_due) == ("past_due", 1700)
    intent, _, _ = secret.partition("_secret_")
    browser: Any = ledger.payments.browser.v1
    browser.payment_intents.confirm(intent, {"client_secret": secret, "payment_method": "pm_card_visa"})
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"
    assert ledger.invoices(customer)[-1].status == "paid"


def test_a_trial_can_be_ended_now(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer, trial_end=at("2026-12-15"))
    ledger.travel("2026-11-20T00:00:00")
    now = ledger.v1.subscriptions.update(made.id, {"trial_end": "now"})
    only = now["items"].data[0]
    assert (now.status, only.current_period_start, only.current_period_end) == (
        "active",
        at("2026-11-20"),
        at("2026-12-20"),
    )
    assert [each.total for each in ledger.invoices(customer)] == [0, 17000]


def test_the_period_can_begin_anew(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    changed = ledger.v1.subscriptions.update(
        made.id, {"billing_cycle_anchor": "now", "proration_behavior": "always_invoice"}
    )
    assert changed["items"].data[0].current_period_end == at("2026-12-16")
    assert amounts(ledger.invoices(customer)[-1]) == [-8500, 17000]


def test_a_promotion_code_is_its_coupon(ledger: Ledger) -> None:
    ledger.v1.coupons.create({"id": "FIFTH", "percent_off": 20, "duration": "forever"})
    code = ledger.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "FIFTH"}, "code": "AUTUMN"})
    assert [each.id for each in ledger.v1.promotion_codes.list({"code": "AUTUMN"}).data] == [code.id]
    customer = ledger.customer()
    made = ledger.subscribe(customer, discounts=[{"promotion_code": code.id}], expand=["discounts.source.coupon"])
    discount: Any = made.discounts[0]
    assert (discount.promotion_code, discount.source.coupon.percent_off) == (code.id, 20)
    assert ledger.invoices(customer)[0].total == 13600
    ledger.v1.subscriptions.update(made.id, {"discounts": ""})
    ledger.travel("2026-12-01T00:00:00")
    assert ledger.invoices(customer)[-1].total == 17000


def test_a_coupon_that_is_used_up_is_refused(ledger: Ledger) -> None:
    ledger.v1.coupons.create({"id": "FIRST", "percent_off": 20, "duration": "once", "max_redemptions": 1})
    ledger.subscribe(ledger.customer(), discounts=[{"coupon": "FIRST"}])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        ledger.subscribe(ledger.customer(), discounts=[{"coupon": "FIRST"}])
    assert refused.value.code == "coupon_expired"


def test_what_the_stand_in_cannot_bill_is_refused(ledger: Ledger) -> None:
    customer = ledger.customer()
    once = ledger.v1.prices.create({"product": "prod_DezkyBusiness", "currency": "eur", "unit_amount": 500})
    with pytest.raises(stripe.InvalidRequestError, match="type=one_time"):
        ledger.subscribe(customer, once.id)
    with pytest.raises(stripe.InvalidRequestError, match="must match across all prices"):
        ledger.v1.subscriptions.create({"customer": customer, "items": [{"price": BUSINESS}, {"price": BUSINESS_YEAR}]})
    with pytest.raises(stripe.InvalidRequestError, match="No such price"):
        ledger.subscribe(customer, "price_nobody")


def _pending(ledger: Ledger, customer: str) -> tuple[str, stripe.Invoice]:
    """Ask for 12 seats with a card that is declined; return the subscription and the invoice that waits."""
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    ledger.give_card(customer, "pm_card_chargeCustomerFail")
    changed = ledger.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": item(made), "quantity": 12}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    assert (changed.status, changed["items"].data[0].quantity) == ("active", 10)
    assert changed.pending_update.subscription_items[0].quantity == 12
    assert changed.pending_update.expires_at == at("2026-11-16T23:00:00")
    return made.id, ledger.invoices(customer)[-1]


def test_a_change_may_wait_for_its_payment(ledger: Ledger) -> None:
    customer = ledger.customer()
    subscription, invoice = _pending(ledger, customer)
    assert (invoice.status, invoice.amount_due, invoice.next_payment_attempt) == ("open", 1700, None)
    good = ledger.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    ledger.v1.invoices.pay(invoice.id, {"payment_method": good.id})
    now = ledger.v1.subscriptions.retrieve(subscription)
    assert (now.status, now["items"].data[0].quantity, now.pending_update) == ("active", 12, None)
    assert len(ledger.events("customer.subscription.pending_update_applied")) == 1
    ledger.travel("2026-11-21T00:00:00")
    # A third of what 12 seats were charged for half a month: 102.00 * 10/15.
    preview = ledger.v1.invoices.create_preview(
        {
            "subscription": subscription,
            "subscription_details": {
                "items": [{"id": now["items"].data[0].id, "quantity": 6}],
                "proration_behavior": "always_invoice",
            },
        }
    )
    assert amounts(preview) == [-6800, 3400]


def test_a_change_that_is_not_paid_for_is_dropped(ledger: Ledger) -> None:
    customer = ledger.customer()
    subscription, invoice = _pending(ledger, customer)
    ledger.travel("2026-11-16T23:00:00")
    now = ledger.v1.subscriptions.retrieve(subscription)
    assert (now.status, now["items"].data[0].quantity, now.pending_update) == ("active", 10, None)
    assert ledger.v1.invoices.retrieve(invoice.id).status == "void"
    assert len(ledger.events("customer.subscription.pending_update_expired")) == 1
    ledger.give_card(customer, "pm_card_visa")
    ledger.travel("2026-12-01T00:00:00")
    assert amounts(ledger.invoices(customer)[-1]) == [17000]


def test_a_change_that_need_not_wait_is_made(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-16T00:00:00")
    changed = ledger.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": item(made), "quantity": 12}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    assert (changed["items"].data[0].quantity, changed.pending_update) == (12, None)
    assert ledger.invoices(customer)[-1].status == "paid"
    assert len(ledger.events("customer.subscription.updated")) == 1
