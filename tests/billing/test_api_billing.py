"""The API of billing at the stand-in: fields, versions, prices, and what is refused (P2, P3)."""

from __future__ import annotations

from typing import Any

import pytest

from billing import sync
from billing.enums import InvoiceStatus
from billing.models import BillingAccount, Invoice
from billing.services import details
from billing.services.details import BillingInfo
from tenants.audit import SYSTEM
from tenants.scope import operator_scope
from tests.billing.api_browser import Api
from tests.billing.at_stripe import DANISH, add_card, call, ready_to_pay
from tests.contract.checked_stripe import CheckedStripe

pytestmark = pytest.mark.django_db
_MONTHLY = {"plan": "business", "interval": "month", "seats": 10}
_PROBLEM = "application/problem+json"
_WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "billing-info", {"email": "new@acme.test"}),
    ("PUT", "payment-method", {"payment_method": "pm_1"}),
    ("POST", "payment-method/setup-intent", {}),
    ("POST", "subscription/quotes", _MONTHLY),
    ("POST", "subscription/quotes/6f1c3c62-3f0e-4a68-9f0f-0d8d3a1c2b11/accept", {}),
    ("POST", "subscription/cancel", {}),
    ("POST", "subscription/resume", {}),
    ("POST", "invoices/6f1c3c62-3f0e-4a68-9f0f-0d8d3a1c2b11/pay", {}),
]


def _names() -> set[str]:
    models = (BillingAccount, Invoice)
    return {f.name for model in models for f in model._meta.get_fields() if f.concrete} | {
        "amount",
        "price",
        "vat_status",
    }


def _subscribe(api: Api, **change: Any) -> Any:
    quote = api.send("POST", "subscription/quotes", {**_MONTHLY, **change})
    assert quote.status_code == 201, quote.content
    return api.send("POST", f"subscription/quotes/{quote.json()['id']}/accept")


def test_before_there_is_anything(api: Api) -> None:
    assert api.get("subscription").json() == {
        "plan": None, "status": None, "seats": 0, "seats_used": 0, "currency": "eur", "monthly_minor": 0,
        "interval": None, "renews_at": None, "cancel_at_period_end": False, "synced_at": None,
    }  # fmt: skip
    assert api.get("payment-method").content == b"null"
    assert api.get("invoices").json() == {"next": None, "previous": None, "results": []}
    info = api.get("billing-info")
    assert info["ETag"] == '"1"'
    assert info.json() == {
        "company": "", "vat_number": "", "country": "", "email": "", "vat_status": None, "synced_at": None,
    }  # fmt: skip


def test_a_subscription_is_quoted_accepted_cancelled_and_resumed(api: Api, stripe: CheckedStripe) -> None:
    ready_to_pay(stripe, api.tenant)
    quote = api.send("POST", "subscription/quotes", _MONTHLY)
    assert quote.status_code == 201
    price = quote.json()
    assert (price["total_minor"], price["tax_minor"], price["due_minor"]) == (21_250, 4_250, 21_250)
    assert (price["state"], price["invoiced_minor"], len(price["lines"])) == ("open", None, 1)
    accepted = api.send("POST", f"subscription/quotes/{price['id']}/accept")
    assert (accepted.status_code, accepted.json()["state"], accepted.json()["invoiced_minor"]) == (
        200,
        "accepted",
        21_250,
    )
    assert api.send("POST", f"subscription/quotes/{price['id']}/accept").json() == accepted.json()
    found = api.get("subscription").json()
    assert (found["plan"], found["status"], found["seats"], found["interval"]) == ("business", "active", 10, "month")
    assert (found["monthly_minor"], found["currency"]) == (17_000, "eur")
    assert (found["renews_at"][-1], found["synced_at"][-1]) == ("Z", "Z")
    (invoice,) = api.get("invoices").json()["results"]
    assert set(invoice) == {
        "id", "number", "created_at", "due_at", "status", "currency", "total_minor", "tax_minor",
        "amount_due_minor", "pdf_url", "hosted_url",
    }  # fmt: skip
    assert (invoice["status"], invoice["total_minor"], invoice["tax_minor"]) == ("paid", 21_250, 4_250)
    assert api.send("POST", "subscription/cancel").json()["cancel_at_period_end"] is True
    assert api.send("POST", "subscription/resume").json()["cancel_at_period_end"] is False


def test_billing_details_are_changed_by_version(api: Api) -> None:
    """P3: one of two who saw the same version comes second, and is shown what stands there now."""
    first = api.send(
        "PATCH", "billing-info", {"company": "Acme", "country": "DK", "email": "a@acme.test"}, If_Match='"1"'
    )
    assert (first.status_code, first.json()["company"]) == (200, "Acme")
    assert first["ETag"] == api.get("billing-info")["ETag"] != '"1"'
    stale = api.send("PATCH", "billing-info", {"company": "Late"}, If_Match='"1"')
    assert (stale.status_code, stale["Content-Type"]) == (412, _PROBLEM)
    assert (stale.json()["current"]["company"], stale["ETag"]) == ("Acme", first["ETag"])
    second = api.send("PATCH", "billing-info", {"email": "b@acme.test"}, If_Match=first["ETag"])
    assert (second.json()["company"], second.json()["email"]) == ("Acme", "b@acme.test")


@pytest.mark.parametrize(
    ("tag", "status"), [(None, 428), ("1", 412), ('W/"1"', 412), ('"2"', 412), ("*", 200), ('"9", "1"', 200)]
)
def test_p3_if_match_is_read_as_http_says(api: Api, tag: str | None, status: int) -> None:
    headers = {} if tag is None else {"If_Match": tag}
    answer = api.send("PATCH", "billing-info", {"company": "Acme", "country": "DK"}, **headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"company": ""}, "company"),
        ({"company": "a\nb"}, "company"),
        ({"company": "x" * 201}, "company"),
        ({"country": "ZZ"}, "country"),
        ({"country": "dk"}, "country"),
        ({"email": "nobody"}, "email"),
        ({"email": "a\u0000@b.test"}, "email"),
        ({"country": "DK", "vat_number": "DK12345678"}, "vat_number"),
        ({"vat_status": "verified"}, "vat_status"),
        ({"synced_at": "2026-01-01T00:00:00Z"}, "synced_at"),
        ({"\ud800": "half a character"}, "\\ud800"),
        ([], "non_field_errors"),
    ],
)
def test_a_wrong_field_is_named(api: Api, body: Any, field: str) -> None:
    answer = api.send("PATCH", "billing-info", body, If_Match='"1"')
    assert (answer.status_code, answer["Content-Type"], list(answer.json()["errors"])) == (400, _PROBLEM, [field])


@pytest.mark.parametrize(("method", "path", "body"), _WRITES)
def test_p2_nothing_else_can_be_set(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    """P2, Z11: no name of a model's field, no amount and no price goes through."""
    for name in sorted(_names() - set(body) - (set(details.FIELDS) if path == "billing-info" else set())):
        answer = api.send(method, path, {**body, name: "1"}, If_Match='"1"')
        assert (name, answer.status_code, name in answer.json()["errors"]) == (name, 400, True)
    with operator_scope():
        assert not BillingAccount.objects.exclude(customer_id=None).exists()


def test_what_stands_against_it_is_a_conflict(api: Api, stripe: CheckedStripe) -> None:
    answer = api.send("POST", "subscription/quotes", _MONTHLY)
    assert (answer.status_code, answer.json()["code"]) == (409, "details_missing")
    answer = api.send("POST", "subscription/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_subscription")
    details.update_billing_info(tenant=api.tenant, info=DANISH, expected_version=None, by=SYSTEM)
    answer = _subscribe(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_card")
    answer = api.send("POST", "subscription/quotes", {**_MONTHLY, "seats": 0})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["seats"])
    for path in (entry[1] for entry in _WRITES if "6f1c" in entry[1]):
        assert api.send("POST", path).status_code == 404


def test_a_decline_is_402_and_changes_nothing(api: Api, stripe: CheckedStripe) -> None:
    ready_to_pay(stripe, api.tenant)
    _subscribe(api)
    add_card(stripe, api.tenant, token="pm_card_chargeCustomerFail")
    stripe.control(action="clock", advance_seconds=86_400)
    answer = _subscribe(api, seats=20)
    assert (answer.status_code, answer["Content-Type"], bool(answer.json()["code"])) == (402, _PROBLEM, True)
    assert api.get("subscription").json()["seats"] == 10


def test_an_open_invoice_is_paid_once_whatever_is_repeated(api: Api, stripe: CheckedStripe) -> None:
    """P1: the same key repeats the answer, a decline's too; a new one pays once."""
    ready_to_pay(stripe, api.tenant)
    _subscribe(api)
    add_card(stripe, api.tenant, token="pm_card_chargeCustomerFail")
    stripe.control(action="clock", advance_seconds=32 * 86_400)
    with operator_scope():
        customer = BillingAccount.objects.for_tenant(api.tenant).get().customer_id
    sync.tenant(api.tenant, str(customer))
    with operator_scope():
        invoice = Invoice.objects.for_tenant(api.tenant).open().get()
    path = f"invoices/{invoice.pk}/pay"
    declined = api.send("POST", path, key="k" * 20)
    attempts = _attempts(invoice)
    again = api.send("POST", path, key="k" * 20)
    assert (declined.status_code, again.status_code, again["Idempotent-Replayed"]) == (402, 402, "true")
    assert _attempts(invoice) == attempts
    add_card(stripe, api.tenant)
    paid = api.send("POST", path, key="n" * 20)
    assert (paid.status_code, paid.json()["status"]) == (200, InvoiceStatus.PAID)
    assert api.send("POST", path, key="n" * 20).json() == paid.json()
    assert api.send("POST", path).json()["status"] == InvoiceStatus.PAID
    charges = call(stripe, "GET", "charges", customer=customer, limit=100)["data"]
    assert len([each for each in charges if each["amount"] == 21_250 and each["paid"]]) == 2  # the start, and this


def test_stripe_away_is_503_and_the_same_may_be_sent_again(api: Api, stripe: CheckedStripe) -> None:
    stripe.control(action="down")
    body = {"company": "Acme", "country": "DK", "email": "a@acme.test"}
    answer = api.send("PATCH", "billing-info", body, If_Match='"1"', key="a" * 20)
    stripe.control(action="normal")
    assert (answer.status_code, answer["Content-Type"], answer["X-Dezky-Away"]) == (503, _PROBLEM, "payments")
    assert int(answer["Retry-After"]) > 0
    again = api.send("PATCH", "billing-info", body, If_Match='"1"', key="a" * 20)
    assert (again.status_code, again.json()["company"]) == (200, "Acme")
    replayed = api.send("PATCH", "billing-info", body, If_Match='"1"', key="a" * 20)
    assert (replayed.json(), replayed["ETag"], replayed["Idempotent-Replayed"]) == (again.json(), again["ETag"], "true")


def _attempts(invoice: Invoice) -> int:
    with operator_scope():
        return Invoice.objects.get(pk=invoice.pk).attempts


def test_p3_two_editors_of_the_service_lose_nothing(api: Api) -> None:
    """P3: whoever comes second by version changes nothing at Stripe either."""
    info = BillingInfo(company="First", vat_number="", country="DK", email="a@acme.test")
    done = details.update_billing_info(tenant=api.tenant, info=info, expected_version=1, by=SYSTEM)
    answer = api.send("PATCH", "billing-info", {"company": "Second"}, If_Match='"1"')
    assert (answer.status_code, answer.json()["current"]["company"]) == (412, "First")
    assert answer["ETag"] == f'"{done.details_version}"'
