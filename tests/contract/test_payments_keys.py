"""Who may ask what of the stand-in, how often, and from where."""

from __future__ import annotations

import urllib.request

import pytest
import stripe

from tests.contract.payments_server import Payments, control


def test_publishable_key_opens_a_browsers_calls_alone(payments: Payments) -> None:
    key = payments.standin.publishable_key
    card = "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2031&card[cvc]=123"
    assert payments.ask("/v1/payment_methods", key=key, body=card)[0] == 200
    assert payments.ask("/v1/payment_methods", key=None, body=f"{card}&key={key}")[0] == 200
    status, error, _ = payments.ask("/v1/customers", key=key)
    assert (status, error["error"]["code"]) == (403, "secret_key_required")
    intent = payments.stripe.v1.setup_intents.create({})
    status, error, _ = payments.ask(f"/v1/setup_intents/{intent.id}", key=key)
    assert (status, error["error"]["param"]) == (400, "client_secret")
    with pytest.raises(stripe.InvalidRequestError, match="does not match"):
        payments.browser.v1.setup_intents.retrieve(intent.id, {"client_secret": f"{intent.id}_secret_of_another"})
    found = payments.browser.v1.setup_intents.retrieve(intent.id, {"client_secret": intent.client_secret or ""})
    assert found.id == intent.id


def test_pages_of_other_origins_may_make_a_browsers_calls(payments: Payments) -> None:
    url = f"{payments.url}/v1/payment_methods"
    request = urllib.request.Request(url, method="OPTIONS", headers={"Origin": "http://127.0.0.1:8000"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    _, _, refused = payments.ask("/v1/payment_methods", key=payments.standin.publishable_key, body="type=card")
    assert refused["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in payments.ask("/v1/customers")[2]


def test_orders_from_pages_of_other_sites_are_refused(payments: Payments) -> None:
    status, error, _ = payments.ask("/_control", body='{"action": "reset"}', headers={"Origin": "https://evil.test"})
    assert (status, error) == (403, {"error": "Not from another site."})


def test_rate_limit_answers_as_stripe_does(payments: Payments) -> None:
    control(payments.url, action="rate_limit", per_second=2)
    answers = [payments.ask("/v1/customers") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1]["error"]["code"] == "rate_limit"
    assert answers[2][2]["Stripe-Rate-Limited-Reason"] == "global-rate"
    with pytest.raises(stripe.RateLimitError):
        payments.stripe.v1.customers.list()
    control(payments.url, action="rate_limit", per_second=None)
    assert payments.ask("/v1/customers")[0] == 200
