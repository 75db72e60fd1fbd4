"""Mails of billing: once for their subject, to the right people, with the right figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from billing import mails, notices, reminders
from billing.enums import Interval, InvoiceStatus, NoticeKind, SubscriptionStatus
from billing.models import BillingAccount, BillingNotice, Invoice
from tenants.enums import MembershipRole, Plan
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.factories import MembershipFactory, TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail_stays_here(settings: Any) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def tenant() -> Tenant:
    made: Tenant = TenantFactory(name="Acme & Søn")
    return made


def _account(tenant: Tenant, **fields: Any) -> BillingAccount:
    given = {
        "status": SubscriptionStatus.ACTIVE,
        "plan": Plan.BUSINESS,
        "seats": 12,
        "interval": Interval.MONTH,
        "subscription_id": "sub_1",
        "email": "billing@acme.test",
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last4": "4242",
        "card_exp_month": 12,
        "card_exp_year": 2099,
        "renews_at": timezone.now() + timedelta(days=20),
        **fields,
    }
    with operator_scope():
        return BillingAccount.objects.create(tenant=tenant, **given)


def _invoice(tenant: Tenant, **fields: Any) -> Invoice:
    given = {
        "stripe_id": "in_1",
        "number": "ACME-0007",
        "status": InvoiceStatus.PAID,
        "currency": "eur",
        "total_minor": 21_250,
        "amount_remaining_minor": 0,
        "created_at": timezone.now(),
        "synced_at": timezone.now(),
        "pdf_url": "https://stripe.test/i/in_1/pdf?a=1&b=2",
        "hosted_url": "https://stripe.test/i/in_1?s=a&t=b",
        **fields,
    }
    with operator_scope():
        return Invoice.objects.create(tenant=tenant, **given)


def _send(tenant: Tenant, kind: NoticeKind, subject: str) -> int:
    with operator_scope():
        notices.promise(tenant=tenant, kind=kind, subject=subject)
        notice = BillingNotice.objects.for_tenant(tenant).get(kind=kind, subject=subject)
    return mails.send_notice(str(notice.pk))


def test_a_receipt_names_invoice_amount_and_card(tenant: Tenant) -> None:
    _account(tenant)
    _invoice(tenant)
    assert _send(tenant, NoticeKind.RECEIPT, "in_1") == 1
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("Receipt for invoice ACME-0007", ["billing@acme.test"])
    assert "€212.50" in sent.body
    assert "Visa card ending 4242" in sent.body
    assert "https://stripe.test/i/in_1/pdf?a=1&b=2" in sent.body
    assert "&amp;" not in sent.body
    assert "Acme & Søn" in sent.body


def test_a_failed_payment_says_what_happens_next(tenant: Tenant) -> None:
    _account(tenant, status=SubscriptionStatus.PAST_DUE)
    again = timezone.now() + timedelta(days=3)
    _invoice(
        tenant,
        status=InvoiceStatus.OPEN,
        amount_remaining_minor=21_250,
        attempts=1,
        next_attempt_at=again,
        currency="jpy",
    )
    assert _send(tenant, NoticeKind.PAYMENT_FAILED, "in_1:1") == 1
    (sent,) = mail.outbox
    assert sent.subject == "Payment failed for invoice ACME-0007"
    assert "¥21,250" in sent.body
    assert f"we try again on {again:%-d %B %Y}" in sent.body
    assert "https://stripe.test/i/in_1?s=a&t=b" in sent.body


def test_what_was_put_right_before_the_mail_went_out_is_told_to_nobody(tenant: Tenant) -> None:
    """The mail server was away for a day, and the invoice is paid by then, the card another, and the end near."""
    _account(tenant, is_cancelling=True, payment_method_id="pm_2")
    _invoice(tenant, attempts=1)
    assert _send(tenant, NoticeKind.PAYMENT_FAILED, "in_1:1") == 0
    assert _send(tenant, NoticeKind.CARD_EXPIRING, "pm_1:2026-12") == 0
    assert _send(tenant, NoticeKind.RENEWAL, "sub_1:2026-12-15") == 0
    assert mail.outbox == []


def test_a_promise_is_kept_once(tenant: Tenant) -> None:
    _account(tenant)
    _invoice(tenant)
    assert _send(tenant, NoticeKind.RECEIPT, "in_1") == 1
    with operator_scope():
        assert notices.promise(tenant=tenant, kind=NoticeKind.RECEIPT, subject="in_1") is False
        notice = BillingNotice.objects.for_tenant(tenant).get()
    assert mails.send_notice(str(notice.pk)) == 0
    assert len(mail.outbox) == 1


def test_without_an_address_owners_and_admins_are_told(tenant: Tenant) -> None:
    _account(tenant, email="")
    _invoice(tenant)
    owner = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER)
    admin = MembershipFactory(tenant=tenant, role=MembershipRole.ADMIN)
    MembershipFactory(tenant=tenant, role=MembershipRole.MEMBER)
    MembershipFactory(role=MembershipRole.OWNER)
    assert _send(tenant, NoticeKind.RECEIPT, "in_1") == 2
    assert mail.outbox[0].to == sorted([owner.user.email, admin.user.email])


def test_t3_a_name_of_several_lines_makes_no_header(tenant: Tenant) -> None:
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(name="Acme\r\nBcc: all@evil.test")
        tenant.refresh_from_db()
    _account(tenant)
    assert _send(tenant, NoticeKind.RENEWAL, "sub_1:2026-12-01") == 1
    assert mail.outbox[0].subject.startswith("Acme Bcc: all@evil.test renews on")
    assert mail.outbox[0].recipients() == ["billing@acme.test"]


def test_what_lies_ahead_is_told_once_for_each_card_and_period(tenant: Tenant) -> None:
    soon = timezone.now() + timedelta(days=10)
    _account(
        tenant,
        card_exp_month=soon.month,
        card_exp_year=soon.year,
        renews_at=timezone.now() + timedelta(days=5),
    )
    assert reminders.promise_due() == 2
    assert reminders.promise_due() == 0
    with operator_scope():
        kinds = sorted(BillingNotice.objects.for_tenant(tenant).values_list("kind", flat=True))
        assert kinds == [NoticeKind.CARD_EXPIRING, NoticeKind.RENEWAL]
        for notice in BillingNotice.objects.for_tenant(tenant):
            assert mails.send_notice(str(notice.pk)) == 1
    subjects = sorted(sent.subject for sent in mail.outbox)
    assert subjects[0].startswith("Acme & Søn renews on")
    assert subjects[1] == "The card that pays for Acme & Søn expires soon"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": SubscriptionStatus.CANCELED},
        {"status": SubscriptionStatus.PAUSED, "card_exp_year": 2099},
        {"status": SubscriptionStatus.UNPAID, "card_exp_year": 2099},
        {"is_cancelling": True},
        {"renews_at": timezone.now() + timedelta(days=30), "card_exp_year": 2099},
    ],
    ids=["ended", "paused", "unpaid", "cancelled", "far away"],
)
def test_nobody_is_told_of_what_does_not_come(tenant: Tenant, fields: dict[str, Any]) -> None:
    near = {"renews_at": timezone.now() + timedelta(days=3), "card_exp_month": 1, "card_exp_year": 2026}
    _account(tenant, **{**near, **fields})
    assert reminders.promise_due() == 0
