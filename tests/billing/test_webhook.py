"""The inbox takes what Stripe signed, once, and keeps nothing else (W1, W2, W4, W5, W6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from billing.enums import InboxState
from billing.models import WebhookEvent

pytestmark = pytest.mark.django_db
_URL = "/stripe/webhook/"
_OLD, _NEW, _ALIEN = "whsec_old", "whsec_new", "whsec_alien"


@pytest.fixture(autouse=True)
def _secrets(settings: LazySettings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [_OLD]


def _event(**change: Any) -> dict[str, Any]:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "api_version": "2026-08-26.dahlia",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}},
    }
    return {name: value for name, value in {**event, **change}.items() if value is not ...}


def _v1(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _send(body: Any, *, secrets: tuple[str, ...] = (_OLD,), at: int | None = None, header: str | None = None) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = int(time.time()) if at is None else at
    signed = ",".join([f"t={at}", *(f"v1={_v1(content, secret, at)}" for secret in secrets)])
    given = signed if header is None else header.replace("SIGNED", signed)
    headers = {"Stripe-Signature": given} if given else {}
    return Client().post(_URL, content, content_type="application/json", headers=headers).status_code


def _kept() -> int:
    return WebhookEvent.objects.count()


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=abc", "nonsense", "t=x,v1=abc", "t=1,SIGNED", "\u00e9", "v0=" + "a" * 64, "t=99999999999999,v1=a"],
)
def test_w1_a_delivery_without_our_signature_leaves_nothing(header: str) -> None:
    assert (_send(_event(), header=header), _kept()) == (400, 0)


def test_w1_w5_a_forged_one_leaves_no_row() -> None:
    assert (_send(_event(), secrets=(_ALIEN,)), _kept()) == (400, 0)


def test_w1_a_body_that_was_changed_on_its_way_is_refused() -> None:
    body = json.dumps(_event()).encode()
    at = int(time.time())
    header = f"t={at},v1={_v1(body, _OLD, at)}"
    assert (_send(body.replace(b"in_1", b"in_2"), header=header), _kept()) == (400, 0)
    assert (_send(body + b" ", header=header), _kept()) == (400, 0)
    assert (_send(body, header=header), _kept()) == (200, 1)


@pytest.mark.parametrize(("seconds", "status"), [(-290, 200), (-310, 400), (290, 200), (310, 400)])
def test_w1_an_old_delivery_is_refused(seconds: int, status: int) -> None:
    assert _send(_event(), at=int(time.time()) + seconds) == status
    assert _kept() == (status == 200)


def test_w1_two_signatures_and_two_secrets_hold_while_one_replaces_the_other(settings: LazySettings) -> None:
    assert _send(_event(id="evt_1"), secrets=(_ALIEN, _OLD)) == 200
    assert _send(_event(id="evt_2"), secrets=(_NEW,)) == 400
    settings.STRIPE_WEBHOOK_SECRETS = [_OLD, _NEW]
    assert [_send(_event(id=f"evt_{n}"), secrets=(secret,)) for n, secret in ((3, _OLD), (4, _NEW))] == [200, 200]
    settings.STRIPE_WEBHOOK_SECRETS = [_NEW]
    assert [_send(_event(id=f"evt_{n}"), secrets=(secret,)) for n, secret in ((5, _OLD), (6, _NEW))] == [400, 200]
    assert sorted(WebhookEvent.objects.values_list("id", flat=True)) == ["evt_1", "evt_3", "evt_4", "evt_6"]


@pytest.mark.parametrize("secrets", [(_OLD,), (_ALIEN,)])
def test_w5_what_is_too_large_is_refused_before_anything_is_looked_at(secrets: tuple[str, ...]) -> None:
    assert (_send(_event(filler="x" * 262_144), secrets=secrets), _kept()) == (413, 0)
    assert _send(_event(filler="x" * 200_000)) == 200


@pytest.mark.parametrize(
    "body",
    [b"123", b"[]", b"null", b'"text"', b"", b"{", b"\xff\xfe", b"{}", b'{"object": "event"}', b"[" * 100_000],
)
def test_w5_what_is_no_object_or_no_event_is_400(body: bytes) -> None:
    assert (_send(body), _kept()) == (400, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ...},
        {"id": 7},
        {"id": ""},
        {"id": "evt_1\u0000"},
        {"id": "evt_\ud800"},
        {"id": "evt_" + "x" * 100},
        {"object": "invoice"},
        {"data": ...},
        {"data": []},
        {"data": {"object": "in_1"}},
        {"type": ...},
        {"type": 1},
        {"type": "invoice.paid\u0000"},
        {"type": "\udfff"},
        {"created": "now"},
        {"created": True},
        {"created": -1},
        {"created": 10**20},
    ],
    ids=str,
)
def test_w5_an_event_that_lacks_what_names_it_is_400(change: dict[str, Any]) -> None:
    assert (_send(_event(**change)), _kept()) == (400, 0)


@pytest.mark.parametrize("text", ["a\u0000b", "\ud800"])
def test_w5_odd_characters_elsewhere_are_not_kept(text: str) -> None:
    """W5: of the content names alone are kept, and these are none."""
    about = {"id": text, "object": "invoice", "customer": text, "description": text}
    assert _send(_event(data={"object": about}, filler=text)) == 200
    event = WebhookEvent.objects.get()
    assert (event.object_id, event.customer_id) == ("", "")


def test_w6_an_unknown_type_is_kept_and_flagged() -> None:
    assert _send(_event(type="never.heard.of")) == 200
    event = WebhookEvent.objects.get()
    assert (event.is_flagged, event.state) == (True, InboxState.IGNORED)


@pytest.mark.parametrize("version", ["2020-08-27", None, ["x"]])
def test_w6_another_api_version_is_kept_and_flagged(version: Any) -> None:
    assert _send(_event(api_version=version)) == 200
    event = WebhookEvent.objects.get()
    assert (event.is_flagged, event.state) == (True, InboxState.RECEIVED)


def test_w6_what_we_know_is_not_flagged() -> None:
    assert _send(_event()) == 200
    assert not WebhookEvent.objects.get().is_flagged


@pytest.mark.parametrize("livemode", [True, "yes", 1])
def test_w6_the_other_mode_is_refused(livemode: Any) -> None:
    assert (_send(_event(livemode=livemode)), _kept()) == (400, 0)


def test_w2_the_same_event_again_is_one_row() -> None:
    assert [_send(_event()) for _ in range(3)] == [200, 200, 200]
    event = WebhookEvent.objects.get()
    assert (event.deliveries, event.state) == (3, InboxState.RECEIVED)


def test_w4_stripe_is_not_asked_before_the_answer(settings: LazySettings) -> None:
    """W4: with Stripe nowhere, a delivery is thanked for at once."""
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    started = time.monotonic()
    assert _send(_event()) == 200
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_it_takes_nothing_but_post(method: str) -> None:
    assert getattr(Client(), method)(_URL).status_code == 405
