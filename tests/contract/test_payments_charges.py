"""Payments by card, with and without the holder, and refunds."""

from __future__ import annotations

import json
import urllib.request

import pytest
import stripe

from devstack.payments import charges
from devstack.payments.charges import Payment
from tests.contract.payments_server import Payments


def _customer(payments: Payments, token: str = "pm_card_visa", *, is_set_up: bool = False) -> tuple[str, str]:
    client = payments.stripe.v1
    customer = client.customers.create({"name": "Acme"})
    if not is_set_up:
        return customer.id, client.payment_methods.attach(token, {"customer": customer.id}).id
    intent = client.setup_intents.create({"customer": customer.id, "payment_method": token, "confirm": True})
    if intent.status == "requires_action":
        urllib.request.urlopen(f"{payments.url}/_3ds/{intent.id}", b"outcome=complete", timeout=5).close()
    return customer.id, str(intent.payment_method)


def _pay(payments: Payments, customer: str, method: str, *, off_session: bool = True) -> Payment:
    with payments.standin.service.store.transaction() as shelf:
        return charges.pay(
            shelf,
            customer=customer,
            payment_method=method,
            amount=1700,
            currency="eur",
            now=shelf.now,
            invoice="in_1",
            off_session=off_session,
        )


def _types(payments: Payments) -> list[str]:
    listed = payments.stripe.v1.events.list({"limit": 50}).data
    return [str(each.type) for each in listed if each.type.startswith(("payment_intent", "charge", "refund"))][::-1]


def test_paid_intent_and_charge(payments: Payments) -> None:
    customer, method = _customer(payments)
    payment = _pay(payments, customer, method)
    intent = payments.stripe.v1.payment_intents.retrieve(
        payment.intent["id"], {"expand": ["latest_charge", "customer"]}
    )
    assert (payment.outcome, intent.status, intent.amount_received) == ("succeeded", "succeeded", 1700)
    assert isinstance(intent.latest_charge, stripe.Charge)
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.amount, charge.payment_method) == ("succeeded", True, 1700, method)
    assert [each.id for each in payments.stripe.v1.charges.list({"customer": customer}).data] == [charge.id]
    assert [each.id for each in payments.stripe.v1.payment_intents.list({"customer": customer}).data] == [intent.id]
    assert _types(payments) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_declined_charge_leaves_the_intent_open_for_another_card(payments: Payments) -> None:
    customer, method = _customer(payments, "pm_card_chargeCustomerFail")
    payment = _pay(payments, customer, method)
    assert payment.decline is not None
    assert (payment.outcome, payment.decline.code, payment.decline.decline_code) == (
        "declined",
        "card_declined",
        "generic_decline",
    )
    intent = payments.stripe.v1.payment_intents.retrieve(payment.intent["id"])
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == "card_declined"
    status, again, _ = payments.ask(
        f"/v1/payment_intents/{intent.id}/confirm",
        key=payments.standin.publishable_key,
        body=f"client_secret={intent.client_secret}&payment_method=pm_card_visa",
    )
    assert (status, again["status"]) == (200, "succeeded")
    assert _types(payments) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("token", "is_set_up", "off_session", "outcome"),
    [
        ("pm_card_authenticationRequiredOnSetup", True, True, "succeeded"),
        ("pm_card_authenticationRequiredOnSetup", False, True, "requires_action"),
        ("pm_card_authenticationRequired", True, True, "requires_action"),
        ("pm_card_authenticationRequiredSetupForOffSession", False, True, "succeeded"),
        ("pm_card_authenticationRequiredSetupForOffSession", False, False, "requires_action"),
    ],
)
def test_bank_asks_as_the_card_says(
    payments: Payments, token: str, is_set_up: bool, off_session: bool, outcome: str
) -> None:
    customer, method = _customer(payments, token, is_set_up=is_set_up)
    assert _pay(payments, customer, method, off_session=off_session).outcome == outcome


@pytest.mark.parametrize(("outcome", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
def test_answer_to_the_bank_settles_the_payment(
    payments: Payments, monkeypatch: pytest.MonkeyPatch, outcome: str, status: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(charges, "on_settled", [lambda _shelf, intent: told.append(intent["status"])])
    customer, method = _customer(payments, "pm_card_authenticationRequired")
    payment = _pay(payments, customer, method)
    url = f"{payments.url}/_3ds/{payment.intent['id']}"
    with urllib.request.urlopen(url, f"outcome={outcome}".encode(), timeout=5) as answer:
        assert json.load(answer)["status"] == status
    found = payments.stripe.v1.payment_intents.retrieve(payment.intent["id"])
    assert (found.status, told) == (status, [status])


def test_refund_in_part_then_the_rest(payments: Payments) -> None:
    customer, method = _customer(payments)
    payment = _pay(payments, customer, method)
    client = payments.stripe.v1.refunds
    part = client.create({"payment_intent": payment.intent["id"], "amount": 700, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.create({"charge": str(part.charge), "amount": 1001})
    rest = client.create({"charge": str(part.charge), "metadata": {"why": "moved"}})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.create({"charge": str(part.charge)})
    assert refused.value.code == "charge_already_refunded"
    charge = payments.stripe.v1.charges.retrieve(str(part.charge), {"expand": ["refunds"]})
    assert (part.amount, rest.amount, charge.amount_refunded, charge.refunded) == (700, 1000, 1700, True)
    assert charge.refunds is not None
    assert [each.id for each in charge.refunds.data] == [rest.id, part.id]
    assert [each.id for each in client.list({"charge": charge.id}).data] == [rest.id, part.id]
    assert _types(payments)[-4:] == ["refund.created", "charge.refunded", "refund.created", "charge.refunded"]
    assert client.update(rest.id, {"metadata": {"why": ""}}).to_dict()["metadata"] == {}
