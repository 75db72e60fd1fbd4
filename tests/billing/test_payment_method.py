"""The pages of the card: who is answered what, and under which policy."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import OIDCSession
from billing.errors import BillingError, Declined, NotAllowed, Refused, StripeAway
from billing.mixins import card_policy
from billing.models import BillingAccount
from billing.services import cards
from billing.services.cards import Card, CardSetup
from partner.enums import StaffRole
from tenants.enums import MembershipRole
from tenants.models import Membership
from tenants.scope import operator_scope
from tests.factories import (
    DelegatedAccessFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
)
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    membership: Membership = MembershipFactory(role=MembershipRole.OWNER)
    return membership


@pytest.fixture
def browser(sign_in: SignIn, owner: Membership) -> Client:
    return sign_in(owner.user)


def _path(owner: Membership, rest: str = "") -> str:
    return f"/admin/{owner.tenant.slug}/subscription/{rest}"


def _raising(error: BillingError) -> Any:
    def raise_it(**_asked: Any) -> None:
        raise error

    return raise_it


def test_the_form_asks_for_a_fresh_sign_in_first(browser: Client, owner: Membership) -> None:
    OIDCSession.objects.update(authenticated_at=timezone.now() - timedelta(minutes=11))
    for answer in (
        browser.get(_path(owner, "payment-method/"), headers={"HX-Request": "true"}),
        browser.post(_path(owner, "payment-method/"), {"payment_method": "pm_1"}),
        browser.post(_path(owner, "payment-method/setup-intent/")),
    ):
        assert answer.status_code == 401
        assert "again=1" in answer.headers["X-Step-Up-Url"]
    answer = browser.get(_path(owner, "payment-method/"))
    assert answer.headers["Location"].startswith("/oidc/portal/login/?again=1")
    assert browser.get(_path(owner)).status_code == 200


def test_a_setup_is_begun_for_the_browser(browser: Client, owner: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def start(**given: Any) -> CardSetup:
        asked.append(given)
        return CardSetup("seti_1_secret_2", "pk_test_3")

    monkeypatch.setattr(cards, "start_setup", start)
    answer = browser.post(_path(owner, "payment-method/setup-intent/"))
    assert answer.json() == {"client_secret": "seti_1_secret_2", "publishable_key": "pk_test_3"}
    assert (asked[0]["tenant"], asked[0]["by"].user_id) == (owner.tenant, owner.user_id)


def test_a_card_is_saved_and_named(browser: Client, owner: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def save(**given: Any) -> Card:
        asked.append(given["payment_method"])
        return Card("amex", "0005", 12, 2034)

    monkeypatch.setattr(cards, "set_default", save)
    answer = browser.post(_path(owner, "payment-method/"), {"payment_method": "pm_1AbC"})
    text = "American Express ending 0005 pays from now on."
    assert answer.json() == {"title": "Card saved", "text": text}
    assert text not in browser.get(_path(owner)).content.decode()
    browser.post(_path(owner, "payment-method/?page"), {"payment_method": "pm_1AbC"})
    assert text in browser.get(_path(owner)).content.decode()
    assert asked == ["pm_1AbC", "pm_1AbC"]


@pytest.mark.parametrize("given", ["", "4242424242424242", "cus_1", "pm_1\n", "pm_1/../x", f"pm_{'a' * 200}"])
def test_what_is_no_payment_method_goes_no_further(
    browser: Client, owner: Membership, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setattr(cards, "set_default", _raising(Refused("was asked")))
    answer = browser.post(_path(owner, "payment-method/"), {"payment_method": given})
    assert (answer.status_code, answer.json()["detail"]) == (422, "That is no card of Stripe's. Add it again.")


@pytest.mark.parametrize("rest", ["payment-method/", "payment-method/setup-intent/"])
@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (StripeAway("They are away.", retry_after_seconds=7), 503, "They are away."),
        (Declined("Your card was declined."), 422, "Your card was declined."),
        (Refused("Not yours."), 422, "Not yours."),
    ],
)
def test_what_stands_in_the_way_is_said(
    browser: Client,
    owner: Membership,
    monkeypatch: pytest.MonkeyPatch,
    rest: str,
    error: BillingError,
    status: int,
    detail: str,
) -> None:
    for name in ("set_default", "start_setup"):
        monkeypatch.setattr(cards, name, _raising(error))
    answer = browser.post(_path(owner, rest), {"payment_method": "pm_1"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["detail"] == detail
    assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)


def test_a_right_that_has_gone_meanwhile_is_a_403(
    browser: Client, owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "start_setup", _raising(NotAllowed("Not any more.")))
    assert browser.post(_path(owner, "payment-method/setup-intent/")).status_code == 403


@pytest.mark.parametrize(("years", "badge"), [(-1, "Expired"), (0, "Expires soon"), (2, None)])
def test_the_card_is_shown_with_what_is_wrong_with_it(
    browser: Client, owner: Membership, years: int, badge: str | None
) -> None:
    now = timezone.now()
    with operator_scope():
        BillingAccount.objects.create(
            tenant=owner.tenant,
            card_brand="visa",
            card_last4="4242",
            card_exp_month=now.month,
            card_exp_year=now.year + years,
        )
    for rest in ("", "payment-method/"):
        page = browser.get(_path(owner, rest)).content.decode()
        assert "Visa ending 4242" in page
        assert f"Expires {now.month:02d}/{now.year + years}" in page
        assert [word for word in ("Expired", "Expires soon") if f">{word}</span>" in page] == ([badge] if badge else [])


def _directives(answer: Any) -> dict[str, list[str]]:
    policy = answer.headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";")) if words}


def test_only_documents_with_the_form_let_stripe_in(browser: Client, owner: Membership) -> None:
    card_policy.cache_clear()
    with override_settings(
        STRIPE_JS_URL="https://js.stripe.com/dahlia/stripe.js", STRIPE_API_BASE="https://api.stripe.com"
    ):
        for rest in ("", "payment-method/"):
            found = _directives(browser.get(_path(owner, rest)))
            assert found["script-src"] == ["'self'", "https://js.stripe.com", "https://*.js.stripe.com"]
            assert found["frame-src"] == [
                "https://js.stripe.com",
                "https://*.js.stripe.com",
                "https://hooks.stripe.com",
            ]
            assert found["connect-src"] == ["'self'", "https://api.stripe.com"]
            assert (found["default-src"], found["frame-ancestors"]) == (["'none'"], ["'none'"])
            assert not {"require-trusted-types-for", "trusted-types"} & set(found)
    card_policy.cache_clear()
    elsewhere = _directives(browser.get(f"/admin/{owner.tenant.slug}/people/"))
    assert elsewhere["require-trusted-types-for"] == ["'script'"]
    assert "frame-src" not in elsewhere
    assert not any("stripe" in word for words in elsewhere.values() for word in words)


@pytest.mark.parametrize("rest", ["", "payment-method/"])
def test_a_boosted_link_loads_the_whole_document(browser: Client, owner: Membership, rest: str) -> None:
    answer = browser.get(_path(owner, rest), headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, _path(owner, rest))
    assert "hx-boost:inherited" not in browser.get(_path(owner, rest)).content.decode()


def test_the_form_names_script_element_and_currency(browser: Client, owner: Membership, settings: Settings) -> None:
    settings.STRIPE_ELEMENT = "card"
    page = browser.get(_path(owner, "payment-method/"), headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<dialog class="dialog" id="payment-dialog"')
    assert 'data-element="card"' in page
    assert f'data-stripe-js="{settings.STRIPE_JS_URL}"' in page
    assert 'data-currency="eur"' in page
    assert "<script" not in page


def test_who_may_only_read_sees_no_way_to_change(sign_in: SignIn) -> None:
    partner = PartnerFactory()
    tenant = TenantFactory(partner_id=partner.pk)
    staff = PartnerStaffFactory(partner=partner, role=StaffRole.ADMIN)
    with operator_scope():
        DelegatedAccessFactory(tenant=tenant, partner=partner, permissions=["people:read", "billing:read"])
    browser = sign_in(staff.user)
    page = browser.get(f"/admin/{tenant.slug}/subscription/").content.decode()
    assert "No card yet." in page
    assert "payment-method/" not in page
    assert browser.get(f"/admin/{tenant.slug}/subscription/payment-method/").status_code == 403
    assert browser.post(f"/admin/{tenant.slug}/subscription/payment-method/setup-intent/").status_code == 403
