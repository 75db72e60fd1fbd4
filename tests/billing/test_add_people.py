"""Adding people: within the seats it costs nothing, beyond them the exact price comes first."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from billing import sync
from billing.enums import Interval
from billing.errors import StripeAway
from billing.models import BillingAccount, Quote
from billing.services import quotes, seats, subscriptions
from tenants.audit import SYSTEM
from tenants.enums import MembershipRole, Plan, TenantStatus
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.billing.at_stripe import ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import MembershipFactory, TenantFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_HTMX = {"HX-Request": "true"}
_URL = "/admin/full/subscription/seats/"


@pytest.fixture
def tenant(stripe: CheckedStripe) -> Tenant:
    """Return a workspace with ten bought seats, of which ten are taken."""
    sync.catalogue()
    made: Tenant = TenantFactory(slug="full", status=TenantStatus.TRIAL, plan=Plan.STARTER, seats=5)
    ready_to_pay(stripe, made)
    quote = quotes.quote_change(tenant=made, plan=Plan.BUSINESS, interval=Interval.MONTH, seats=10, by=SYSTEM)
    subscriptions.accept_quote(tenant=made, quote_id=quote.pk, by=SYSTEM)
    _take(made, 10)
    return made


def _take(tenant: Tenant, count: int) -> None:
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(seats_used=count)
        tenant.refresh_from_db()


def _owner(sign_in: SignIn, tenant: Tenant) -> Client:
    browser = sign_in(MembershipFactory(tenant=tenant, role=MembershipRole.OWNER).user)
    _take(tenant, 10)
    return browser


@pytest.mark.parametrize(
    ("taken", "people", "wanted"),
    [(10, 1, 11), (10, 3, 13), (8, 3, 11), (8, 2, None), (8, 0, None), (10, 0, None), (13, 0, 13), (13, 2, 15)],
)
def test_the_price_is_of_the_seats_that_all_of_them_need(
    tenant: Tenant, taken: int, people: int, wanted: int | None
) -> None:
    _take(tenant, taken)
    quote = seats.quote_people(tenant=tenant, people=people, by=SYSTEM)
    assert (quote.seats if quote else None) == wanted
    if quote:
        assert quote.before["seats"] == 10
        assert quote.total_minor > 0


def test_the_price_comes_first_and_is_what_is_charged(sign_in: SignIn, stripe: CheckedStripe, tenant: Tenant) -> None:
    browser = _owner(sign_in, tenant)
    stripe.control(action="clock", advance_seconds=10 * 86_400)
    dialog = browser.post(_URL, {"people": "2"}, headers=_HTMX)
    assert (dialog.status_code, dialog["HX-Retarget"]) == (200, "#dialog-host")
    with operator_scope():
        quote = Quote.objects.for_tenant(tenant).order_by("-created_at")[0]
        assert BillingAccount.objects.for_tenant(tenant).get().seats == 10
    assert f">Pay {quote.due.format('en')}<" in dialog.content.decode()
    answer = browser.post(f"/admin/full/subscription/quotes/{quote.pk}/", headers=_HTMX)
    assert answer.status_code == 204
    with operator_scope():
        quote.refresh_from_db()
        tenant.refresh_from_db()
    assert (tenant.seats, quote.invoiced_minor) == (12, quote.total_minor)


def test_where_there_is_room_nothing_is_asked_of_stripe(
    sign_in: SignIn, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotes, "quote_change", lambda **_given: pytest.fail("a price was asked for"))
    browser = _owner(sign_in, tenant)
    _take(tenant, 7)
    body = browser.post(_URL, {"people": "3"}, headers=_HTMX).content.decode()
    assert "There is room" in body
    assert "3 more people fit" in body
    assert "dezky-tenant-full-members" in body


def test_without_a_subscription_it_leads_to_the_plans(sign_in: SignIn, stripe: CheckedStripe) -> None:
    bare = TenantFactory(slug="full", seats=1)
    browser = sign_in(MembershipFactory(tenant=bare, role=MembershipRole.OWNER).user)
    answer = browser.post(_URL, {"people": "4"}, headers=_HTMX)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "Subscribe first" in body
    assert re.search(r'name="people" value="4"', body)
    assert "/admin/full/subscription/change/" in body


@pytest.mark.parametrize("typed", ["", "-1", "many", "100001"])
def test_a_number_that_is_none_is_told_at_its_field(sign_in: SignIn, tenant: Tenant, typed: str) -> None:
    answer = _owner(sign_in, tenant).post(_URL, {"people": typed}, headers=_HTMX)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="people-error"' in body
    assert f'value="{typed}"' in body


def test_while_stripe_is_away_the_number_stays(
    sign_in: SignIn, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_given: object) -> None:
        raise StripeAway

    monkeypatch.setattr(quotes, "quote_change", away)
    answer = _owner(sign_in, tenant).post(_URL, {"people": "6"}, headers=_HTMX)
    assert (answer.status_code, answer["X-Dezky-Away"]) == (503, "payments")
    assert re.search(r'name="people" value="6"', answer.content.decode())


def test_one_person_without_a_seat_is_one_person(sign_in: SignIn) -> None:
    bare = TenantFactory(slug="full", seats=0, seats_used=0)
    browser = sign_in(MembershipFactory(tenant=bare, role=MembershipRole.OWNER).user)
    _take(bare, 1)
    assert "1 person shares 0 bought seats" in browser.get("/admin/full/people/").content.decode()


def test_only_who_may_buy_seats_finds_the_button(sign_in: SignIn, tenant: Tenant) -> None:
    owner, member = _owner(sign_in, tenant), sign_in(MembershipFactory(tenant=tenant).user)
    assert _URL in owner.get("/admin/full/people/").content.decode()
    assert member.get(_URL).status_code == 403
