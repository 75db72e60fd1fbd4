"""What a firm sees of its customers' billing: their own, for each currency by itself, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from billing.enums import SubscriptionStatus
from billing.models import BillingAccount
from partner import selectors
from partner.enums import StaffRole
from partner.models import Partner
from partner.services import assign_customer
from tenants.scope import operator_scope, partner_scope
from tests.factories import PartnerFactory, PartnerStaffFactory, TenantFactory, make_account
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> Partner:
    """Return a partner with three paying customers of two currencies and one that pays nothing, beside a stranger."""
    made: Partner = PartnerFactory(slug="northwind")
    rows: list[tuple[str, dict[str, Any]]] = [
        ("acme", {"currency": "eur", "monthly_minor": 17_000}),
        ("hooli", {"currency": "usd", "monthly_minor": 5_000, "status": SubscriptionStatus.PAST_DUE}),
        ("thin", {"currency": "eur", "monthly_minor": 900, "card_exp_year": timezone.now().year - 1}),
    ]
    for slug, values in rows:
        make_account(TenantFactory(slug=slug, name=slug.title(), partner=made), **values)
    TenantFactory(slug="free", name="Free", partner=made)
    make_account(TenantFactory(slug="foreign", partner=PartnerFactory()), currency="eur", monthly_minor=99_900)
    return made


def test_sums_never_cross_currencies_or_firms(firm: Partner) -> None:
    staff = PartnerStaffFactory(partner=firm)
    with partner_scope(firm.pk):
        totals = selectors.totals(staff=staff)
        assert BillingAccount.objects.count() == 3
    assert [(each.currency, each.minor) for each in totals.monthly] == [("eur", 17_900), ("usd", 5_000)]
    assert totals.past_due == 1


def test_a_search_as_long_as_a_name_may_be_is_a_search(firm: Partner, sign_in: SignIn) -> None:
    name = "Long " * 30
    TenantFactory(slug="long", name=name.strip(), partner=firm)
    page = sign_in(PartnerStaffFactory(partner=firm).user).get("/partner/", {"q": name}).content.decode()
    assert ('id="customer-long"' in page, 'id="customer-acme"' in page) == (True, False)


def test_an_agent_sees_the_billing_of_assigned_customers_alone(firm: Partner, sign_in: SignIn) -> None:
    agent = PartnerStaffFactory(partner=firm, role=StaffRole.AGENT)
    with operator_scope():
        assign_customer(staff=agent, tenant=BillingAccount.objects.get(currency="usd").tenant)
    with partner_scope(firm.pk):
        totals = selectors.totals(staff=agent)
    assert ([each.minor for each in totals.monthly], totals.past_due) == ([5_000], 1)
    page = sign_in(agent.user).get("/partner/").content.decode()
    assert ("$50.00" in page, "€170.00" in page, "€179.00" in page) == (True, False, False)


def test_the_list_says_who_needs_attention_and_why(firm: Partner, sign_in: SignIn) -> None:
    browser = sign_in(PartnerStaffFactory(partner=firm).user)
    page = browser.get("/partner/").content.decode()
    assert ("€179.00" in page, "$50.00" in page) == (True, True)
    assert page.count("Needs attention") == 2
    for words in ("Past due", "Card expired", "No subscription", "Good"):
        assert words in page
    page = browser.get("/partner/customers/acme/").content.decode()
    assert ("€170.00" in page, "renews" in page) == (True, True)


def test_the_api_tells_the_same(firm: Partner, sign_in: SignIn) -> None:
    found = sign_in(PartnerStaffFactory(partner=firm).user).get("/api/v1/partner/customers").json()["results"]
    names = ("currency", "monthly_minor", "subscription_status", "health")
    assert {row["slug"]: tuple(row[name] for name in names) for row in found} == {
        "acme": ("eur", 17_000, "active", "good"),
        "hooli": ("usd", 5_000, "past_due", "past_due"),
        "thin": ("eur", 900, "active", "card_expired"),
        "free": (None, None, None, None),
    }
    assert {row["slug"] for row in found if row["renews_at"]} == {"acme", "hooli", "thin"}
