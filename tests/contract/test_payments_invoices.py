"""Invoices at the payments stand-in: taxes, coupons, tiers, paging, and what is done to one by hand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.contract.ledger import BUSINESS, Ledger, amounts, at, item
from tests.contract.payments_server import Payments

_TAXED: dict[str, Any] = {"automatic_tax": {"enabled": True}}


@pytest.fixture
def ledger(payments: Payments) -> Ledger:
    """Give a ledger on 1 November 2026; November has 30 days."""
    ledger = Ledger(payments)
    ledger.travel("2026-11-01T00:00:00")
    return ledger


def _taxes(invoice: Any) -> list[tuple[int, str]]:
    return [(each.amount, each.taxability_reason) for each in invoice.total_taxes]


@pytest.mark.parametrize(
    ("country", "vat_id", "expected", "total"),
    [
        # 170.00 and its VAT: 25 % in Denmark, 19 % in Germany, 25.5 % in Finland.
        ("DK", None, (4250, "standard_rated"), 21250),
        ("DK", "DK12345678", (4250, "standard_rated"), 21250),
        ("DE", None, (3230, "standard_rated"), 20230),
        ("FI", None, (4335, "standard_rated"), 21335),
        ("DE", "DE123456789", (0, "reverse_charge"), 17000),
        ("NO", None, (0, "not_collecting"), 17000),
    ],
)
def test_automatic_tax_is_by_the_country_and_the_vat_id(
    ledger: Ledger, country: str, vat_id: str | None, expected: tuple[int, str], total: int
) -> None:
    more: dict[str, Any] = {"tax_id_data": [{"type": "eu_vat", "value": vat_id}]} if vat_id else {}
    customer = ledger.customer(country=country, **more)
    ledger.subscribe(customer, **_TAXED)
    [invoice] = ledger.invoices(customer)
    assert (_taxes(invoice), invoice.total, invoice.total_excluding_tax) == ([expected], total, 17000)
    assert invoice.automatic_tax.status == "complete"
    assert [each.value for each in invoice.customer_tax_ids or ()] == ([vat_id] if vat_id else [])
    tax: Any = invoice.lines.data[0].taxes
    rate = ledger.v1.tax_rates.retrieve(tax[0].tax_rate_details.tax_rate)
    assert rate.country == country


def test_a_refused_vat_id_does_not_reverse_the_charge(ledger: Ledger) -> None:
    customer = ledger.customer(country="DE", tax_id_data=[{"type": "eu_vat", "value": "DE111111111"}])
    ledger.travel("2026-11-01T00:00:10")
    ledger.subscribe(customer, **_TAXED)
    assert _taxes(ledger.invoices(customer)[0]) == [(3230, "standard_rated")]


def test_tax_without_a_country_is_refused(ledger: Ledger) -> None:
    customer = ledger.customer(address={"line1": "Somewhere"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        ledger.subscribe(customer, **_TAXED)
    assert refused.value.code == "customer_tax_location_invalid"
    preview = ledger.v1.invoices.create_preview(
        {"customer": customer, "subscription_details": {"items": [{"price": BUSINESS}]}, **_TAXED}
    )
    assert (preview.automatic_tax.status, preview.total) == ("requires_location_inputs", 1700)


def test_a_preview_needs_no_customer(ledger: Ledger) -> None:
    def preview(**details: Any) -> Any:
        return ledger.v1.invoices.create_preview(
            {
                "customer_details": {"address": {"country": "DE"}, **details},
                "subscription_details": {"items": [{"price": BUSINESS, "quantity": 10}]},
                **_TAXED,
            }
        )

    taxed, reversed_ = preview(), preview(tax_ids=[{"type": "eu_vat", "value": "DE123456789"}])
    assert (taxed.total, _taxes(taxed)) == (20230, [(3230, "standard_rated")])
    assert (reversed_.total, _taxes(reversed_)) == (17000, [(0, "reverse_charge")])
    assert ledger.v1.customers.list().data == []
    assert ledger.v1.invoices.list().data == []


def test_a_preview_is_what_a_new_subscription_is_billed(ledger: Ledger) -> None:
    customer = ledger.customer(country="FI")
    wanted = {"items": [{"price": "price_DezkyBusinessKwdMonth", "quantity": 3}]}
    preview = ledger.v1.invoices.create_preview({"customer": customer, "subscription_details": wanted, **_TAXED})
    ledger.subscribe(customer, "price_DezkyBusinessKwdMonth", 3, **_TAXED)
    [real] = ledger.invoices(customer)
    # 3 * 5.700 KWD; 25.5 % are 4.3605, so 4.360.
    assert (real.total, _taxes(real)) == (21460, [(4360, "standard_rated")])
    assert (preview.total, _taxes(preview), amounts(preview)) == (real.total, _taxes(real), amounts(real))


def test_a_credit_gives_its_tax_back(ledger: Ledger) -> None:
    customer = ledger.customer(country="DK")
    made = ledger.subscribe(customer, **_TAXED)
    ledger.v1.customers.update(customer, {"address": {"country": "DE"}})
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 20}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    invoice = ledger.invoices(customer)[-1]
    # -85.00 with Denmark's 25 % as it was charged, 170.00 with Germany's 19 %: -21.25 and 32.30.
    assert amounts(invoice) == [-8500, 17000]
    assert [each.amount for line in invoice.lines.data for each in line.taxes or ()] == [-2125, 3230]
    assert invoice.total == 8500 + 1105


def test_a_percentage_is_taken_off_for_as_long_as_the_coupon_says(ledger: Ledger) -> None:
    ledger.v1.coupons.create({"id": "FIFTH", "percent_off": 20, "duration": "repeating", "duration_in_months": 2})
    customer = ledger.customer()
    made = ledger.subscribe(customer, discounts=[{"coupon": "FIFTH"}], expand=["discounts"])
    discount: Any = made.discounts[0]
    assert (discount.source.coupon, discount.end) == ("FIFTH", at("2027-01-01"))
    ledger.travel("2027-02-01T00:00:00")
    # 20 % of 170.00 are 34.00, in November and December.
    assert [each.total for each in ledger.invoices(customer)] == [13600, 13600, 17000, 17000]
    [line] = ledger.invoices(customer)[0].lines.data
    assert (line.amount, [each.amount for each in line.discount_amounts or ()]) == (17000, [3400])
    assert ledger.v1.coupons.retrieve("FIFTH").times_redeemed == 1


def test_an_amount_is_taken_off_once_and_given_back_as_it_was(ledger: Ledger) -> None:
    ledger.v1.coupons.create({"id": "TEN", "amount_off": 1000, "currency": "eur", "duration": "once"})
    customer = ledger.customer()
    made = ledger.subscribe(customer, discounts=[{"coupon": "TEN"}])
    assert ledger.v1.subscriptions.retrieve(made.id).discounts == []
    assert [kind for kind, _ in ledger.events("customer.discount.created", "customer.discount.deleted")] == [
        "customer.discount.created",
        "customer.discount.deleted",
    ]
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 12}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    ledger.travel("2026-12-01T00:00:00")
    # Paid were 160.00, half of them is given back; 12 seats are 204.00 and half of them is charged.
    assert [amounts(each) for each in ledger.invoices(customer)] == [[17000], [-8000, 10200], [20400]]
    assert ledger.invoices(customer)[0].total == 16000


def test_a_coupon_for_ever_lowers_prorations_too(ledger: Ledger) -> None:
    ledger.v1.coupons.create({"id": "HALF", "percent_off": 50, "duration": "forever"})
    customer = ledger.customer()
    made = ledger.subscribe(customer, discounts=[{"coupon": "HALF"}])
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 12}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    # Half price for half a month: 42.50 back, 51.00 charged.
    assert amounts(ledger.invoices(customer)[-1]) == [-4250, 5100]


def test_tiers_are_billed_a_line_each(ledger: Ledger) -> None:
    price = ledger.v1.prices.create(
        {
            "product": "prod_DezkyBusiness",
            "currency": "eur",
            "recurring": {"interval": "month"},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": [{"up_to": 10, "unit_amount": 1000}, {"up_to": "inf", "unit_amount": 800, "flat_amount": 500}],
            "expand": ["tiers"],
        }
    )
    assert [each.up_to for each in price.tiers] == [10, None]
    customer = ledger.customer()
    made = ledger.subscribe(customer, price.id, 15)
    # 10 at 10.00, 5 at 8.00, and the second tier's 5.00.
    assert amounts(ledger.invoices(customer)[0]) == [10000, 4000, 500]
    ledger.travel("2026-11-16T00:00:00")
    asked = {"items": [{"id": item(made), "quantity": 10}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    assert amounts(ledger.invoices(customer)[-1]) == [-5000, -2000, -250, 5000]


def test_an_open_invoice_is_paid_by_hand_or_voided(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail")
    ledger.subscribe(customer)
    [invoice] = ledger.invoices(customer)
    with pytest.raises(stripe.CardError) as refused:
        ledger.v1.invoices.pay(invoice.id)
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    # Attempts by hand do not count for the schedule.
    assert ledger.v1.invoices.retrieve(invoice.id).attempt_count == 1
    good = ledger.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    paid = ledger.v1.invoices.pay(invoice.id, {"payment_method": good.id, "expand": ["payments"]})
    assert (paid.status, paid.amount_remaining, paid.payments.data[0].status) == ("paid", 0, "paid")
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        ledger.v1.invoices.pay(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="isn't open"):
        ledger.v1.invoices.void_invoice(invoice.id)
    payments = ledger.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert [each.status for each in payments] == ["paid"]


def test_a_voided_invoice_gives_the_balance_back(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail", balance=-1000)
    ledger.subscribe(customer)
    [invoice] = ledger.invoices(customer)
    assert (invoice.amount_due, ledger.v1.customers.retrieve(customer).balance) == (16000, 0)
    assert ledger.v1.invoices.void_invoice(invoice.id).status == "void"
    assert ledger.v1.customers.retrieve(customer).balance == -1000
    assert [kind for kind, _ in ledger.events("invoice.voided")] == ["invoice.voided"]


def test_an_invoice_can_be_given_up(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_chargeCustomerFail")
    ledger.subscribe(customer)
    [invoice] = ledger.invoices(customer)
    given_up = ledger.v1.invoices.mark_uncollectible(invoice.id)
    assert (given_up.status, given_up.status_transitions.marked_uncollectible_at) == ("uncollectible", at("2026-11-01"))


def test_the_bank_may_ask_before_it_pays(ledger: Ledger) -> None:
    customer = ledger.customer("pm_card_authenticationRequired")
    made = ledger.subscribe(customer, expand=["latest_invoice.confirmation_secret"])
    assert made.status == "incomplete"
    invoice: Any = made.latest_invoice
    assert [kind for kind, _ in ledger.events("invoice.payment_action_required")] == ["invoice.payment_action_required"]
    intent, _, _ = invoice.confirmation_secret.client_secret.partition("_secret_")
    assert ledger.v1.payment_intents.retrieve(intent).status == "requires_action"
    ledger.payments.ask(f"/_3ds/{intent}", key=None, body="outcome=complete")
    assert ledger.v1.invoices.retrieve(invoice.id).status == "paid"
    assert ledger.v1.subscriptions.retrieve(made.id).status == "active"


def test_a_change_that_the_bank_asks_about_is_refused_if_asked_so(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-11T00:00:00")
    ledger.give_card(customer, "pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as refused:
        ledger.v1.subscriptions.update(
            made.id,
            {
                "items": [{"id": item(made), "quantity": 13}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "error_if_incomplete",
            },
        )
    assert refused.value.code == "subscription_payment_intent_requires_action"
    assert ledger.v1.subscriptions.retrieve(made.id)["items"].data[0].quantity == 10


def test_invoices_are_listed_by_what_is_asked(ledger: Ledger) -> None:
    customer, other = ledger.customer(), ledger.customer()
    made = ledger.subscribe(customer)
    ledger.subscribe(other)
    ledger.travel("2027-01-01T00:00:00")

    def numbers(**params: Any) -> list[str]:
        return [each.number[-4:] for each in ledger.v1.invoices.list(params).data]

    assert numbers(customer=customer) == numbers(subscription=made.id) == ["0003", "0002", "0001"]
    assert numbers(customer=customer, created={"gte": at("2026-12-01")}) == ["0003", "0002"]
    assert numbers(customer=customer, status="open") == []
    first = ledger.v1.invoices.list({"customer": customer, "limit": 2})
    assert (first.has_more, len(first.data)) == (True, 2)
    assert numbers(customer=customer, starting_after=first.data[-1].id) == ["0001"]


def test_an_item_added_by_hand_joins_the_next_invoice(ledger: Ledger) -> None:
    customer = ledger.customer(country="DK")
    ledger.subscribe(customer, **_TAXED)
    ledger.v1.invoice_items.create({"customer": customer, "amount": 5000, "currency": "eur", "description": "Help"})
    ledger.travel("2026-12-01T00:00:00")
    renewal = ledger.invoices(customer)[-1]
    # 50.00 and 170.00, with 25 % each.
    assert (amounts(renewal), renewal.total) == ([5000, 17000], 27500)


def test_the_link_and_the_file_of_an_invoice_are_the_stand_in_s(ledger: Ledger) -> None:
    customer = ledger.customer()
    ledger.subscribe(customer)
    [invoice] = ledger.invoices(customer)
    assert invoice.hosted_invoice_url == f"{ledger.payments.url}/i/{invoice.id}"
    assert invoice.invoice_pdf == f"{ledger.payments.url}/i/{invoice.id}/pdf"


def test_too_little_to_charge_is_owed_until_the_next_invoice(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    ledger.travel("2026-11-30T12:00:00")
    asked = {"items": [{"id": item(made), "quantity": 11}], "proration_behavior": "always_invoice"}
    ledger.v1.subscriptions.update(made.id, asked)
    small = ledger.invoices(customer)[-1]
    # Half of the last of 30 days of 17.00 is 0.28: 187.00 / 60 = 3.12 and 170.00 / 60 = 2.83 make 0.29.
    assert (amounts(small), small.total, small.amount_due, small.status) == ([-283, 312], 29, 0, "paid")
    assert (small.ending_balance, ledger.v1.customers.retrieve(customer).balance) == (29, 29)
    ledger.travel("2026-12-01T00:00:00")
    renewal = ledger.invoices(customer)[-1]
    assert (renewal.total, renewal.amount_paid, renewal.ending_balance) == (18700, 18729, 0)


def test_what_an_invoice_points_to_can_be_had_with_it(ledger: Ledger) -> None:
    customer = ledger.customer()
    made = ledger.subscribe(customer)
    [invoice] = ledger.v1.invoices.list(
        {
            "customer": customer,
            "expand": [
                "data.customer",
                "data.parent.subscription_details.subscription",
                "data.payments.data.payment.payment_intent",
                "data.lines.data.pricing.price_details.price",
            ],
        }
    ).data
    assert invoice.customer.id == customer
    assert invoice.parent.subscription_details.subscription.id == made.id
    assert invoice.payments.data[0].payment.payment_intent.status == "succeeded"
    assert invoice.lines.data[0].pricing.price_details.price.id == BUSINESS
    kept = ledger.v1.subscriptions.retrieve(
        made.id, {"expand": ["items.data.price.product", "latest_invoice", "customer", "default_payment_method"]}
    )
    assert (kept["items"].data[0].price.product.name, kept.latest_invoice.id) == ("Business", invoice.id)
    owner = ledger.v1.customers.retrieve(customer, {"expand": ["subscriptions"]})
    assert [each.id for each in owner.subscriptions.data] == [made.id]
