"""A tenant's life with billing, from nothing to the end, at a Stripe that checks every call."""

from __future__ import annotations

from typing import Any

import pytest

from billing import reconcile, sync
from billing.enums import DriftState, Interval, InvoiceStatus, QuoteState, SubscriptionStatus, WriteState
from billing.errors import Declined, Moved, Refused
from billing.models import BillingAccount, Invoice, PlanPrice, StripeWrite
from billing.services import payments, quotes, subscriptions
from tenants.audit import SYSTEM
from tenants.enums import Plan, TenantStatus
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import DANISH, add_card, call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(stripe: CheckedStripe) -> Tenant:
    sync.catalogue()
    made: Tenant = TenantFactory(status=TenantStatus.TRIAL, plan=Plan.STARTER, seats=5)
    return made


def _subscribe(tenant: Tenant, seats: int = 10, plan: Plan = Plan.BUSINESS) -> Any:
    quote = quotes.quote_change(tenant=tenant, plan=plan, interval=Interval.MONTH, seats=seats, by=SYSTEM)
    return subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=SYSTEM)


def _invoices(tenant: Tenant) -> int:
    with operator_scope():
        return Invoice.objects.for_tenant(tenant).count()


def _account(tenant: Tenant) -> BillingAccount:
    with operator_scope():
        return BillingAccount.objects.for_tenant(tenant).get()


def test_the_catalogue_is_read_from_stripe(stripe: CheckedStripe) -> None:
    count = sync.catalogue()
    prices = {(p.plan, p.currency, p.interval): p.unit_minor for p in PlanPrice.objects.filter(is_active=True)}
    assert count == len(prices) == 3 * 5 * 2
    assert prices[Plan.BUSINESS, "eur", Interval.MONTH] == 1700
    assert prices[Plan.BUSINESS, "eur", Interval.YEAR] == 17_000


def test_subscribing_charges_what_was_quoted(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    quote = _subscribe(tenant, seats=10)
    assert (quote.total_minor, quote.tax_minor, quote.due_minor) == (21_250, 4_250, 21_250)  # 170.00 and 25 % VAT
    assert (quote.state, quote.invoiced_minor) == (QuoteState.ACCEPTED, 21_250)
    account = _account(tenant)
    assert (account.status, account.plan, account.seats) == (SubscriptionStatus.ACTIVE, Plan.BUSINESS, 10)
    assert (account.monthly_minor, account.currency, account.card_last4) == (17_000, "eur", "4242")
    with operator_scope():
        tenant.refresh_from_db()
        invoice = Invoice.objects.for_tenant(tenant).get()
        assert StripeWrite.objects.exclude(state=WriteState.DONE).count() == 0
    assert (tenant.plan, tenant.seats, tenant.status) == (Plan.BUSINESS, 10, TenantStatus.ACTIVE)
    assert (invoice.status, invoice.total_minor, invoice.tax_minor) == (InvoiceStatus.PAID, 21_250, 4_250)


def test_more_seats_cost_what_was_quoted_and_fewer_give_credit(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    stripe.control(action="clock", advance_seconds=10 * 86_400)
    more = _subscribe(tenant, seats=15)
    assert (more.state, more.invoiced_minor == more.total_minor, more.total_minor > 0) == (
        QuoteState.ACCEPTED,
        True,
        True,
    )
    fewer = _subscribe(tenant, seats=6)
    assert (fewer.state, fewer.invoiced_minor, fewer.total_minor < 0) == (QuoteState.ACCEPTED, fewer.total_minor, True)
    account = _account(tenant)
    assert (account.seats, account.balance.minor) == (6, -fewer.total_minor)


def test_a_coupon_of_one_item_counts_in_the_spend(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    account = _account(tenant)
    coupon = call(stripe, "POST", "coupons", percent_off=20, duration="forever")
    call(stripe, "POST", f"subscriptions/{account.subscription_id}", discounts=[{"coupon": coupon["id"]}])
    _give_to_the_item(stripe, account.subscription_id)
    sync.tenant(tenant, str(account.customer_id))
    assert _account(tenant).monthly_minor == 13_600
    call(stripe, "DELETE", f"coupons/{coupon['id']}")
    sync.tenant(tenant, str(account.customer_id))
    assert _account(tenant).monthly_minor == 17_000  # what it takes off can't be known any more


def _give_to_the_item(stripe: CheckedStripe, subscription_id: str) -> None:
    """Have a subscription's discount stand at its item, as Stripe's dashboard can."""
    with stripe.service.store.transaction() as shelf:
        moved = shelf.connection.execute(
            """UPDATE payments_standin.objects SET content = jsonb_set(
                jsonb_set(content, '{items,data,0,discounts}', content->'discounts'), '{discounts}', '[]')
            WHERE id = %s""",
            [subscription_id],
        )
        assert moved.rowcount == 1


def test_accepting_twice_changes_once(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    quote = _subscribe(tenant, seats=10)
    again = subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=SYSTEM)
    assert again.invoice_id == quote.invoice_id
    found = call(stripe, "GET", "subscriptions", customer=_account(tenant).customer_id)
    assert len(found["data"]) == 1


def test_a_declined_card_changes_nothing(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    add_card(stripe, tenant, token="pm_card_chargeCustomerFail")
    stripe.control(action="clock", advance_seconds=86_400)
    with pytest.raises(Declined):
        _subscribe(tenant, seats=20)
    assert _account(tenant).seats == 10
    add_card(stripe, tenant)
    assert _subscribe(tenant, seats=20).state == QuoteState.ACCEPTED


def test_a_quote_that_was_overtaken_is_not_charged(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    stripe.control(action="clock", advance_seconds=86_400)
    old = quotes.quote_change(tenant=tenant, plan=Plan.BUSINESS, interval=Interval.MONTH, seats=12, by=SYSTEM)
    _subscribe(tenant, seats=11)
    with pytest.raises(Moved):
        subscriptions.accept_quote(tenant=tenant, quote_id=old.pk, by=SYSTEM)
    assert _account(tenant).seats == 11


def test_cancelled_and_resumed_and_cancelled_it_ends(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    assert subscriptions.cancel(tenant=tenant, by=SYSTEM).is_cancelling
    assert not subscriptions.resume(tenant=tenant, by=SYSTEM).is_cancelling
    account = subscriptions.cancel(tenant=tenant, by=SYSTEM)
    stripe.control(action="clock", advance_seconds=32 * 86_400)
    sync.tenant(tenant, str(account.customer_id))
    account = _account(tenant)
    assert (account.status, account.monthly_minor, account.renews_at) == (SubscriptionStatus.CANCELED, 0, None)
    assert account.ended_at is not None


def test_a_failed_renewal_is_past_due_until_it_is_paid(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    add_card(stripe, tenant, token="pm_card_chargeCustomerFail")
    stripe.control(action="clock", advance_seconds=32 * 86_400)
    sync.tenant(tenant, str(_account(tenant).customer_id))
    account = _account(tenant)
    assert (account.status, account.past_due_since is not None) == (SubscriptionStatus.PAST_DUE, True)
    assert account.next_attempt_at is not None
    with operator_scope():
        invoice = Invoice.objects.for_tenant(tenant).open().get()
    with pytest.raises(Declined):
        payments.pay_invoice(tenant=tenant, invoice_id=invoice.pk, by=SYSTEM)
    add_card(stripe, tenant)
    assert payments.pay_invoice(tenant=tenant, invoice_id=invoice.pk, by=SYSTEM).status == InvoiceStatus.PAID
    account = _account(tenant)
    assert (account.status, account.past_due_since, account.next_attempt_at) == (SubscriptionStatus.ACTIVE, None, None)


def test_money_that_went_back_is_shown(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    with operator_scope():
        invoice = Invoice.objects.for_tenant(tenant).get()
    call(stripe, "POST", "refunds", payment_intent=invoice.payment_intent_id, amount=1000)
    wanted = sync.Wanted(payment_intents=frozenset([invoice.payment_intent_id]))
    sync.tenant(tenant, str(_account(tenant).customer_id), wanted)
    with operator_scope():
        invoice.refresh_from_db()
    assert (invoice.refunded_minor, invoice.status_label) == (1000, "Partly refunded")


def test_invoices_outlive_their_customer(stripe: CheckedStripe, tenant: Tenant) -> None:
    """Stripe keeps what it has charged; the comparison may be the first to hear that the customer is gone."""
    ready_to_pay(stripe, tenant)
    _subscribe(tenant)
    customer = _account(tenant).customer_id
    call(stripe, "DELETE", f"customers/{customer}")
    reconcile.compare(tenant)
    assert (_account(tenant).customer_id, _invoices(tenant)) == (None, 1)
    ready_to_pay(stripe, tenant)
    reconcile.compare(tenant)
    assert _invoices(tenant) == 1


def test_an_invoice_that_was_paid_elsewhere_is_left_alone(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant)
    with operator_scope():
        Invoice.objects.for_tenant(tenant).update(status=InvoiceStatus.OPEN)
        invoice = Invoice.objects.for_tenant(tenant).get()
    found = payments.pay_invoice(tenant=tenant, invoice_id=invoice.pk, by=SYSTEM)
    assert (found.pk, found.status) == (invoice.pk, InvoiceStatus.PAID)


def test_fewer_seats_than_people_are_refused(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(seats_used=7)
    with pytest.raises(Refused, match="7 people use a seat") as refusal:
        _subscribe(tenant, seats=6)
    assert refusal.value.field == "seats"


def test_a_comparison_finds_a_difference_once_and_heals_it(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    assert reconcile.compare(tenant).state == DriftState.SAME
    call(stripe, "POST", f"customers/{_account(tenant).customer_id}", name="Renamed elsewhere")
    found = reconcile.compare(tenant)
    assert (found.state, [each["field"] for each in found.differences]) == (DriftState.DIFFERENT, ["company"])
    assert found.differences[0]["ours"] == DANISH.company
    assert reconcile.compare(tenant).state == DriftState.SAME
    stripe.control(action="down")
    unknown = reconcile.compare(tenant)
    stripe.control(action="normal")
    assert (unknown.state, unknown.compared_at == found.compared_at) == (DriftState.UNKNOWN, False)


def test_what_people_did_stands_in_the_log_once(stripe: CheckedStripe, tenant: Tenant) -> None:
    ready_to_pay(stripe, tenant)
    _subscribe(tenant, seats=10)
    with operator_scope():
        actions = list(AuditEvent.objects.for_tenant(tenant).order_by("sequence").values_list("action", flat=True))
    assert actions == [
        "billing:customer:create",
        "billing:details:change",
        "billing:card:change",
        "billing:invoice:paid",
        "tenant:plan:change",
        "billing:subscription:start",
    ]
