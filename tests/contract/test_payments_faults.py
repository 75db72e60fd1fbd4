"""Single routes of the stand-in fail on demand, before the work or after it."""

from __future__ import annotations

import time
import urllib.error

import pytest
import stripe

from tests.contract.payments_server import Payments, control

_CREATE = "POST /v1/customers"


def _count(payments: Payments) -> int:
    return len(payments.stripe.v1.customers.list().data)


def test_route_is_down_so_many_times_and_others_are_not(payments: Payments) -> None:
    said = control(payments.url, action="faults", paths=[_CREATE], kind="down", times=1)
    assert said["faults"] == {_CREATE: "down"}
    with pytest.raises(stripe.APIConnectionError):
        payments.stripe.v1.customers.create({"name": "Acme"})
    assert _count(payments) == 0
    payments.stripe.v1.customers.create({"name": "Acme"})
    assert _count(payments) == 1


def test_answer_is_lost_after_the_work_and_the_key_finds_it(payments: Payments) -> None:
    control(payments.url, action="faults", paths=[_CREATE], kind="down", times=1, is_after=True)
    with pytest.raises(stripe.APIConnectionError):
        payments.stripe.v1.customers.create({"name": "Acme"}, {"idempotency_key": "key-1"})
    assert _count(payments) == 1
    payments.stripe.v1.customers.create({"name": "Acme"}, {"idempotency_key": "key-1"})
    assert _count(payments) == 1


def test_status_slow_and_drip(payments: Payments) -> None:
    control(payments.url, action="faults", paths=["GET /v1/customers/{}"], kind="status", code=502)
    with pytest.raises(stripe.APIError):
        payments.stripe.v1.customers.retrieve("cus_any")
    control(payments.url, action="faults", paths=["GET /v1/customers"], kind="slow", seconds=0.4, times=1)
    started = time.monotonic()
    assert _count(payments) == 0
    assert time.monotonic() - started >= 0.4
    control(payments.url, action="faults", paths=["GET /v1/customers"], kind="drip", bytes_per_second=400, times=1)
    started = time.monotonic()
    assert _count(payments) == 0
    assert time.monotonic() - started >= 0.15
    assert control(payments.url, action="faults", kind="normal")["faults"] == {}


def test_unknown_route_is_refused(payments: Payments) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        control(payments.url, action="faults", paths=["POST /v1/nothing"], kind="down")
    assert refused.value.code == 400
    refused.value.close()
