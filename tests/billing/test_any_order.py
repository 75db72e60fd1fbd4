"""Whatever webhooks do on their way, Dezky ends where Stripe is.

A scenario is lived once at Stripe, and Stripe's state is kept after each step. Then, case by case, a Dezky that
knows nothing lives through it again: Stripe moves on step by step, and the events of all steps so far arrive in
any order, twice, late or never, and are applied whenever the worker happens to run. Where nothing was lost
Dezky has to be right at once; where something was, after one reconciliation (W2, W3).
`bin/dezky prove webhooks` runs 1,000 cases, `bin/dezky test` 20.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from psycopg.types.json import Jsonb

from billing import applying, effects, inbox, reconcile, snapshot, sync
from billing.enums import NoticeKind
from billing.models import BillingAccount, BillingNotice, Invoice, WebhookEvent
from tenants.enums import AuditAction
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import call
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory

pytestmark = [pytest.mark.proof, pytest.mark.django_db]

_PARTS = 10 if os.environ.get("DEZKY_PROVE") == "full" else 1
_CASES = 100 if _PARTS > 1 else 20  # of each part
_DAY = 86_400


@dataclass
class Scenario:
    """Stripe after each step: its rows, and the events that the step brought."""

    tenant: Tenant
    customer: str
    rows: list[list[tuple[Any, ...]]] = field(default_factory=list)
    events: list[list[dict[str, Any]]] = field(default_factory=list)


class _Life:
    """Lives the scenario at Stripe, as somebody with its dashboard would."""

    def __init__(self, stripe: CheckedStripe, tenant: Tenant) -> None:
        self._stripe = stripe
        self._customer = self._post(
            "customers",
            name=tenant.name,
            email="billing@acme.test",
            address={"country": "DK"},
            metadata={sync.SUBSCRIBER_KEY: str(tenant.pk)},
        )["id"]
        self.scenario = Scenario(tenant, self._customer)
        self._seen: set[str] = set()

    def live(self) -> Scenario:
        self._card("pm_card_visa")
        self._keep()
        subscription = self._post(
            "subscriptions",
            customer=self._customer,
            items=[{"price": "price_DezkyBusiness", "quantity": 10}],
            automatic_tax={"enabled": True},
        )
        self._keep()
        item = subscription["items"]["data"][0]["id"]
        for seats in (14, 12):
            self._stripe.control(action="clock", advance_seconds=3 * _DAY)
            self._post(
                f"subscriptions/{subscription['id']}",
                items=[{"id": item, "quantity": seats}],
                proration_behavior="always_invoice",
            )
            self._keep()
        self._card("pm_card_chargeCustomerFail")
        self._stripe.control(action="clock", advance_seconds=26 * _DAY)
        self._keep()
        self._card("pm_card_mastercard")
        unpaid = call(self._stripe, "GET", "invoices", customer=self._customer, status="open")["data"]
        self._post(f"invoices/{unpaid[0]['id']}/pay")
        self._keep()
        for is_cancelling in (True, False):
            self._post(f"subscriptions/{subscription['id']}", cancel_at_period_end=is_cancelling)
            self._keep()
        paid = call(self._stripe, "GET", "charges", customer=self._customer)["data"]
        self._post("refunds", charge=next(each for each in paid if each["paid"])["id"], amount=700)
        self._keep()
        self._stripe.control(action="clock", advance_seconds=30 * _DAY)
        self._keep()
        return self.scenario

    def _card(self, token: str) -> None:
        intent = self._post("setup_intents", customer=self._customer, payment_method=token, confirm=True)
        assert intent["status"] == "succeeded", intent
        settings = {"default_payment_method": intent["payment_method"]}
        self._post(f"customers/{self._customer}", invoice_settings=settings)

    def _post(self, path: str, **params: Any) -> dict[str, Any]:
        answer = call(self._stripe, "POST", path, **params)
        assert "error" not in answer, answer
        return answer

    def _keep(self) -> None:
        with self._stripe.service.store.transaction() as shelf:
            rows = shelf.connection.execute(
                "SELECT id, kind, position, content FROM payments_standin.objects ORDER BY position"
            ).fetchall()
        events = [row[3] for row in rows if row[1] == "event" and row[0] not in self._seen]
        self._seen |= {each["id"] for each in events}
        self.scenario.rows.append(rows)
        self.scenario.events.append(events)


def _put_back(stripe: CheckedStripe, scenario: Scenario, step: int, *, is_next: bool = False) -> None:
    """Have Stripe be as it was after a step; from the step before it, only what changed has to be written."""
    before = {row[0]: row for row in scenario.rows[step - 1]} if is_next and step else {}
    changed = [row for row in scenario.rows[step] if before.get(row[0]) != row]
    gone = before.keys() - {row[0] for row in scenario.rows[step]}
    with stripe.service.store.transaction() as shelf, shelf.connection.cursor() as cursor:
        if before:
            cursor.execute("DELETE FROM payments_standin.objects WHERE id = ANY(%s)", [list(gone)])
        else:
            cursor.execute("DELETE FROM payments_standin.objects")
        cursor.executemany(
            "INSERT INTO payments_standin.objects (id, kind, position, content)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            [(*row[:3], Jsonb(row[3])) for row in changed],
        )


@dataclass(frozen=True)
class State:
    """What has to agree: the subscription, and each invoice's status, total, paid and refunded."""

    subscription: tuple[Any, ...]
    invoices: dict[str, tuple[Any, ...]]


def _at_stripe(stripe: CheckedStripe, customer: str) -> State:
    """Read Stripe's own state by its API alone, not by anything of the product."""
    asked = call(stripe, "GET", f"customers/{customer}", expand=["invoice_settings.default_payment_method"])
    card = asked["invoice_settings"]["default_payment_method"]["card"]["last4"]
    (subscription,) = call(stripe, "GET", "subscriptions", customer=customer, status="all")["data"]
    item = subscription["items"]["data"][0]
    invoices = call(stripe, "GET", "invoices", customer=customer, limit=100, expand=["data.payments"])["data"]
    refunds = {
        each["payment_intent"]: each["amount_refunded"]
        for each in call(stripe, "GET", "charges", customer=customer, limit=100)["data"]
        if each["paid"]
    }

    def refunded(invoice: dict[str, Any]) -> int:
        intents = {each["payment"]["payment_intent"] for each in invoice["payments"]["data"]}
        return sum(refunds.get(intent, 0) for intent in intents)

    return State(
        (
            subscription["status"],
            item["quantity"],
            item["price"]["unit_amount"] * item["quantity"],
            subscription["cancel_at_period_end"],
            item["current_period_end"],
            card,
            asked["balance"],
        ),
        {each["number"]: (each["status"], each["total"], each["amount_paid"], refunded(each)) for each in invoices},
    )


def _at_dezky(tenant: Tenant) -> State:
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).get()
        rows = list(Invoice.objects.for_tenant(tenant))
    return State(
        (
            account.status,
            account.seats,
            account.monthly_minor,
            account.is_cancelling,
            int(account.renews_at.timestamp()) if account.renews_at else None,
            account.card_last4,
            account.balance_minor,
        ),
        {row.number: (row.status, row.total_minor, row.amount_paid_minor, row.refunded_minor) for row in rows},
    )


def _live_through(stripe: CheckedStripe, scenario: Scenario, chance: random.Random, loss: float) -> None:
    """Move Stripe on and let its events arrive, in an order that chance makes."""
    step = 0
    under_way: list[dict[str, Any]] = []
    while step < len(scenario.rows) or under_way:
        if step < len(scenario.rows) and (not under_way or chance.random() < 0.2):
            _put_back(stripe, scenario, step, is_next=True)
            for event in scenario.events[step]:
                copies = 0 if chance.random() < loss else chance.choice((1, 1, 1, 2, 3))
                under_way += [event] * copies
            step += 1
            continue
        event = under_way.pop(chance.randrange(len(under_way)))
        inbox.receive(json.dumps(event).encode())
        if chance.random() < 0.06:
            applying.drain()
    applying.drain()


def _effects_are_single(tenant: Tenant, expected: State) -> bool:
    """Return whether each paid invoice was told once, in the log and by a promised mail."""
    paid = sorted(number for number, (status, _, amount, _) in expected.invoices.items() if status == "paid" and amount)
    with operator_scope():
        logged = AuditEvent.objects.for_tenant(tenant).filter(action=AuditAction.INVOICE_PAID)
        promised = BillingNotice.objects.for_tenant(tenant).filter(kind=NoticeKind.RECEIPT)
        return sorted(logged.values_list("object_label", flat=True)) == paid and promised.count() == len(paid)


def _differences(stripe: CheckedStripe, scenario: Scenario, cases: range) -> list[str]:
    """Run cases and return what was not as it should be."""
    _put_back(stripe, scenario, len(scenario.rows) - 1)
    expected = _at_stripe(stripe, scenario.customer)
    found = []
    for case in cases:
        chance = random.Random(case)
        loss = chance.choice((0.0, 0.0, 0.1, 0.5, 0.95))
        with transaction.atomic():
            _live_through(stripe, scenario, chance, loss)
            if not loss and _at_dezky(scenario.tenant) != expected:
                found.append(f"case {case}: not right by webhooks alone")
            reconcile.find_lost_events()
            applying.drain()
            sync.customer(scenario.customer, sync.Wanted(is_whole=True))
            if _at_dezky(scenario.tenant) != expected:
                found.append(f"case {case}: not right after a reconciliation")
            if not _effects_are_single(scenario.tenant, expected):
                found.append(f"case {case}: an effect was lost or doubled")
            if WebhookEvent.objects.waiting().exists():
                found.append(f"case {case}: events still wait")
            transaction.set_rollback(True)
    return found


@pytest.fixture
def scenario(stripe: CheckedStripe) -> Scenario:
    tenant: Tenant = TenantFactory()
    lived = _Life(stripe, tenant).live()
    assert len(lived.rows) == 10
    assert sum(len(each) for each in lived.events) > 40
    return lived


@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(_PARTS))
def test_any_order_doubling_and_loss_ends_where_stripe_is(stripe: CheckedStripe, scenario: Scenario, part: int) -> None:
    expected = _at_stripe(stripe, scenario.customer)
    assert expected.subscription[:4] == ("active", 12, 12 * 1700, False)
    assert len(expected.invoices) >= 5
    assert sum(refunded for *_, refunded in expected.invoices.values()) == 700
    assert _differences(stripe, scenario, range(part * _CASES, (part + 1) * _CASES)) == []


@contextmanager
def _broken(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, instead: Callable[..., Any]) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(module, name, instead)
        yield


def _stale(take: Callable[..., snapshot.Snapshot]) -> Callable[..., snapshot.Snapshot]:
    """Answer three times with what was found the first time, as if an event's own content were believed."""
    kept: list[snapshot.Snapshot] = []

    def answer(customer_id: str, **named: Any) -> snapshot.Snapshot:
        if not kept:
            kept.extend([take(customer_id, **named)] * 3)
        return kept.pop()

    return answer


@pytest.mark.parametrize(
    ("module", "name", "make"),
    [
        (snapshot, "take", lambda: _stale(snapshot.take)),
        (sync, "_project_refunds", lambda: lambda _owner, _refunded: []),
        (effects, "of_invoice", lambda: lambda **_named: None),
        (sync, "_project_invoices", lambda: lambda _owner, _invoices, _now: []),
    ],
    ids=["believes the first answer", "forgets refunds", "tells nobody", "forgets invoices"],
)
def test_the_proof_sees_a_product_that_is_wrong(
    stripe: CheckedStripe,
    scenario: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    make: Callable[[], Callable[..., Any]],
) -> None:
    with _broken(monkeypatch, module, name, make()):
        assert _differences(stripe, scenario, range(8)) != []
