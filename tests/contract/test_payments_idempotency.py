"""A key carries out a POST once, as https://docs.stripe.com/api/idempotent_requests says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg.errors import DeadlockDetected

from devstack.payments import tax_ids
from tests.contract.payments_server import Payments, control

_KEY = {"Idempotency-Key": "key-1"}


def test_refusal_leaves_the_key_free(payments: Payments) -> None:
    status, _, _ = payments.ask("/v1/customers", body="email=nonsense", headers=_KEY)
    again, _, headers = payments.ask("/v1/customers", body="email=billing@acme.test", headers=_KEY)
    assert (status, again, "Idempotent-Replayed" in headers) == (400, 200, False)


def test_declined_card_is_kept_with_all_that_was_tried(payments: Payments) -> None:
    intent = payments.stripe.v1.setup_intents.create({})
    path, body = f"/v1/setup_intents/{intent.id}/confirm", "payment_method=pm_card_visa_chargeDeclined"
    first = payments.ask(path, body=body, headers=_KEY)
    again = payments.ask(path, body=body, headers=_KEY)
    assert (first[0], again[0], again[2]["Idempotent-Replayed"]) == (402, 402, "true")
    assert again[1] == first[1]
    failed = payments.stripe.v1.events.list({"type": "setup_intent.setup_failed"}).data
    assert len(failed) == 1


def test_failure_of_the_server_is_kept_and_undone(payments: Payments, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("as asked")

    customer = payments.stripe.v1.customers.create({"name": "Acme"})
    monkeypatch.setattr(tax_ids, "add", fail)
    body = "name=Other&tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789"
    first = payments.ask("/v1/customers", body=body, headers=_KEY)
    monkeypatch.undo()
    again = payments.ask("/v1/customers", body=body, headers=_KEY)
    assert (first[0], again[0], again[1]) == (500, 500, first[1])
    assert first[2]["Stripe-Should-Retry"] == "false"
    assert [each.id for each in payments.stripe.v1.customers.list().data] == [customer.id]


def test_key_is_forgotten_after_24_hours(payments: Payments) -> None:
    first = payments.ask("/v1/customers", body="name=Acme", headers=_KEY)[1]
    control(payments.url, action="clock", advance_seconds=23 * 3600)
    assert payments.ask("/v1/customers", body="name=Acme", headers=_KEY)[1] == first
    control(payments.url, action="clock", advance_seconds=2 * 3600)
    assert payments.ask("/v1/customers", body="name=Acme", headers=_KEY)[1]["id"] != first["id"]


def test_same_key_at_the_same_time_works_once(payments: Payments) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(payments.ask, "/v1/customers", body="name=Acme", headers=_KEY) for _ in range(8)]
        answers = [each.result() for each in asked]
    refused = [content["error"]["code"] for status, content, _ in answers if status == 409]
    assert {content["id"] for status, content, _ in answers if status == 200} == {
        payments.stripe.v1.customers.list().data[0].id
    }
    assert set(refused) <= {"idempotency_key_in_use"}
    assert len(payments.stripe.v1.customers.list().data) == 1


def test_locked_object_is_refused_for_now_and_the_key_stays_free(
    payments: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(*_: object) -> None:
        raise DeadlockDetected

    monkeypatch.setattr(tax_ids, "add", lock)
    body = "tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789"
    status, error, headers = payments.ask("/v1/customers", body=body, headers=_KEY)
    assert (status, error["error"]["code"], headers["Stripe-Should-Retry"]) == (429, "lock_timeout", "true")
    monkeypatch.undo()
    assert payments.ask("/v1/customers", body=body, headers=_KEY)[0] == 200
    assert len(payments.stripe.v1.customers.list().data) == 1
