"""A card by the API, as a program and its browser do it: 3-D Secure, decline, cut connections, and doubles."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from billing.models import BillingAccount
from tenants.enums import AuditAction, MembershipRole
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.billing.api_browser import Api
from tests.billing.at_stripe import call, confirm
from tests.contract.checked_stripe import CheckedStripe
from tests.factories import MembershipFactory, OIDCSessionFactory
from tests.fixtures.people import remember

_SETUP = "payment-method/setup-intent"
_SETUPS, _UPDATE, _CREATE = "POST /v1/setup_intents", "POST /v1/customers/{}", "POST /v1/customers"
_FIND = "GET /v1/payment_methods/{}"
_KEY = "key-of-this-write-1"


def _card(api: Api, stripe: CheckedStripe, token: str = "pm_card_visa") -> dict[str, Any]:
    """Set a card up as Stripe.js does, and return the intent."""
    setup = api.send("POST", _SETUP)
    assert setup.status_code == 200, setup.content
    return confirm(stripe, setup.json()["client_secret"], token)


def _customers(stripe: CheckedStripe) -> int:
    return len(call(stripe, "GET", "customers", limit=100)["data"])


def _changes() -> int:
    with operator_scope():
        return AuditEvent.objects.filter(action=AuditAction.CARD_CHANGE).count()


@pytest.mark.django_db
def test_a_card_with_a_customer_on_demand(api: Api, stripe: CheckedStripe) -> None:
    setup = api.send("POST", _SETUP).json()
    assert set(setup) == {"client_secret", "publishable_key"}
    assert setup["publishable_key"] == stripe.publishable_key
    method = confirm(stripe, setup["client_secret"])["payment_method"]
    saved = api.send("PUT", "payment-method", {"payment_method": method})
    assert (saved.status_code, saved.json()["brand"], saved.json()["last4"]) == (200, "visa", "4242")
    assert set(saved.json()) == {"brand", "last4", "exp_month", "exp_year"}
    assert api.get("payment-method").json() == saved.json()
    assert _customers(stripe) == 1


@pytest.mark.django_db
def test_3d_secure_that_is_completed_saves_the_card(api: Api, stripe: CheckedStripe) -> None:
    intent = _card(api, stripe, "pm_card_authenticationRequired")
    assert intent["status"] == "requires_action"
    done = _challenge(stripe, intent, "complete")
    saved = api.send("PUT", "payment-method", {"payment_method": done["payment_method"]})
    assert (done["status"], saved.status_code) == ("succeeded", 200)


@pytest.mark.django_db
def test_3d_secure_that_fails_saves_none(api: Api, stripe: CheckedStripe) -> None:
    intent = _card(api, stripe, "pm_card_authenticationRequired")
    failed = _challenge(stripe, intent, "fail")
    assert failed["status"] == "requires_payment_method"
    answer = api.send("PUT", "payment-method", {"payment_method": "pm_card_visa"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["payment_method"])
    assert api.get("payment-method").content == b"null"


@pytest.mark.django_db
def test_a_card_that_is_declined_is_told_by_stripe_and_saved_nowhere(api: Api, stripe: CheckedStripe) -> None:
    refused = _card(api, stripe, "pm_card_chargeDeclined")
    assert refused["error"]["type"] == "card_error"
    assert api.get("payment-method").content == b"null"


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["pm_nothing", "4242424242424242", "card_1", "pm_1/../x", ""])
def test_a_card_that_is_not_ours_is_refused(api: Api, stripe: CheckedStripe, given: str) -> None:
    """P2: a number that was sent here by mistake goes no further, and is not repeated."""
    api.send("POST", _SETUP)
    answer = api.send("PUT", "payment-method", {"payment_method": given})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["payment_method"])
    assert not given or given not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("path", [_CREATE, _SETUPS])
def test_a_cut_while_a_setup_begins(api: Api, stripe: CheckedStripe, path: str, is_after: bool) -> None:
    """P1: asked again with the same key it goes on where it was cut; there is one customer."""
    stripe.control(action="faults", kind="down", paths=[path], is_after=is_after)
    cut = api.send("POST", _SETUP, key=_KEY)
    stripe.control(action="faults", kind="normal")
    again = api.send("POST", _SETUP, key=_KEY)
    assert (cut.status_code, again.status_code, "Idempotent-Replayed" in again.headers) == (503, 200, False)
    assert _customers(stripe) == 1
    assert api.send("POST", _SETUP, key=_KEY).json() == again.json()


@pytest.mark.django_db
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("path", [_FIND, _UPDATE])
def test_a_cut_while_a_card_is_saved(api: Api, stripe: CheckedStripe, path: str, is_after: bool) -> None:
    """P1: nothing is lost, and the change stands in the log once."""
    method = {"payment_method": _card(api, stripe)["payment_method"]}
    stripe.control(action="faults", kind="down", paths=[path], is_after=is_after)
    cut = api.send("PUT", "payment-method", method, key=_KEY)
    stripe.control(action="faults", kind="normal")
    assert (cut.status_code, cut["X-Dezky-Away"]) == (503, "payments")
    again = api.send("PUT", "payment-method", method, key=_KEY)
    assert (again.status_code, again.json()["last4"], _changes()) == (200, "4242", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", _KEY])
def test_a_card_saved_twice_is_saved_once(api: Api, stripe: CheckedStripe, key: str) -> None:
    """P1: with a key and without."""
    method = {"payment_method": _card(api, stripe)["payment_method"]}
    first, second = (api.send("PUT", "payment-method", method, key=key) for _ in range(2))
    assert (first.status_code, second.status_code, first.json()) == (200, 200, second.json())
    assert _changes() == 1
    assert ("Idempotent-Replayed" in second.headers) is bool(key)


@pytest.mark.django_db
def test_what_was_sent_under_a_key_is_bound_to_it(api: Api, stripe: CheckedStripe) -> None:
    method = {"payment_method": _card(api, stripe)["payment_method"]}
    assert api.send("PUT", "payment-method", method, key=_KEY).status_code == 200
    other = api.send("PUT", "payment-method", {"payment_method": "pm_other"}, key=_KEY)
    assert (other.status_code, other["Content-Type"]) == (422, "application/problem+json")
    assert api.send("PUT", "payment-method", method, key="short").status_code == 400


def test_two_at_once_with_one_key_are_one(stripe: CheckedStripe, own_database: None) -> None:
    """P1: two parallel PUTs, one effect, one answer."""
    owner = MembershipFactory(role=MembershipRole.OWNER)
    browser = Client()
    remember(browser, OIDCSessionFactory(user=owner.user))
    api = Api(browser, owner.tenant)
    method = {"payment_method": _card(api, stripe)["payment_method"]}

    def put(_number: int) -> tuple[int, bytes]:
        mine = Client()
        mine.cookies = browser.cookies
        try:
            answer = Api(mine, api.tenant).send("PUT", "payment-method", method, key=_KEY)
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    stripe.requests.clear()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(put, range(2)))
    assert [status for status, _body in answers] == [200, 200]
    assert answers[0] == answers[1]
    assert _changes() == 1
    with operator_scope():
        customer = BillingAccount.objects.for_tenant(api.tenant).get().customer_id
    assert stripe.requests.count(f"POST /v1/customers/{customer}") == 1


def _challenge(stripe: CheckedStripe, intent: dict[str, Any], outcome: str) -> dict[str, Any]:
    """Answer the bank's question as the card's holder, and return the intent as a browser sees it then."""
    url = f"{stripe.base_url}/_3ds/{intent['id']}"
    with urllib.request.urlopen(url, f"outcome={outcome}".encode(), timeout=20) as answer:
        answer.read()
    path = f"setup_intents/{intent['id']}"
    return call(stripe, "GET", path, key=stripe.publishable_key, client_secret=intent["client_secret"])


def test_the_schema_says_that_there_may_be_no_card() -> None:
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call] # theirs has no types
    answers = schema["paths"]["/api/v1/tenants/{slug}/payment-method"]["get"]["responses"]
    said = answers["200"]["content"]["application/json"]["schema"]
    assert said == {"allOf": [{"$ref": "#/components/schemas/Card"}], "nullable": True}
    assert "Card" in schema["components"]["schemas"]
