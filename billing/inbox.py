"""The inbox of webhooks: what is genuine is kept before it is answered, and nothing else is done (W1, W4, W5).

Of an event only names are kept (docs/adr/0011): what they stand for is asked for by the worker.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from billing.enums import InboxState
from billing.errors import BadWebhook, ForgedWebhook
from billing.models import WebhookEvent

logger = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 262_144
DRAIN = "billing.inbox"
_ID = re.compile(r"[A-Za-z]+_[A-Za-z0-9_]{1,60}", re.ASCII)
_ABOUT_BILLING = ("customer.", "invoice.", "payment_method.", "charge.", "refund.", "price.", "product.")
# What else Stripe's description knows: kept, and of no concern here.
_NOT_OURS = tuple(
    f"{name}."
    for name in [
        "account",
        "application_fee",
        "balance",
        "balance_settings",
        "billing",
        "billing_portal",
        "capability",
        "cash_balance",
        "checkout",
        "climate",
        "coupon",
        "credit_note",
        "customer_cash_balance_transaction",
        "entitlements",
        "file",
        "financial_connections",
        "identity",
        "invoice_payment",
        "invoiceitem",
        "issuing_authorization",
        "issuing_card",
        "issuing_cardholder",
        "issuing_dispute",
        "issuing_personalization_design",
        "issuing_token",
        "issuing_transaction",
        "mandate",
        "payment_intent",
        "payment_link",
        "payout",
        "person",
        "plan",
        "promotion_code",
        "quote",
        "radar",
        "reporting",
        "reserve",
        "review",
        "setup_intent",
        "sigma",
        "source",
        "subscription_schedule",
        "tax",
        "tax_rate",
        "terminal",
        "test_helpers",
        "topup",
        "transfer",
        "treasury",
    ]
)


def verify(body: bytes, signature: str, *, now: int) -> None:
    """Demand a signature over the raw bytes that one of our secrets made in the last 300 seconds.

    Two secrets hold while one replaces the other (https://docs.stripe.com/webhooks#verify-manually).

    Raises:
        ForgedWebhook: there is none.
    """
    stamps, given = [], []
    for part in signature.split(",")[:20]:
        name, _, value = part.strip().partition("=")
        if name == "t":
            stamps.append(value)
        elif name == "v1":
            given.append(value)
    if len(stamps) != 1 or not re.fullmatch(r"[0-9]{1,12}", stamps[0], re.ASCII):
        raise ForgedWebhook("no time of signing")
    signed = f"{stamps[0]}.".encode() + body
    expected = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in settings.STRIPE_WEBHOOK_SECRETS]
    matches = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in expected for theirs in given]
    if not any(matches):
        raise ForgedWebhook("no signature of ours")
    if abs(now - int(stamps[0])) > TOLERANCE_SECONDS:
        raise ForgedWebhook("signed too long ago, or in the future")


def receive(body: bytes) -> WebhookEvent:
    """Keep a genuine event and have it applied soon; the same event again only counts as one more delivery.

    Raises:
        BadWebhook: it is no event, or of the other mode.
    """
    event = _event_of(body)
    if _insert(event):
        call_worker()
    return event


def keep_found(content: dict[str, Any]) -> bool:
    """Keep an event that was found by asking and never came; return whether it is new."""
    event = _read(content)
    event.is_found_by_us = True
    event.deliveries = 0
    return _insert(event)


def call_worker(*, in_seconds: int = 0) -> None:
    """Have the inbox emptied soon, unless that is ordered already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo')", [DRAIN]
        )
        if cursor.fetchone()[0]:
            return
    schedule: dict[str, Any] = {"schedule_in": {"seconds": in_seconds}} if in_seconds else {}
    try:
        with transaction.atomic():
            # By its name: the task itself stands on this module.
            app.configure_task("billing.tasks.drain_inbox", queueing_lock=DRAIN, **schedule).defer(timestamp=0)
    except AlreadyEnqueued:  # by another request at this moment
        pass


def _event_of(body: bytes) -> WebhookEvent:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadWebhook("This is not JSON.") from error
    if not isinstance(content, dict) or content.get("object") != "event":
        raise BadWebhook("This is not an event.")
    return _read(content)


def _read(content: dict[str, Any]) -> WebhookEvent:
    data = content.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    event_id, kind, created = content.get("id"), content.get("type"), content.get("created")
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id) or not isinstance(about, dict):
        raise BadWebhook("This event has no id, or is about nothing.")
    if not isinstance(kind, str) or not re.fullmatch(r"[a-z0-9_.]{1,100}", kind, re.ASCII):
        raise BadWebhook("This event has no type.")
    if not isinstance(created, int) or isinstance(created, bool) or not 0 <= created < 2**33:
        raise BadWebhook("This event has no time.")
    if bool(content.get("livemode")) is not settings.STRIPE_LIVE_MODE:
        raise BadWebhook("This event is of the other mode.")
    version = content.get("api_version")
    is_known = kind.startswith((*_ABOUT_BILLING, *_NOT_OURS))
    is_flagged = not is_known or version != settings.STRIPE_API_VERSION
    if is_flagged:
        logger.warning("webhook %s of type %s and version %s is not what we know", event_id, kind, version)
    return WebhookEvent(
        id=event_id,
        type=kind,
        api_version=str(version or "")[:40],
        object_id=_object_of(kind, about),
        customer_id=_customer_of(about),
        created_at=datetime.fromtimestamp(created, UTC),
        state=InboxState.RECEIVED if kind.startswith(_ABOUT_BILLING) else InboxState.IGNORED,
        is_flagged=is_flagged,
    )


def _object_of(kind: str, about: dict[str, Any]) -> str:
    """Return what the worker looks at: of a charge or refund the payment that it belongs to."""
    if kind.startswith(("charge.", "refund.")):
        return _id_of(about.get("payment_intent"))
    return _id_of(about.get("id"))


def _customer_of(about: dict[str, Any]) -> str:
    return _id_of(about.get("id") if about.get("object") == "customer" else about.get("customer"))


def _id_of(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


_INSERT = """
INSERT INTO billing_webhookevent (
    id, type, api_version, object_id, customer_id, created_at, received_at, deliveries, state, is_flagged,
    is_found_by_us, tenant_slug, attempts, problem
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0, '')
ON CONFLICT (id) DO UPDATE SET deliveries = billing_webhookevent.deliveries + excluded.deliveries
RETURNING (xmax = 0)
"""


def _insert(event: WebhookEvent) -> bool:
    """Keep one row an event id, in one statement; return whether it is new (W2)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                event.id,
                event.type,
                event.api_version,
                event.object_id,
                event.customer_id,
                event.created_at,
                timezone.now(),
                event.deliveries,
                event.state,
                event.is_flagged,
                event.is_found_by_us,
            ],
        )
        return bool(cursor.fetchone()[0])
