"""The pages of a workspace's subscription: what they cost, who sees what, and what Stripe's answers become."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.templatetags.ui import local_time
from billing.enums import InvoiceStatus, SubscriptionStatus
from billing.errors import Declined, Moved, Refused, StripeAway
from billing.models import BillingAccount
from billing.services import details, quotes, subscriptions
from tenants.enums import MembershipRole
from tenants.models import Tenant
from tenants.scope import operator_scope
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    make_account,
    make_invoice,
    make_quote,
)
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_HTMX = {"HX-Request": "true"}
_DETAILS = {"company": "Acme", "country": "DK", "email": "billing@acme.test", "vat_number": "", "version": "1"}


@pytest.fixture
def owner() -> User:
    tenant = TenantFactory(slug="acme", seats=10, seats_used=3)
    found: User = MembershipFactory(tenant=tenant, role=MembershipRole.OWNER).user
    return found


@pytest.fixture
def tenant(owner: User) -> Tenant:
    with operator_scope():
        return Tenant.objects.get(slug="acme")


def _account(tenant: Tenant, **values: Any) -> None:
    make_account(tenant)
    with operator_scope():
        BillingAccount.objects.for_tenant(tenant).update(**values)


def _raise(error: Exception) -> Any:
    def refuse(**_given: object) -> None:
        raise error

    return refuse


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "due"), [("invoices/", 22), ("subscription/", 25)])
def test_a_page_costs_the_same_with_one_invoice_and_with_three(
    sign_in: SignIn, owner: User, tenant: Tenant, django_assert_num_queries: Any, rows: int, path: str, due: int
) -> None:
    make_account(tenant)
    for number in range(rows):
        make_invoice(tenant, number=f"counted-{number}")
    browser = sign_in(owner)
    browser.get(f"/admin/acme/{path}")
    with django_assert_num_queries(due):
        body = browser.get(f"/admin/acme/{path}").content.decode()
    assert body.count('m-main med nowrap">counted-') == rows


def test_without_billing_it_leads_through_three_steps(sign_in: SignIn, owner: User) -> None:
    body = sign_in(owner).get("/admin/acme/subscription/").content.decode()
    assert "No subscription yet" in body
    assert "Give details" in body
    assert "Choose a plan" not in body


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": SubscriptionStatus.TRIALING}, "First charge"),
        ({"is_cancelling": True}, ">Resume<"),
        ({"status": SubscriptionStatus.CANCELED}, "Subscribe again"),
        ({"status": SubscriptionStatus.PAST_DUE}, "A payment has failed."),
        ({"status": SubscriptionStatus.UNPAID}, "The subscription is unpaid."),
        ({"card_exp_year": 2020, "card_exp_month": 1}, "Your card has expired"),
        ({"balance_minor": -1500}, "€15.00"),
        ({"synced_at": timezone.now() - timedelta(hours=2)}, "more than an hour old"),
        ({"vat_number": "DK13585628", "vat_status": "refused"}, "doesn\u2019t know this number"),
    ],
)
def test_each_state_says_what_it_is(
    sign_in: SignIn, owner: User, tenant: Tenant, values: dict[str, Any], words: str
) -> None:
    _account(
        tenant,
        **{
            "customer_id": "cus_1",
            "country": "DK",
            "card_last4": "4242",
            "status": SubscriptionStatus.ACTIVE,
            "plan": "business",
            "interval": "month",
            "renews_at": timezone.now() + timedelta(days=9),
        }
        | values,
    )
    assert words in sign_in(owner).get("/admin/acme/subscription/").content.decode()


def test_a_delegate_without_billing_sees_nothing_of_it(sign_in: SignIn, tenant: Tenant) -> None:
    partner = PartnerFactory()
    with operator_scope():
        Tenant.objects.filter(pk=tenant.pk).update(partner=partner)
    DelegatedAccessFactory(tenant=tenant, partner=partner, permissions=["people:read"])
    _account(tenant, status=SubscriptionStatus.PAST_DUE, monthly_minor=17_000)
    browser = sign_in(PartnerStaffFactory(partner=partner).user)
    for path in ("", "people/"):
        body = browser.get(f"/admin/acme/{path}").content.decode()
        assert "170.00" not in body
        assert "A payment has failed" not in body
        assert "/subscription/" not in body
        assert "/invoices/" not in body


def test_away_keeps_the_dialog_and_what_was_typed(
    sign_in: SignIn, owner: User, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(tenant)
    monkeypatch.setattr(details, "update_billing_info", _raise(StripeAway()))
    answer = sign_in(owner).post("/admin/acme/subscription/details/", _DETAILS | {"company": "Typed"}, headers=_HTMX)
    assert (answer.status_code, answer["Retry-After"], answer["X-Dezky-Away"]) == (503, "10", "payments")
    body = answer.content.decode()
    assert 'value="Typed"' in body
    assert "Try again" in body


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Declined("Your card has insufficient funds.", code="insufficient_funds"), 422, "Replace card"),
        (Refused("Add a payment method first.", code="no_card"), 422, "Add a card"),
        (Moved("Here is the price of now."), 409, "Price that ran out"),
    ],
)
def test_what_stripe_says_to_a_yes_is_said_in_place(
    sign_in: SignIn,
    owner: User,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    words: str,
) -> None:
    make_account(tenant)
    quote = make_quote(tenant)
    monkeypatch.setattr(subscriptions, "accept_quote", _raise(error))
    monkeypatch.setattr(quotes, "quote_change", lambda **_given: make_quote(tenant, due_minor=99_900))
    answer = sign_in(owner).post(f"/admin/acme/subscription/quotes/{quote.pk}/", headers=_HTMX)
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_a_stale_version_shows_both_and_keeps_what_was_typed(
    sign_in: SignIn, owner: User, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _account(tenant, company="Theirs", details_version=7)
    monkeypatch.setattr(details, "update_billing_info", _raise(Moved("Somebody else changed the billing details.")))
    answer = sign_in(owner).post("/admin/acme/subscription/details/", _DETAILS | {"company": "Mine"}, headers=_HTMX)
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "<td>Theirs</td>" in body
    assert 'value="Mine"' in body
    assert 'name="version" value="7"' in body


def test_t7_a_company_is_one_line(
    sign_in: SignIn, owner: User, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(tenant)
    taken: list[str] = []

    def take(*, info: details.BillingInfo, **_given: object) -> BillingAccount:
        taken.append(info.company)
        return BillingAccount()

    monkeypatch.setattr(details, "update_billing_info", take)
    sign_in(owner).post("/admin/acme/subscription/details/", _DETAILS | {"company": "Two\nlines\xa0Ltd"}, headers=_HTMX)
    assert taken == ["Two lines Ltd"]


@pytest.mark.parametrize("company", ["turned\u202eround", "a\u200bgap"])
def test_t7_a_company_holds_nothing_unseen(
    sign_in: SignIn, owner: User, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, company: str
) -> None:
    make_account(tenant)
    monkeypatch.setattr(details, "update_billing_info", lambda **_given: pytest.fail("it was taken"))
    answer = sign_in(owner).post("/admin/acme/subscription/details/", _DETAILS | {"company": company}, headers=_HTMX)
    assert answer.status_code == 422
    assert 'id="company-error"' in answer.content.decode()


def test_t7_a_name_does_not_turn_the_words_about_it(sign_in: SignIn, owner: User, tenant: Tenant) -> None:
    make_account(tenant, renews_at=timezone.now() + timedelta(days=9))
    browser = sign_in(owner)
    name = f"<bdi>{tenant.name}</bdi>"
    assert f"{name} loses" in browser.get("/admin/acme/subscription/cancel/").content.decode()
    assert f"{name}, on Dezky since" in browser.get("/admin/acme/").content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"total_minor": 21_250, "due_minor": 21_250, "invoiced_minor": 21_250}, "Charged exactly as quoted."),
        ({"total_minor": -900, "due_minor": 0, "invoiced_minor": -900}, "Credited exactly as quoted."),
        ({"total_minor": 0, "due_minor": 0, "invoiced_minor": 0}, "Nothing was charged, as quoted."),
    ],
)
def test_a_price_that_was_taken_up_says_what_came_of_it(
    sign_in: SignIn, owner: User, tenant: Tenant, values: dict[str, int], words: str
) -> None:
    make_account(tenant)
    quote = make_quote(tenant, state="accepted", accepted_at=timezone.now(), **values)
    assert words in sign_in(owner).get(f"/admin/acme/subscription/quotes/{quote.pk}/").content.decode()


def test_an_invoice_of_nothing_where_something_was_quoted_is_told(
    sign_in: SignIn, owner: User, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(tenant)
    quote = make_quote(tenant, state="different", accepted_at=timezone.now(), invoiced_minor=0)
    monkeypatch.setattr(subscriptions, "accept_quote", lambda **_given: quote)
    answer = sign_in(owner).post(f"/admin/acme/subscription/quotes/{quote.pk}/", headers=_HTMX)
    assert answer.status_code == 204
    assert "212.50" in str(list(answer.wsgi_request._messages))  # type: ignore[attr-defined]


def test_the_overview_writes_the_renewal_in_the_readers_zone_as_other_pages_do(
    sign_in: SignIn, owner: User, tenant: Tenant
) -> None:
    make_account(tenant, renews_at=timezone.now() + timedelta(days=9))
    with operator_scope():
        renews_at = BillingAccount.objects.for_tenant(tenant).get().renews_at
    shown = str(local_time(renews_at, "date"))
    browser = sign_in(owner)
    for path in ("", "subscription/"):
        assert shown in browser.get(f"/admin/acme/{path}").content.decode()


def test_a_link_is_opened_only_at_stripe(sign_in: SignIn, owner: User, tenant: Tenant) -> None:
    make_account(tenant)
    make_invoice(tenant, pdf_url="javascript:alert(1)", hosted_url="https://invoice.stripe.com/i/x")
    body = sign_in(owner).get("/admin/acme/invoices/").content.decode()
    assert "javascript:" not in body
    assert 'href="https://invoice.stripe.com/i/x" target="_blank" rel="noopener"' in body


def test_the_file_holds_every_invoice_and_no_formula(sign_in: SignIn, owner: User, tenant: Tenant) -> None:
    make_account(tenant)
    make_invoice(tenant, number="=HYPERLINK(1)", status=InvoiceStatus.PAID)
    make_invoice(tenant, number="N-1")
    answer = sign_in(owner).get("/admin/acme/invoices/export/")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert any(line.startswith("'=HYPERLINK(1)") for line in lines)


def test_an_amount_of_iceland_has_no_decimals(sign_in: SignIn, owner: User, tenant: Tenant) -> None:
    make_account(tenant)
    make_invoice(tenant, currency="isk", total_minor=150_000)
    assert "ISK\xa01,500<" in sign_in(owner).get("/admin/acme/invoices/").content.decode()
