"""What billing forgets, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import retention
from billing.enums import InboxState, Interval, Operation, QuoteState, WriteState
from billing.models import Quote, StripeWrite, WebhookEvent
from tenants.enums import Plan
from tenants.scope import operator_scope
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


def _event(name: str, state: InboxState, days: int) -> None:
    at = timezone.now() - timedelta(days=days)
    WebhookEvent.objects.create(id=f"evt_{name}", type="invoice.paid", state=state, created_at=at, received_at=at)


def test_settled_events_go_after_ninety_days_and_what_failed_stays() -> None:
    for state in InboxState:
        _event(f"{state}_young", state, 89)
        _event(f"{state}_old", state, 91)

    assert retention.purge() == 2
    assert retention.purge() == 0
    assert set(WebhookEvent.objects.filter(id__endswith="_old").values_list("state", flat=True)) == {
        InboxState.RECEIVED,
        InboxState.FAILED,
    }
    assert WebhookEvent.objects.filter(id__endswith="_young").count() == len(InboxState)


def test_finished_writes_and_quotes_go_after_four_hundred_days() -> None:
    tenant = TenantFactory()
    now = timezone.now()
    with operator_scope():
        for days in (399, 401):
            at = now - timedelta(days=days)
            StripeWrite.objects.create(
                tenant=tenant,
                operation=Operation.INVOICE_PAY,
                content=str(days),
                state=WriteState.DONE,
                created_at=at,
                finished_at=at,
            )
            Quote.objects.create(
                tenant=tenant,
                state=QuoteState.ACCEPTED,
                plan=Plan.BUSINESS,
                interval=Interval.MONTH,
                seats=days,
                currency="eur",
                total_minor=1,
                due_minor=1,
                monthly_minor=1,
                created_at=at,
            )
        StripeWrite.objects.create(
            tenant=tenant, operation=Operation.INVOICE_PAY, content="pending", created_at=now - timedelta(days=401)
        )

    assert retention.purge() == 2
    with operator_scope():
        assert sorted(StripeWrite.objects.values_list("content", flat=True)) == ["399", "pending"]
        assert list(Quote.objects.values_list("seats", flat=True)) == [399]


def test_many_go_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_STEP", 2)
    for number in range(5):
        _event(str(number), InboxState.DONE, 100)

    assert retention.purge() == 5


def test_each_step_is_a_transaction_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first row would stay locked until the last one is gone."""
    tenant, at, opened = TenantFactory(), timezone.now() - timedelta(days=401), []
    with operator_scope():
        for number in range(5):
            StripeWrite.objects.create(
                tenant=tenant,
                operation=Operation.INVOICE_PAY,
                content=str(number),
                state=WriteState.DONE,
                created_at=at,
                finished_at=at,
            )

    @contextmanager
    def counted() -> Iterator[None]:
        with operator_scope():
            before = StripeWrite.objects.count()
            yield
            opened.append(before - StripeWrite.objects.count())

    monkeypatch.setattr(retention, "_STEP", 2)
    monkeypatch.setattr(retention, "operator_scope", counted)
    assert retention.purge() == 5
    assert [gone for gone in opened if gone] == [2, 2, 1]
