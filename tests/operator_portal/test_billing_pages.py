"""Billing as operators see it: plans, webhooks, the radar, and the figures of all tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing.enums import DriftState, InboxState, SubscriptionStatus
from billing.models import BillingAccount, BillingWatch, DriftReport, PlanPrice, WebhookEvent
from operator_portal import billing_selectors
from tenants.audit import SYSTEM
from tenants.enums import AuditAction
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.billing.at_stripe import call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import TenantFactory, UserFactory, make_account, make_webhook
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn) -> Client:
    return sign_in(UserFactory(name="Olga Operator", is_platform_admin=True), "operator")


def _page(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _ids(page: Any) -> list[str]:
    return [event.pk for event in page.items]


def test_income_is_summed_for_each_currency_by_itself() -> None:
    for currency, minor in (("eur", 1000), ("eur", 500), ("jpy", 300), ("usd", 0)):
        make_account(TenantFactory(), currency=currency, monthly_minor=minor)
    make_account(TenantFactory(), status=SubscriptionStatus.PAST_DUE, monthly_minor=0)
    with operator_scope():
        income = billing_selectors.income()
    assert [(each.currency, each.minor) for each in income.monthly] == [("eur", 1500), ("jpy", 300)]
    assert income.past_due == 1


def test_plans_show_what_is_subscribed_to_them(browser: Client) -> None:
    fields: dict[str, Any] = {"plan": "business", "interval": "month", "unit_minor": 1700, "synced_at": timezone.now()}
    PlanPrice.objects.create(price_id="price_now", currency="eur", **fields)
    PlanPrice.objects.create(price_id="price_old", currency="eur", is_active=False, **fields)
    PlanPrice.objects.create(price_id="price_gone", currency="eur", is_active=False, **fields)
    make_account(TenantFactory(), price_id="price_old", seats=3, monthly_minor=5100)
    make_account(TenantFactory(), price_id="price_now", seats=4, monthly_minor=6800)
    make_account(TenantFactory(), price_id="price_now", seats=4, status=SubscriptionStatus.CANCELED, monthly_minor=0)
    with operator_scope():
        sales = billing_selectors.catalogue().sales["eur"]
    found = {sale.price.price_id: (sale.tenants, sale.seats, sale.monthly.minor) for sale in sales}
    assert found == {"price_now": (1, 4, 6800), "price_old": (1, 3, 5100)}
    page = _page(browser, "/operator/plans/")
    assert ("price-price_now" in page, "No longer sold" in page, "€119.00" in page) == (True, True, True)


def test_plans_are_read_again(browser: Client, stripe: CheckedStripe) -> None:
    assert browser.post("/operator/plans/read/").headers["Location"] == "/operator/plans/"
    assert "30 prices read from Stripe." in _page(browser, "/operator/plans/")
    stripe.control(action="down")
    browser.post("/operator/plans/read/")
    stripe.control(action="normal")
    assert "Not read." in _page(browser, "/operator/plans/")
    assert PlanPrice.objects.filter(is_active=True).count() == 30


def test_webhooks_are_found_by_state_and_word() -> None:
    make_webhook("evt_a", type="invoice.paid", tenant_slug="acme")
    make_webhook("evt_b", type="customer.updated", state=InboxState.FAILED, attempts=12, problem="no")
    make_webhook("evt_c", type="never.heard.of", is_flagged=True, state=InboxState.IGNORED)
    assert _ids(billing_selectors.events_page()) == ["evt_c", "evt_b", "evt_a"]
    for text, found in (("acme", ["evt_a"]), ("evt_b", ["evt_b"]), ("never", ["evt_c"]), ("ever", [])):
        assert _ids(billing_selectors.events_page(text=text)) == found
    for state, found in (("failed", ["evt_b"]), ("flagged", ["evt_c"]), ("received", [])):
        assert _ids(billing_selectors.events_page(state=state)) == found
    counts = billing_selectors.event_counts()
    assert counts == {"": 3, "received": 0, "done": 1, "ignored": 1, "failed": 1, "flagged": 1}


def test_webhooks_page_by_their_text_ids() -> None:
    at = timezone.now()
    for number in range(60):
        make_webhook(f"evt_{number:02}", received_at=at)
    first = billing_selectors.events_page()
    second = billing_selectors.events_page(cursor=first.next_cursor)
    third = billing_selectors.events_page(cursor=second.next_cursor)
    assert [*_ids(first), *_ids(second), *_ids(third)] == [f"evt_{number:02}" for number in range(59, -1, -1)]
    assert _ids(billing_selectors.events_page(cursor=third.previous_cursor)) == _ids(second)


def test_the_inboxs_health_stands_above(browser: Client) -> None:
    assert billing_selectors.inbox_health().is_well
    make_webhook("evt_w", state=InboxState.RECEIVED, received_at=timezone.now() - timedelta(minutes=6))
    make_webhook("evt_f", state=InboxState.FAILED, attempts=12)
    BillingWatch.objects.create(pk=1, looked_at=timezone.now(), problem="It did not answer.")
    health = billing_selectors.inbox_health()
    assert (health.waiting, health.failed, health.given_up, health.is_well) == (1, 1, 1, False)
    page = _page(browser, "/operator/webhooks/")
    assert "The inbox needs attention" in page
    assert "It did not answer." in page
    assert "1 waiting, 1 failed" in _page(browser, "/operator/")


def test_a_webhook_is_replayed_under_the_operators_name(browser: Client) -> None:
    make_webhook("evt_f", state=InboxState.FAILED, attempts=12, problem="no")
    assert browser.post("/operator/webhooks/evt_f/replay/").headers["Location"] == "/operator/webhooks/?q=evt_f"
    event = WebhookEvent.objects.get()
    assert (event.state, event.attempts, event.problem) == (InboxState.RECEIVED, 0, "")
    with operator_scope():
        told = AuditEvent.objects.of_platform().get(action=AuditAction.WEBHOOK_REPLAY)
    assert (told.actor_name, told.actor_type, told.object_id) == ("Olga Operator", "operator", "evt_f")
    assert browser.post("/operator/webhooks/evt_none/replay/").status_code == 404


def test_the_api_lists_webhooks(browser: Client) -> None:
    make_webhook("evt_a", tenant_slug="acme")
    (event,) = browser.get("/api/v1/operator/webhooks").json()["results"]
    assert set(event) == {
        "id", "type", "api_version", "tenant", "state", "created_at", "received_at", "applied_at", "deliveries",
        "attempts", "next_try_at", "is_flagged", "is_found_by_us", "problem",
    }  # fmt: skip
    assert (event["id"], event["tenant"], event["state"]) == ("evt_a", "acme", "done")
    assert browser.get("/api/v1/operator/webhooks?cursor=bm8").status_code == 400


def test_the_radar_finds_a_difference_says_it_in_words_and_heals_it(browser: Client, stripe: CheckedStripe) -> None:
    tenant = TenantFactory(slug="acme")
    ready_to_pay(stripe, tenant)
    assert "Never compared" in _page(browser, "/operator/billing/")
    with operator_scope():
        account = BillingAccount.objects.for_tenant(tenant).get()
    call(stripe, "POST", f"customers/{account.customer_id}", name="Renamed elsewhere")
    assert browser.post("/operator/tenants/acme/compare/").headers["Location"] == "/operator/tenants/acme/"
    page = _page(browser, "/operator/tenants/acme/")
    assert "1 differences found" not in page
    assert "1 difference found and brought in line with Stripe." in page
    words = "account, company: “Acme Studio ApS” here, “Renamed elsewhere” at Stripe"
    assert words in page
    assert words in _page(browser, "/operator/billing/?state=different")
    browser.post("/operator/tenants/acme/compare/")
    assert "Billing is the same here and at Stripe." in _page(browser, "/operator/tenants/acme/")
    stripe.control(action="down")
    browser.post("/operator/tenants/acme/compare/")
    stripe.control(action="normal")
    assert "Not compared." in _page(browser, "/operator/tenants/acme/")
    with operator_scope():
        assert DriftReport.objects.for_tenant(tenant).get().state == DriftState.UNKNOWN
        assert (
            AuditEvent.objects.for_tenant(tenant).filter(actor_name=SYSTEM.name, action="billing:mirror:heal").exists()
        )
    assert "acme" not in _page(browser, "/operator/billing/?state=same").partition('id="rows"')[2]


def test_tenants_show_what_they_pay(browser: Client) -> None:
    late = timezone.now() - timedelta(days=3)
    make_account(TenantFactory(slug="late"), status=SubscriptionStatus.PAST_DUE, past_due_since=late)
    TenantFactory(slug="free")
    page = _page(browser, "/operator/tenants/")
    assert ("€170.00" in page, "Past due" in page, "Nothing" in page) == (True, True, True)
    page = _page(browser, "/operator/tenants/late/")
    assert ("€170.00" in page, "Past due since" in page) == (True, True)
    assert "Stripe does not know this workspace yet." in _page(browser, "/operator/tenants/free/")


def test_a_search_of_tenants_as_long_as_a_name_may_be_is_a_search(browser: Client) -> None:
    name = "Long " * 30
    TenantFactory(slug="long", name=name.strip())
    TenantFactory(slug="other")
    page = _page(browser, f"/operator/tenants/?q={name}")
    assert ("/operator/tenants/long/" in page, "/operator/tenants/other/" in page) == (True, False)


@pytest.mark.parametrize(
    ("path", "tab"), [("tenants", "status=trial"), ("webhooks", "state=failed"), ("billing", "state=same")]
)
def test_after_a_search_the_tabs_keep_what_was_searched_for(browser: Client, path: str, tab: str) -> None:
    answer = browser.get(f"/operator/{path}/?q=acme", headers={"HX-Request": "true"})
    body = answer.content.decode()
    assert (body.count('id="tabs"'), body.count('id="rows"'), "<html" in body) == (1, 1, False)
    assert f'href="?q=acme&amp;{tab}"' in body
