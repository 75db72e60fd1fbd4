"""A write to Stripe is done once, whatever is lost and whoever dies on the way (P1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from billing import sync, writes
from billing.enums import Interval, Operation, QuoteState, WriteState
from billing.errors import Busy, Moved, StripeAway
from billing.gateway import writes as gateway_writes
from billing.models import BillingAccount, Quote, StripeWrite
from billing.services import cards, customers, quotes, subscriptions
from tenants.audit import SYSTEM, Actor
from tenants.enums import ActorType, MembershipRole, Plan
from tenants.models import AuditEvent, Membership, Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import MembershipFactory, TenantFactory

CREATE = "POST /v1/subscriptions"


def _prepared(stripe: CheckedStripe, seats: int = 10) -> tuple[Tenant, Quote]:
    sync.catalogue()
    tenant: Tenant = TenantFactory()
    ready_to_pay(stripe, tenant)
    return tenant, quotes.quote_change(
        tenant=tenant, plan=Plan.BUSINESS, interval=Interval.MONTH, seats=seats, by=SYSTEM
    )


def _accept(tenant: Tenant, quote: Quote) -> Quote:
    return subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=SYSTEM)


def _at_stripe(stripe: CheckedStripe, tenant: Tenant) -> tuple[int, int, int]:
    """Return how many subscriptions, invoices and paid charges there are."""
    with operator_scope():
        customer = BillingAccount.objects.for_tenant(tenant).get().customer_id
    found = {
        kind: call(stripe, "GET", kind, customer=customer)["data"] for kind in ("subscriptions", "invoices", "charges")
    }
    return len(found["subscriptions"]), len(found["invoices"]), sum(each["paid"] for each in found["charges"])


@pytest.mark.django_db
@pytest.mark.parametrize("is_after", [False, True], ids=["before it is done", "after it is done"])
@pytest.mark.parametrize("kind", ["down", "status"])
def test_p1_an_answer_that_is_lost_is_asked_for_again(stripe: CheckedStripe, kind: str, is_after: bool) -> None:
    tenant, quote = _prepared(stripe)
    stripe.control(action="faults", paths=[CREATE], kind=kind, code=503, is_after=is_after)
    with pytest.raises(StripeAway, match="Nothing was lost"):
        _accept(tenant, quote)
    with operator_scope():
        pending = StripeWrite.objects.for_tenant(tenant).get(operation=Operation.SUBSCRIPTION_CREATE)
    assert pending.state == WriteState.PENDING
    stripe.control(action="faults", paths=[CREATE], kind="normal")
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)
    with operator_scope():
        pending.refresh_from_db()
        assert StripeWrite.objects.for_tenant(tenant).filter(operation=Operation.SUBSCRIPTION_CREATE).count() == 1
    assert pending.state == WriteState.DONE


@pytest.mark.django_db
def test_p1_a_hiccup_is_got_over_without_anybody_noticing(stripe: CheckedStripe) -> None:
    tenant, quote = _prepared(stripe)
    stripe.control(action="faults", paths=[CREATE], kind="down", times=1, is_after=True)
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


@pytest.mark.django_db
def test_p1_a_process_that_dies_before_it_notes_the_answer_does_nothing_twice(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, quote = _prepared(stripe)

    def die(*_args: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sync, "tenant", die)
        with pytest.raises(KeyboardInterrupt):
            _accept(tenant, quote)
    assert _at_stripe(stripe, tenant) == (1, 1, 1)
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


@pytest.mark.django_db
def test_p1_it_is_accepted_after_the_webhook_was_quicker(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the quote stood on has changed by then, but by the quote itself."""
    tenant, quote = _prepared(stripe)
    stripe.control(action="faults", paths=[CREATE], kind="down", is_after=True)
    with pytest.raises(StripeAway):
        _accept(tenant, quote)
    stripe.control(action="faults", paths=[CREATE], kind="normal")
    with operator_scope():
        customer = BillingAccount.objects.for_tenant(tenant).get().customer_id
    sync.customer(str(customer))
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


@pytest.mark.django_db
def test_p1_a_key_is_given_up_once_stripe_has_forgotten_it(stripe: CheckedStripe) -> None:
    tenant: Tenant = TenantFactory()
    keys: list[str] = []

    def answer(key: str) -> dict[str, Any]:
        keys.append(key)
        raise StripeAway

    def send() -> None:
        with pytest.raises(StripeAway):
            writes.send(tenant=tenant, operation=Operation.CARD_SETUP, content={"a": 1}, call=answer)

    send()
    send()
    with operator_scope():
        row = StripeWrite.objects.for_tenant(tenant).get()
        row.created_at = row.created_at.replace(year=row.created_at.year - 1)
        row.save()
    send()
    assert (keys[0] == keys[1], keys[1] == keys[2]) == (True, False)
    with operator_scope():
        states = StripeWrite.objects.for_tenant(tenant).order_by("created_at").values_list("state", flat=True)
        assert list(states) == [WriteState.LOST, WriteState.PENDING]


@pytest.mark.django_db
def test_a_key_under_which_stripe_repeats_its_own_failure_is_given_up(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, quote = _prepared(stripe)
    with operator_scope():
        before = StripeWrite.objects.for_tenant(tenant).count()
    monkeypatch.setattr(writes, "is_replayed_failure", lambda _outage: True)
    stripe.control(action="faults", paths=[CREATE], kind="status", code=500)
    with pytest.raises(StripeAway):
        _accept(tenant, quote)
    stripe.control(action="faults", paths=[CREATE], kind="normal")
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    with operator_scope():
        assert StripeWrite.objects.for_tenant(tenant).count() == before + 2


def _at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """Return what `work` gave or raised in so many threads that begin together."""
    barrier, results = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - it is the result
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_p1_two_at_once_accept_one_quote_once(stripe: CheckedStripe, own_database: None) -> None:
    tenant, quote = _prepared(stripe)
    for result in _at_once(2, lambda: _accept(tenant, quote)):
        # The slower one is told to come back where it still finds the first at work.
        assert isinstance(result, StripeAway) or result.state == QuoteState.ACCEPTED, result
    assert _accept(tenant, quote).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


def test_p1_two_quotes_taken_up_at_once_make_one_subscription(stripe: CheckedStripe, own_database: None) -> None:
    tenant, first = _prepared(stripe)
    second = quotes.quote_change(tenant=tenant, plan=Plan.BUSINESS, interval=Interval.MONTH, seats=12, by=SYSTEM)
    waiting = [first, second]
    results = _at_once(2, lambda: _accept(tenant, waiting.pop()))
    assert sum(isinstance(each, Quote) for each in results) == 1
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("is_after", [False, True], ids=["before it is done", "after it is done"])
def test_p1_another_quote_instead_of_one_whose_answer_was_lost_makes_no_second_subscription(
    stripe: CheckedStripe, is_after: bool
) -> None:
    tenant, first = _prepared(stripe)
    stripe.control(action="faults", paths=[CREATE], kind="down", is_after=is_after)
    with pytest.raises(StripeAway):
        _accept(tenant, first)
    stripe.control(action="faults", paths=[CREATE], kind="normal")
    with operator_scope():
        BillingAccount.objects.for_tenant(tenant).update(synced_at=timezone.now())
    second = quotes.quote_change(tenant=tenant, plan=Plan.BUSINESS, interval=Interval.MONTH, seats=12, by=SYSTEM)
    with pytest.raises(Moved if is_after else Busy):
        _accept(tenant, second)
    with operator_scope():
        lost = StripeWrite.objects.for_tenant(tenant).filter(operation=Operation.SUBSCRIPTION_CREATE)
        lost.update(created_at=timezone.now() - timedelta(minutes=1))
    if not is_after:
        assert _accept(tenant, second).state == QuoteState.ACCEPTED
        with pytest.raises(Moved):
            _accept(tenant, first)
    else:
        assert _accept(tenant, first).state == QuoteState.ACCEPTED
    assert _at_stripe(stripe, tenant) == (1, 1, 1)


def test_p1_many_at_once_make_one_customer(stripe: CheckedStripe, own_database: None) -> None:
    tenant: Tenant = TenantFactory()
    results = _at_once(4, lambda: customers.ensure_customer(tenant=tenant, by=SYSTEM))
    assert len({each for each in results if not isinstance(each, StripeAway)}) == 1
    named = [each for each in call(stripe, "GET", "customers", limit=100)["data"] if each["name"] == tenant.name]
    assert len(named) == 1


def test_p1_many_at_once_set_one_card(stripe: CheckedStripe, own_database: None) -> None:
    tenant: Tenant = TenantFactory()
    ready_to_pay(stripe, tenant)
    with operator_scope():
        method = BillingAccount.objects.for_tenant(tenant).get().payment_method_id
    results = _at_once(3, lambda: cards.set_default(tenant=tenant, payment_method=method, by=SYSTEM))
    assert {each.last4 for each in results if not isinstance(each, StripeAway)} == {"4242"}


def _subscribed(stripe: CheckedStripe) -> Tenant:
    tenant, quote = _prepared(stripe)
    _accept(tenant, quote)
    return tenant


@pytest.mark.django_db
def test_a_key_whose_answer_was_lost_is_not_sent_again_after_something_else_was_done(stripe: CheckedStripe) -> None:
    """Stripe would repeat its old answer, and do nothing."""
    tenant, route = _subscribed(stripe), "POST /v1/subscriptions/{}"
    stripe.control(action="faults", paths=[route], kind="down", is_after=True)
    with pytest.raises(StripeAway):
        subscriptions.cancel(tenant=tenant, by=SYSTEM)
    stripe.control(action="faults", paths=[route], kind="normal")
    with operator_scope():
        customer = str(BillingAccount.objects.for_tenant(tenant).get().customer_id)
    sync.customer(customer)
    assert not subscriptions.resume(tenant=tenant, by=SYSTEM).is_cancelling
    assert subscriptions.cancel(tenant=tenant, by=SYSTEM).is_cancelling
    (found,) = call(stripe, "GET", "subscriptions", customer=customer)["data"]
    assert found["cancel_at_period_end"] is True


@pytest.mark.django_db
def test_what_was_done_at_stripe_is_told_even_if_the_right_to_it_went_meanwhile(
    stripe: CheckedStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right is asked for before anything is sent; the money is charged by then, and the log has to say by whom."""
    tenant, quote = _prepared(stripe)
    owner = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER)
    by = Actor(type=ActorType.PERSON, name="Owner", user_id=owner.user_id)
    create = gateway_writes.create_subscription

    def create_and_lose_the_right(params: dict[str, Any], *, key: str) -> Any:
        answer = create(params, key=key)
        with operator_scope():
            Membership.objects.filter(pk=owner.pk).update(role=MembershipRole.MEMBER)
        return answer

    monkeypatch.setattr(gateway_writes, "create_subscription", create_and_lose_the_right)
    assert subscriptions.accept_quote(tenant=tenant, quote_id=quote.pk, by=by).state == QuoteState.ACCEPTED
    with operator_scope():
        event = AuditEvent.objects.for_tenant(tenant).get(action="billing:subscription:start")
    assert event.actor_id == owner.user_id
