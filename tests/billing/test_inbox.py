"""The inbox when Stripe is away, when others are at work, and when there is more than a job should do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import applying, inbox, notices, projection, sync
from billing.enums import InboxState, NoticeKind
from billing.errors import Busy
from billing.mails import send_notice
from billing.models import BillingAccount, BillingNotice, WebhookEvent
from billing.querysets import MAX_ATTEMPTS
from billing.snapshot import Snapshot
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


def _customer(stripe: CheckedStripe) -> str:
    """Make a tenant and its customer, and have the news of it arrive; return the customer."""
    tenant: Tenant = TenantFactory()
    made = call(stripe, "POST", "customers", name=tenant.name, metadata={sync.SUBSCRIBER_KEY: str(tenant.pk)})
    for event in call(stripe, "GET", "events", limit=1)["data"]:
        inbox.receive(json.dumps(event).encode())
    return str(made["id"])


def _drains() -> Any:
    return ProcrastinateJob.objects.filter(queueing_lock=inbox.DRAIN, status="todo")


def test_however_long_stripe_is_away_no_event_is_given_up(stripe: CheckedStripe) -> None:
    _customer(stripe)
    stripe.control(action="down")
    for _ in range(MAX_ATTEMPTS + 3):
        WebhookEvent.objects.update(next_try_at=None)
        assert applying.drain().is_stripe_away
    stripe.control(action="normal")
    event = WebhookEvent.objects.get()
    assert event.state == InboxState.RECEIVED
    assert event.next_try_at is not None
    assert event.next_try_at <= timezone.now() + timedelta(minutes=5)

    WebhookEvent.objects.update(next_try_at=None)
    assert applying.drain().applied == 1


def test_a_customer_that_does_not_fit_holds_up_no_other(stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the database refuses of one customer, the others have their turn."""
    first, second = _customer(stripe), _customer(stripe)
    account_fields = projection.account_fields

    def too_long(snapshot: Snapshot, *, at: int) -> dict[str, Any]:
        longer = {"card_brand": "x" * 99} if snapshot.customer_id == first else {}
        return {**account_fields(snapshot, at=at), **longer}

    monkeypatch.setattr(projection, "account_fields", too_long)
    assert applying.drain() == applying.Drained(applied=1, failed=1)
    found = dict(WebhookEvent.objects.values_list("customer_id", "state"))
    assert found == {first: InboxState.FAILED, second: InboxState.DONE}


def test_a_name_and_an_address_as_long_as_stripe_allows_are_applied(stripe: CheckedStripe) -> None:
    customer = _customer(stripe)
    call(stripe, "POST", f"customers/{customer}", name="N" * 256, email="a" * 300 + "@acme.test")
    assert applying.drain().applied == 1
    with operator_scope():
        account = BillingAccount.objects.get(customer_id=customer)
    assert (account.company, account.email) == ("N" * 200, "")


def test_a_refund_that_cannot_be_looked_up_holds_up_no_other_event(stripe: CheckedStripe) -> None:
    """Of neither it is said whose it is."""
    for number, (kind, about) in enumerate(
        [
            ("refund.created", {"object": "refund", "id": "re_1", "payment_intent": "pi_unknown"}),
            ("price.updated", {"object": "price", "id": "price_1"}),
        ]
    ):
        event = {"object": "event", "id": f"evt_{number}", "type": kind, "created": 1, "livemode": False}
        inbox.receive(json.dumps({**event, "data": {"object": about}}).encode())
    applying.drain()
    assert dict(WebhookEvent.objects.values_list("id", "state")) == {
        "evt_0": InboxState.FAILED,
        "evt_1": InboxState.DONE,
    }


def test_an_outage_orders_the_next_look_by_itself(stripe: CheckedStripe) -> None:
    _customer(stripe)
    with connection.cursor() as cursor:  # as when a worker has taken it
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE queueing_lock = %s", [inbox.DRAIN])
    stripe.control(action="down")
    applying.drain()
    stripe.control(action="normal")
    (ordered,) = _drains()
    assert 0 < (ordered.scheduled_at - timezone.now()).total_seconds() <= 2


def test_what_does_not_fit_into_the_time_is_ordered_anew(stripe: CheckedStripe) -> None:
    for _ in range(3):
        _customer(stripe)

    assert applying.drain(budget_seconds=0).applied == 0
    assert (_drains().count(), WebhookEvent.objects.waiting().count()) == (1, 3)
    assert applying.drain().applied == 3


def test_a_customer_whom_somebody_else_changes_holds_up_no_other(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    contended, free = _customer(stripe), _customer(stripe)
    original = sync.customer

    def customer(customer_id: str, wanted: sync.Wanted) -> sync.Synced | None:
        if customer_id == contended:
            raise Busy
        return original(customer_id, wanted)

    monkeypatch.setattr(sync, "customer", customer)
    drained = applying.drain()

    assert (drained.applied, drained.is_stripe_away) == (1, False)
    states = dict(WebhookEvent.objects.values_list("customer_id", "state"))
    assert states == {contended: InboxState.RECEIVED, free: InboxState.DONE}


def test_what_another_drain_has_applied_is_left_alone(stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drains read the same batch; the other one is through with it when this one begins."""
    _customer(stripe)
    split = applying._by_customer

    def late(batch: list[WebhookEvent]) -> Any:
        WebhookEvent.objects.update(state=InboxState.DONE)
        return split(batch)

    monkeypatch.setattr(applying, "_by_customer", late)
    stripe.requests.clear()
    assert applying.drain().applied == 0
    assert stripe.requests == []


@pytest.fixture
def unsent() -> BillingNotice:
    """Return the promise of a mail, made a quarter of an hour ago, without a job."""
    tenant: Tenant = TenantFactory()
    with operator_scope():
        BillingAccount.objects.create(tenant=tenant, email="billing@acme.test")
        return BillingNotice.objects.create(
            tenant=tenant,
            kind=NoticeKind.RECEIPT,
            subject="in_1",
            created_at=timezone.now() - timedelta(minutes=15),
        )


def test_a_mail_without_a_job_is_found_once(unsent: BillingNotice) -> None:
    assert notices.send_forgotten() == 1
    assert notices.send_forgotten() == 0
    job = ProcrastinateJob.objects.get(task_name=send_notice.name)
    assert (job.status, job.args) == ("todo", {"notice_id": str(unsent.pk)})


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(days=4)])
def test_a_young_or_very_old_promise_is_left_alone(unsent: BillingNotice, age: timedelta) -> None:
    with operator_scope():
        BillingNotice.objects.filter(pk=unsent.pk).update(created_at=timezone.now() - age)

    assert notices.send_forgotten() == 0


def test_a_sent_mail_is_not_forgotten(unsent: BillingNotice) -> None:
    with operator_scope():
        BillingNotice.objects.filter(pk=unsent.pk).update(sent_at=timezone.now())

    assert notices.send_forgotten() == 0
