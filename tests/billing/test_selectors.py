"""What pages read: months, currencies, invoices, and nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import timezone

from billing import selectors
from billing.enums import InvoiceStatus, SubscriptionStatus
from billing.models import BillingAccount, Invoice
from billing.money import Money
from tenants.models import Tenant
from tenants.scope import operator_scope, partner_scope, tenant_scope
from tests.factories import PartnerFactory, TenantFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def _invoice(tenant: Tenant, number: int, at: datetime, **fields: Any) -> None:
    given = {
        "stripe_id": f"in_{tenant.slug}_{number}",
        "number": f"A-{number:04}",
        "status": InvoiceStatus.PAID,
        "currency": "eur",
        "total_minor": 1000,
        "amount_paid_minor": 1000,
        "created_at": at,
        "synced_at": at,
        **fields,
    }
    with operator_scope():
        Invoice.objects.create(tenant=tenant, **given)


def test_a_year_is_twelve_months_with_gaps_for_each_currency() -> None:
    tenant: Tenant = TenantFactory()
    _invoice(tenant, 1, datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
    _invoice(tenant, 2, datetime(2026, 11, 20, tzinfo=UTC), refunded_minor=300)
    _invoice(tenant, 3, datetime(2025, 12, 1, tzinfo=UTC), currency="jpy", amount_paid_minor=5000)
    _invoice(tenant, 4, datetime(2025, 11, 30, 23, 59, tzinfo=UTC))  # too old by a minute
    _invoice(tenant, 5, datetime(2026, 10, 5, tzinfo=UTC), status=InvoiceStatus.OPEN, amount_paid_minor=0)
    with tenant_scope(tenant):
        euro, yen = selectors.spend_year(tenant=tenant, now=NOW)
    assert [each.month for each in euro.months] == [date(2025, 12, 1), *(date(2026, m, 1) for m in range(1, 12))]
    assert [each.spent.minor for each in euro.months] == [0] * 11 + [1700]
    assert (euro.total, yen.total) == (Money("eur", 1700), Money("jpy", 5000))
    assert yen.months[0].spent == Money("jpy", 5000)


def test_drafts_are_stripes_own_business() -> None:
    tenant: Tenant = TenantFactory()
    _invoice(tenant, 1, NOW, status=InvoiceStatus.DRAFT)
    _invoice(tenant, 2, NOW)
    with tenant_scope(tenant):
        assert [each.number for each in selectors.invoice_page(tenant=tenant).items] == ["A-0002"]


def test_z4_nobody_sees_anybody_elses() -> None:
    mine, other = TenantFactory(), TenantFactory()
    _invoice(other, 1, NOW)
    with operator_scope():
        BillingAccount.objects.create(tenant=other, monthly_minor=1000)
    with tenant_scope(mine):
        assert selectors.account_of(tenant=other) is None
        assert list(selectors.invoices(tenant=other)) == []
        assert Invoice.objects.count() == 0
        assert BillingAccount.objects.count() == 0


def test_a_partner_sees_what_its_customers_pay_and_none_of_their_invoices() -> None:
    partner, other = PartnerFactory(), PartnerFactory()
    customer = TenantFactory(partner_id=partner.pk)
    stranger = TenantFactory(partner_id=other.pk)
    for tenant in (customer, stranger):
        _invoice(tenant, 1, NOW)
        with operator_scope():
            BillingAccount.objects.create(tenant=tenant, monthly_minor=1700, status=SubscriptionStatus.ACTIVE)
    with partner_scope(partner.pk):
        assert [(row.tenant_id, row.monthly) for row in BillingAccount.objects.all()] == [
            (customer.pk, Money("eur", 1700))
        ]
        assert Invoice.objects.count() == 0
        assert BillingAccount.objects.update(monthly_minor=0) == 0


def test_sums_stay_within_a_currency() -> None:
    with operator_scope():
        for currency, minor in (("eur", 1000), ("jpy", 500), ("eur", 250), ("usd", 0)):
            BillingAccount.objects.create(tenant=TenantFactory(), currency=currency, monthly_minor=minor)
        assert selectors.monthly_sums(BillingAccount.objects.all()) == [Money("eur", 1250), Money("jpy", 500)]


@pytest.mark.parametrize(
    ("month", "year", "soon", "expired"),
    [(12, 2026, True, False), (1, 2027, True, False), (2, 2027, False, False), (10, 2026, True, True)],
)
def test_a_card_lives_until_the_end_of_its_month(
    month: int, year: int, soon: bool, expired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 12, 20, tzinfo=UTC) if month != 10 else NOW)
    account = BillingAccount(card_last4="4242", card_exp_month=month, card_exp_year=year)
    assert (account.card_expires_soon, account.is_card_expired) == (soon, expired)
