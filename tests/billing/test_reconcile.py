"""What webhooks did not bring is found by asking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing import applying, inbox, projection, reconcile, sync
from billing.enums import DriftState, InboxState
from billing.errors import StripeAway
from billing.models import BillingAccount, BillingWatch, DriftReport, WebhookEvent
from billing.snapshot import Snapshot
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(stripe: CheckedStripe) -> Tenant:
    made: Tenant = TenantFactory()
    ready_to_pay(stripe, made)
    return made


def _customer(tenant: Tenant) -> str:
    with operator_scope():
        return str(BillingAccount.objects.for_tenant(tenant).get().customer_id)


def test_events_that_never_came_are_found_and_applied(stripe: CheckedStripe, tenant: Tenant) -> None:
    call(stripe, "POST", f"customers/{_customer(tenant)}", name="Renamed elsewhere")
    listed = call(stripe, "GET", "events", limit=100)["data"]
    inbox.receive(json.dumps(listed[1]).encode())
    lost = reconcile.find_lost_events()
    assert lost == len(listed) - 1
    assert reconcile.find_lost_events() == 0
    applying.drain()
    with operator_scope():
        assert BillingAccount.objects.for_tenant(tenant).get().company == "Renamed elsewhere"
    found = WebhookEvent.objects.get(pk=listed[0]["id"])
    assert (found.is_found_by_us, found.deliveries, found.state) == (True, 0, InboxState.DONE)
    came = WebhookEvent.objects.get(pk=listed[1]["id"])
    assert (came.is_found_by_us, came.deliveries) == (False, 1)


def test_a_search_that_fails_is_noted_and_begins_where_it_did(stripe: CheckedStripe, tenant: Tenant) -> None:
    reconcile.find_lost_events()
    before = BillingWatch.objects.get()
    stripe.control(action="down")
    with pytest.raises(StripeAway):
        reconcile.find_lost_events()
    stripe.control(action="normal")
    after = BillingWatch.objects.get()
    assert after.events_seen_until == before.events_seen_until
    assert (before.problem, after.problem[:19]) == ("", "The payment service")


def test_stripe_away_leaves_events_waiting_and_they_are_tried_again(stripe: CheckedStripe, tenant: Tenant) -> None:
    call(stripe, "POST", f"customers/{_customer(tenant)}", name="Renamed elsewhere")
    event = call(stripe, "GET", "events", limit=1)["data"][0]
    inbox.receive(json.dumps(event).encode())
    stripe.control(action="down")
    drained = applying.drain()
    stripe.control(action="normal")
    assert (drained.applied, drained.is_stripe_away) == (0, True)
    row = WebhookEvent.objects.get(pk=event["id"])
    assert (row.state, row.attempts, row.next_try_at is not None) == (InboxState.RECEIVED, 1, True)
    WebhookEvent.objects.update(next_try_at=None)
    assert applying.drain().applied == 1
    with operator_scope():
        assert BillingAccount.objects.for_tenant(tenant).get().company == "Renamed elsewhere"


def test_a_customer_whose_tenant_was_forgotten_is_found_by_its_own_word(stripe: CheckedStripe, tenant: Tenant) -> None:
    customer = _customer(tenant)
    with operator_scope():
        BillingAccount.objects.for_tenant(tenant).delete()
    synced = sync.customer(customer)
    assert synced is not None
    assert (synced.tenant, synced.account.card_last4) == (tenant, "4242")


def test_a_second_customer_of_a_tenant_is_not_taken_for_the_first(stripe: CheckedStripe, tenant: Tenant) -> None:
    first = _customer(tenant)
    second = call(stripe, "POST", "customers", name="Twin", metadata={sync.SUBSCRIBER_KEY: str(tenant.pk)})["id"]
    assert sync.customer(second) is None
    assert _customer(tenant) == first


@pytest.mark.parametrize("named", ["", "not-a-tenant", "00000000-0000-0000-0000-000000000000"])
def test_a_customer_of_nobody_here_is_ignored(stripe: CheckedStripe, named: str) -> None:
    stranger = call(stripe, "POST", "customers", name="Stranger", metadata={sync.SUBSCRIBER_KEY: named or "x"})["id"]
    assert sync.customer(stranger) is None
    event = call(stripe, "GET", "events", limit=1)["data"][0]
    inbox.receive(json.dumps(event).encode())
    applying.drain()
    assert WebhookEvent.objects.get(pk=event["id"]).state == InboxState.IGNORED


def test_a_deleted_customer_takes_card_and_subscription_along(stripe: CheckedStripe, tenant: Tenant) -> None:
    customer = _customer(tenant)
    call(stripe, "DELETE", f"customers/{customer}")
    sync.customer(customer)
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).get()
    assert (account.customer_id, account.has_card, account.has_subscription) == (None, False, False)


def test_after_a_customer_was_deleted_another_is_made(stripe: CheckedStripe, tenant: Tenant) -> None:
    customer = _customer(tenant)
    call(stripe, "DELETE", f"customers/{customer}")
    sync.customer(customer)
    ready_to_pay(stripe, tenant)
    assert _customer(tenant) != customer
    with operator_scope():
        assert BillingAccount.objects.for_tenant(tenant).get().card_last4 == "4242"


def test_a_tenant_that_cannot_be_compared_holds_up_no_other(
    stripe: CheckedStripe, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Tenant = TenantFactory()
    ready_to_pay(stripe, other)
    broken, account_fields = _customer(tenant), projection.account_fields

    def fail(snapshot: Snapshot, *, at: int) -> dict[str, Any]:
        if snapshot.customer_id == broken:
            raise KeyError("items")
        return account_fields(snapshot, at=at)

    monkeypatch.setattr(projection, "account_fields", fail)
    assert reconcile.compare_oldest(5) == 2
    with operator_scope():
        found = {report.tenant_id: (report.state, report.problem) for report in DriftReport.objects.all()}
    assert found == {tenant.pk: (DriftState.UNKNOWN, "KeyError"), other.pk: (DriftState.SAME, "")}


def test_those_compared_longest_ago_come_first_and_an_outage_ends_the_round(
    stripe: CheckedStripe, tenant: Tenant
) -> None:
    other: Tenant = TenantFactory()
    ready_to_pay(stripe, other)
    assert reconcile.compare_oldest(1) == 1
    assert reconcile.compare_oldest(1) == 1
    with operator_scope():
        assert DriftReport.objects.filter(state=DriftState.SAME).count() == 2
    stripe.control(action="down")
    done = reconcile.compare_oldest(5)
    stripe.control(action="normal")
    assert done == 1
    with operator_scope():
        assert DriftReport.objects.filter(state=DriftState.UNKNOWN).count() == 1


def test_what_was_healed_stands_in_the_tenants_log(stripe: CheckedStripe, tenant: Tenant) -> None:
    call(stripe, "POST", f"customers/{_customer(tenant)}", email="other@acme.test")
    reconcile.compare(tenant)
    with operator_scope():
        event = AuditEvent.objects.for_tenant(tenant).get(action="billing:mirror:heal")
    expected = {"field": "account email", "before": "billing@acme.test", "after": "other@acme.test"}
    assert event.changes == [expected]
