"""Cards at the stand-in do what https://docs.stripe.com/testing says of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
import stripe
from stripe import SetupIntent

from devstack.payments.test_cards import CARDS, is_plausible
from tests.contract.payments_server import Payments, control

_FAR = (
    "&payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2040&payment_method_data[card][cvc]="
)


def _intent(payments: Payments) -> SetupIntent:
    customer = payments.stripe.v1.customers.create({"name": "Acme"})
    return payments.stripe.v1.setup_intents.create(
        {"customer": customer.id, "usage": "off_session", "payment_method_types": ["card"]}
    )


def _confirm(payments: Payments, intent: SetupIntent, number: str, cvc: str = "123") -> tuple[int, dict[str, Any]]:
    """Confirm as Stripe.js does: with the publishable key, the client secret and what was typed."""
    typed = {"number": number, "exp_month": "12", "exp_year": "2027", "cvc": cvc}
    card = "".join(f"&payment_method_data[card][{name}]={value}" for name, value in typed.items())
    body = f"client_secret={intent.client_secret}&use_stripe_sdk=true&payment_method_data[type]=card{card}"
    status, content, _ = payments.ask(
        f"/v1/setup_intents/{intent.id}/confirm", key=payments.standin.publishable_key, body=body
    )
    return status, content


def _types(payments: Payments) -> list[str]:
    return [str(each.type) for each in payments.stripe.v1.events.list({"limit": 50}).data][::-1]


def _answer(payments: Payments, intent_id: str, outcome: str) -> dict[str, Any]:
    body = f"outcome={outcome}".encode()
    with urllib.request.urlopen(f"{payments.url}/_3ds/{intent_id}", body, timeout=5) as answer:
        said: dict[str, Any] = json.load(answer)
        return said


def test_numbers_of_test_cards_check_out() -> None:
    assert [card.number for card in CARDS if not is_plausible(card.number)] == []
    assert not is_plausible("4242424242424241")


def test_good_card_is_set_up_and_attached(payments: Payments) -> None:
    intent = _intent(payments)
    status, content = _confirm(payments, intent, "4242 4242 4242 4242".replace(" ", "+"))
    assert (status, content["status"], content["next_action"]) == (200, "succeeded", None)
    method = payments.stripe.v1.payment_methods.list({"customer": str(intent.customer)}).data[0]
    assert method.card is not None
    found = (method.card.brand, method.card.last4, method.card.exp_month, method.card.exp_year, method.card.funding)
    assert (method.id, found) == (content["payment_method"], ("visa", "4242", 12, 2027, "credit"))
    assert _types(payments) == [
        "customer.created",
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        payments.stripe.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
    ],
)
def test_declined_card_leaves_the_intent_open(payments: Payments, number: str, code: str, decline_code: str) -> None:
    intent = _intent(payments)
    status, content = _confirm(payments, intent, number)
    error = content["error"]
    assert (status, error["type"], error["code"], error["decline_code"]) == (402, "card_error", code, decline_code)
    found = payments.stripe.v1.setup_intents.retrieve(intent.id)
    assert (found.status, found.last_setup_error and found.last_setup_error.code) == ("requires_payment_method", code)
    assert _types(payments)[-1] == "setup_intent.setup_failed"
    assert _confirm(payments, intent, "5555555555554444")[1]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("number", "cvc", "code", "param"),
    [
        ("4242424242424241", "123", "incorrect_number", "number"),
        ("42424242", "123", "invalid_number", "number"),
        ("4242424242424242", "12", "invalid_cvc", "cvc"),
        ("378282246310005", "123", "invalid_cvc", "cvc"),
        ("4111111111111111", "123", "card_declined", None),
    ],
)
def test_mistyped_card_is_refused_before_the_bank(
    payments: Payments, number: str, cvc: str, code: str, param: str | None
) -> None:
    intent = _intent(payments)
    status, content = _confirm(payments, intent, number, cvc)
    assert (status, content["error"]["code"], content["error"].get("param")) == (402, code, param)
    assert payments.stripe.v1.setup_intents.retrieve(intent.id).last_setup_error is None


def test_expired_card_is_refused_by_the_stand_ins_clock(payments: Payments) -> None:
    intent = _intent(payments)
    control(payments.url, action="clock", to="2027-12-31T10:00:00Z", frozen=True)
    assert _confirm(payments, intent, "4242424242424242")[0] == 200
    control(payments.url, action="clock", to="2028-01-01T10:00:00Z", frozen=True)
    status, content = _confirm(payments, _intent(payments), "4242424242424242")
    assert (status, content["error"]["code"]) == (402, "invalid_expiry_year")


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184", "4000000000003220"])
def test_bank_asks_and_the_holder_agrees(payments: Payments, number: str) -> None:
    intent = _intent(payments)
    status, content = _confirm(payments, intent, number)
    assert (status, content["status"], content["next_action"]["type"]) == (200, "requires_action", "use_stripe_sdk")
    assert content["next_action"]["use_stripe_sdk"]["stripe_js"] == f"{payments.url}/_3ds/{intent.id}"
    assert payments.stripe.v1.payment_methods.list({"customer": str(intent.customer)}).data == []
    assert _answer(payments, intent.id, "complete")["status"] == "succeeded"
    assert _answer(payments, intent.id, "fail")["status"] == "succeeded", "a second answer changes nothing"
    assert len(payments.stripe.v1.payment_methods.list({"customer": str(intent.customer)}).data) == 1
    assert _types(payments)[-3:] == [
        "setup_intent.requires_action",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]


def test_bank_asks_and_the_holder_fails(payments: Payments) -> None:
    intent = _intent(payments)
    _confirm(payments, intent, "4000002760003184")
    _answer(payments, intent.id, "fail")
    found = payments.browser.v1.setup_intents.retrieve(intent.id, {"client_secret": intent.client_secret or ""})
    assert found.status == "requires_payment_method"
    assert found.last_setup_error is not None
    assert found.last_setup_error.code == "setup_intent_authentication_failure"
    assert _types(payments)[-1] == "setup_intent.setup_failed"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def test_bank_asks_at_an_address_of_its_own_and_sends_back(payments: Payments) -> None:
    intent = payments.stripe.v1.setup_intents.create(
        {"payment_method": "pm_card_threeDSecure2Required", "confirm": True, "return_url": "http://127.0.0.1/back?a=b"}
    )
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = str(intent.next_action.redirect_to_url.url)
    with pytest.raises(urllib.error.HTTPError) as redirected:
        urllib.request.build_opener(_NoRedirects).open(url, b"outcome=complete", timeout=5)
    location = urllib.parse.urlsplit(redirected.value.headers["Location"])
    redirected.value.close()
    assert (redirected.value.code, location.netloc, location.path) == (303, "127.0.0.1", "/back")
    assert dict(urllib.parse.parse_qsl(location.query)) == {
        "a": "b",
        "setup_intent": intent.id,
        "setup_intent_client_secret": intent.client_secret,
        "redirect_status": "succeeded",
    }


def test_intent_is_changed_listed_and_canceled(payments: Payments) -> None:
    client = payments.stripe.v1.setup_intents
    intent = client.create({"metadata": {"tenant": "acme"}, "automatic_payment_methods": {"enabled": True}})
    changed = client.update(intent.id, {"payment_method": "pm_card_visa", "metadata": {"try": "2"}})
    assert (changed.status, changed.to_dict()["metadata"]) == ("requires_confirmation", {"tenant": "acme", "try": "2"})
    assert client.cancel(intent.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    assert [each.id for each in client.list().data] == [intent.id]
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        client.cancel(intent.id)


def test_method_is_attached_changed_and_detached_for_good(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"name": "Acme"})
    method = client.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    changed = client.payment_methods.update(method.id, {"billing_details": {"name": "Ada"}, "card": {"exp_year": 2044}})
    assert (changed.billing_details.name, changed.card and changed.card.exp_year) == ("Ada", 2044)
    found = client.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method"]})
    assert isinstance(found.invoice_settings and found.invoice_settings.default_payment_method, stripe.PaymentMethod)
    other = client.customers.create({"name": "Other"})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.payment_methods.attach(method.id, {"customer": other.id})
    assert client.payment_methods.detach(method.id).customer is None
    found = client.customers.retrieve(customer.id)
    assert found.invoice_settings is not None
    assert found.invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.payment_methods.attach(method.id, {"customer": customer.id})


def test_declined_card_cannot_be_attached_but_one_that_fails_later_can(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"name": "Acme"})
    with pytest.raises(stripe.CardError) as refused:
        client.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
    assert refused.value.code == "card_declined"
    client.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    assert [each.card and each.card.last4 for each in client.customers.payment_methods.list(customer.id).data] == [
        "0341"
    ]
