"""Webhooks leave the stand-in signed as Stripe's do, until they are taken, and misbehave on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import stripe

from devstack.payments import events
from devstack.payments.deliveries import USER_AGENT, Deliveries
from devstack.payments.service import Service
from devstack.payments.store import Store
from devstack.payments.webhooks import Seeded
from tests.contract.checked_stripe import CheckedStripe
from tests.contract.payments_server import Payments, own_database


@dataclass
class Site:
    """What the endpoint was sent, and the statuses that it answers, the last one from then on."""

    statuses: list[int] = field(default_factory=lambda: [200])
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def send(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.sent.append((url, headers, body))
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        if status == 0:
            raise TimeoutError
        return status

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, _, body in self.sent]


@pytest.fixture
def site(payments: Payments) -> Iterator[Site]:
    standin, site = payments.standin, Site()
    was = standin.deliveries.send
    standin.deliveries.send = standin.send_checked(site.send)
    yield site
    standin.deliveries.send = was


def _made(payments: Payments, count: int = 1) -> CheckedStripe:
    for number in range(count):
        payments.stripe.v1.customers.create({"name": f"Acme {number}"})
    return payments.standin


def test_delivery_is_signed_and_taken_once(payments: Payments, site: Site) -> None:
    standin = _made(payments)
    event = payments.stripe.v1.events.list().data[0]
    assert event.pending_webhooks == 1
    assert standin.deliveries.run_once() == 1
    url, headers, body = site.sent[0]
    assert (url, headers["User-Agent"]) == ("http://127.0.0.1:9/stripe/webhook/", USER_AGENT)
    read = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], standin.webhook_secret)
    assert (read.id, read.type) == (event.id, "customer.created")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", headers["Stripe-Signature"], standin.webhook_secret)
    assert standin.deliveries.run_once() == 0
    assert payments.stripe.v1.events.retrieve(event.id).pending_webhooks == 0


def test_refused_delivery_comes_again_later(payments: Payments, site: Site) -> None:
    standin = _made(payments)
    standin.control(action="webhooks", retry_seconds=60)
    site.statuses = [500, 0, 302, 204]
    assert [standin.deliveries.run_once() for _ in range(2)] == [0, 0]
    assert len(site.sent) == 1, "the second attempt is not due yet"
    assert [standin.deliveries.run_once(is_patient=False) for _ in range(3)] == [0, 0, 1]
    assert len(site.sent) == 4
    assert standin.deliveries.pending() == []


def test_both_secrets_sign_while_one_is_rotated(payments: Payments, site: Site) -> None:
    standin = _made(payments)
    standin.control(action="webhooks", rotate_secret="whsec_new")
    standin.deliveries.run_once()
    _, headers, body = site.sent[0]
    assert headers["Stripe-Signature"].count("v1=") == 2
    for secret in ("whsec_new", standin.webhook_secret):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
    standin.control(action="webhooks", end_rotation=True)
    _made(payments).deliveries.run_once()
    assert site.sent[1][1]["Stripe-Signature"].count("v1=") == 1


def test_misfortune_is_drawn_from_a_seed(payments: Payments, site: Site) -> None:
    standin = _made(payments, 20)
    standin.control(action="webhooks", lose=0.5, seed=1)
    taken = standin.deliveries.run_once()
    assert 0 < taken < 20
    assert (len(site.sent), standin.deliveries.pending()) == (taken, [])
    standin.control(action="webhooks", lose=0, double=1)
    site.sent.clear()
    _made(payments, 2).deliveries.run_once()
    bodies = [body for _, _, body in site.sent]
    assert (len(bodies), len(set(bodies))) == (4, 2)
    standin.control(action="webhooks", double=0, shuffle=True)
    site.sent.clear()
    _made(payments, 12).deliveries.run_once()
    names = [json.loads(body)["data"]["object"]["name"] for _, _, body in site.sent]
    assert sorted(names) == sorted(f"Acme {number}" for number in range(12))
    assert names != [f"Acme {number}" for number in range(12)]
    standin.control(action="webhooks", pause=True)
    assert _made(payments).deliveries.run_once() == 0
    assert standin.control(action="webhooks", pause=False)["pending"] == 1


def test_missed_deliveries_are_found_among_the_events(payments: Payments, site: Site) -> None:
    standin, client = _made(payments), payments.stripe.v1.events
    standin.deliveries.run_once()
    standin.control(action="webhooks", lose=1)
    _made(payments, 2).deliveries.run_once()
    missed = client.list({"delivery_success": False}).data
    assert [(each.type, each.pending_webhooks) for each in missed] == [("customer.created", 1)] * 2
    assert [each.pending_webhooks for each in client.list({"delivery_success": True}).data] == [0]
    newest = client.list({"delivery_success": False, "limit": 1})
    assert ([each.id for each in newest.data], newest.has_more) == ([missed[0].id], True)


def test_endpoints_take_what_they_asked_for(payments: Payments, site: Site) -> None:
    client = payments.stripe.v1.webhook_endpoints
    made = client.create({"url": "http://127.0.0.1:9/other/", "enabled_events": ["product.created"]})
    assert (made.secret or "").startswith("whsec_")
    assert client.retrieve(made.id).to_dict().get("secret") is None
    assert [each.url for each in client.list().data] == [
        "http://127.0.0.1:9/other/",
        "http://127.0.0.1:9/stripe/webhook/",
    ]
    payments.stripe.v1.products.create({"name": "Archive"})
    _made(payments).deliveries.run_once()
    ours = [url for url, _, _ in site.sent if url.endswith("/other/")]
    assert (len(site.sent), len(ours)) == (3, 1)
    client.update(made.id, {"disabled": True})
    payments.stripe.v1.products.create({"name": "Archive"})
    payments.standin.deliveries.run_once()
    assert len(site.sent) == 4
    client.delete(made.id)
    assert len(client.list().data) == 1


def test_nothing_is_lost_on_a_restart() -> None:
    with own_database() as url:
        first = Store(url)
        site = Site()
        Service(first, secret_key="sk_test_x", webhook=Seeded("http://127.0.0.1:9/", ("whsec_a",)))
        with first.transaction() as shelf:
            events.emit(shelf, "customer.created", {"id": "cus_1", "object": "customer"})
        first.close()
        second = Store(url)
        assert Deliveries(second, send=site.send).run_once() == 1
        second.close()
        assert site.types == ["customer.created"]
