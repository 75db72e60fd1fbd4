"""Billing in the states that a demo is seldom in, in every look; `DEZKY_PICTURES` keeps the pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.test_pictures import take
from tests.e2e.till import Till
from tests.e2e.watch import Watched

_SOON = datetime.now(UTC) + timedelta(days=6)
_EVENT = """
    INSERT INTO billing_webhookevent (id, type, api_version, object_id, customer_id, created_at, received_at,
        deliveries, state, is_flagged, is_found_by_us, tenant_slug, attempts, problem)
    VALUES (%s, 'customer.subscription.updated', '2020-08-27', 'sub_1', 'cus_1', now(), now(),
        3, %s, %s, %s, %s, 8, %s)"""
_STATES: dict[str, tuple[dict[str, Any], str]] = {
    "trial": ({"status": "trialing", "trial_ends_at": _SOON}, "First charge"),
    "unpaid": ({"status": "unpaid"}, "The subscription is unpaid."),
    "ended": ({"status": "canceled", "ended_at": _SOON - timedelta(days=9)}, "Subscribe again"),
    "cancelling": ({"status": "active", "is_cancelling": True}, "Resume"),
    "card-expired": ({"status": "active", "card_exp_month": 1, "card_exp_year": 2024}, "Your card has expired"),
    "vat-refused": ({"status": "active", "vat_number": "DK13585628", "vat_status": "refused"}, "know this number"),
}


@pytest.fixture(scope="module")
def slug() -> str:
    """Return a name that no other run of this has used."""
    return uuid4().hex[:8]


@pytest.fixture
def till(open_page: Open) -> Till:
    """Give the till of a workspace that never speaks with Stripe: nothing puts right what is set."""
    till = Till(open_page())
    till.give_details()
    till.set(
        customer_id=f"cus_{till.slug}",
        plan="business",
        interval="month",
        seats=10,
        monthly_minor=17_000,
        price_id="price_DezkyBusiness",
        subscription_id=f"sub_{till.slug}",
        renews_at=_SOON,
        payment_method_id="pm_1",
        card_brand="visa",
        card_last4="4242",
        card_exp_month=12,
        card_exp_year=2034,
    )
    return till


@pytest.mark.parametrize("name", _STATES)
def test_a_state_of_the_subscription_in_every_look(till: Till, pictures: Path, name: str) -> None:
    values, words = _STATES[name]
    till.set(**values)
    till.open()
    expect(till.page.get_by_role("main").get_by_text(words).or_(till.page.get_by_text(words)).first).to_be_visible()
    take(till.watched, f"subscription-{name}", pictures)


def test_the_operator_sees_webhooks_of_every_kind(watched: Watched, pictures: Path, slug: str) -> None:
    kinds = [
        ("done", False, False, "acme", ""),
        ("done", False, True, "acme", ""),
        ("ignored", True, False, "", ""),
        ("failed", False, False, "acme", "Stripe does not answer"),
    ]
    ids = [f"evt_{slug}_{number}" for number in range(len(kinds))]
    for id_, (state, is_flagged, is_found, tenant, problem) in zip(ids, kinds, strict=True):
        assert watched.stack.change(_EVENT, id_, state, is_flagged, is_found, tenant, problem) == 1
    try:
        watched.sign_in("operator@dezky.test", "/operator/webhooks/?q=customer.subscription.updated")
        rows = watched.page.get_by_role("table").get_by_role("row")
        for id_ in ids:
            expect(rows.filter(has_text=id_)).to_be_visible()
        expect(watched.page.get_by_text("The inbox needs attention")).to_be_visible()
        take(watched, "operator-webhooks-rows", pictures)
    finally:
        watched.stack.change("DELETE FROM billing_webhookevent WHERE id = ANY(%s)", ids)
