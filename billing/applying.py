"""What the worker makes of the inbox: for each customer that was heard of, one look at Stripe.

Events say where to look, never how things are. So many of them about one customer cost one look, and order,
repetition and age don't matter (W3). Whatever dies on the way leaves them waiting.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import F, QuerySet
from django.utils import timezone

from billing import inbox, sync
from billing.enums import InboxState
from billing.errors import BillingError, Busy, StripeAway
from billing.gateway import reads
from billing.models import WebhookEvent
from billing.querysets import MAX_ATTEMPTS

logger = logging.getLogger(__name__)

_BATCH = 500
# Other work has its turn in between.
_BUDGET_SECONDS = 50.0
_LONGEST_REST = timedelta(minutes=5)
_LONGEST_REST_OF_ALL_SECONDS = 30
_CATALOGUE = ("price.", "product.")
_MONEY_BACK = ("charge.", "refund.")


@dataclass(frozen=True)
class Drained:
    """What came of emptying the inbox."""

    applied: int
    failed: int
    is_stripe_away: bool = False


def drain(*, budget_seconds: float = _BUDGET_SECONDS) -> Drained:
    """Apply what waits, a batch at a time, until nothing waits, Stripe is away or the time is up.

    What is left then is ordered anew. Two of these at once share the work and do no harm.
    """
    applied = failed = 0
    deadline = time.monotonic() + budget_seconds
    while True:
        batch = list(WebhookEvent.objects.waiting().order_by("received_at", "id")[:_BATCH])
        if not batch:
            return Drained(applied, failed)
        for customer_id, taken in _by_customer(batch):
            if time.monotonic() > deadline:
                inbox.call_worker()
                return Drained(applied, failed)
            events = _still_waiting(taken)
            try:
                applied += _apply(customer_id, events) if events else 0
            except Busy:
                _rest(events, "Somebody else is at it.")
            except StripeAway as outage:
                inbox.call_worker(in_seconds=_rest(events, str(outage)))
                return Drained(applied, failed + len(events), is_stripe_away=True)
            except (InterfaceError, OperationalError):
                raise  # without the database nothing can be noted; everything waits
            except BillingError as refusal:
                failed += _postpone(events, str(refusal))
            except Exception as error:
                logger.exception("events about %s could not be applied", customer_id or "no customer")
                failed += _postpone(events, type(error).__name__)


def replay(event: WebhookEvent) -> None:
    """Have an event applied once more."""
    WebhookEvent.objects.filter(pk=event.pk).update(state=InboxState.RECEIVED, attempts=0, next_try_at=None, problem="")


def _by_customer(batch: Iterable[WebhookEvent]) -> list[tuple[str, list[WebhookEvent]]]:
    """Return customers with their events; of those that name none, each payment's stand by themselves."""
    found: dict[tuple[str, str], list[WebhookEvent]] = defaultdict(list)
    for event in batch:
        is_alone = not event.customer_id and event.type.startswith(_MONEY_BACK)
        found[event.customer_id, event.object_id if is_alone else ""].append(event)
    return [(customer_id, events) for (customer_id, _payment), events in found.items()]


def _still_waiting(taken: list[WebhookEvent]) -> list[WebhookEvent]:
    """Return those that nobody else has applied meanwhile."""
    waiting = set(_unapplied(taken).values_list("pk", flat=True))
    return [event for event in taken if event.pk in waiting]


def _unapplied(events: Iterable[WebhookEvent]) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(
        pk__in=[event.pk for event in events], state__in=[InboxState.RECEIVED, InboxState.FAILED]
    )


def _apply(customer_id: str, events: list[WebhookEvent]) -> int:
    if customer_id:
        return _note(events, sync.customer(customer_id, _wanted(events)))
    if any(event.type.startswith(_CATALOGUE) for event in events):
        sync.catalogue()
    applied = 0
    for event in events:
        payer = _payer(event)
        synced = sync.customer(payer, _wanted([event])) if payer else None
        applied += _note([event], synced, is_general=event.type.startswith(_CATALOGUE))
    return applied


def _payer(event: WebhookEvent) -> str:
    """Return whose payment a refund is about; the event itself doesn't say."""
    if not event.type.startswith(_MONEY_BACK) or not event.object_id:
        return ""
    return str(reads.payment_intent(event.object_id).get("customer") or "")


def _wanted(events: list[WebhookEvent]) -> sync.Wanted:
    return sync.Wanted(
        invoice_ids=frozenset(
            e.object_id for e in events if e.type.startswith("invoice.") and e.object_id[:3] == "in_"
        ),
        payment_intents=frozenset(
            e.object_id for e in events if e.type.startswith(_MONEY_BACK) and e.object_id.startswith("pi_")
        ),
    )


def _note(events: list[WebhookEvent], synced: sync.Synced | None, *, is_general: bool = False) -> int:
    """Mark events as applied, or as nobody's here; one that came again meanwhile is applied just as well."""
    is_ours = synced is not None or is_general
    return WebhookEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        state=InboxState.DONE if is_ours else InboxState.IGNORED,
        tenant_slug=synced.tenant.slug if synced else "",
        applied_at=timezone.now(),
        next_try_at=None,
        problem="",
    )


def _rest(events: list[WebhookEvent], problem: str) -> int:
    """Leave events for later that nothing is wrong with; return in how many seconds to look at the inbox again.

    However long Stripe is away, they are not given up.
    """
    attempts = max(event.attempts for event in events) + 1
    wait = min(timedelta(seconds=2 ** min(attempts, 12)), _LONGEST_REST)
    _unapplied(events).update(
        state=InboxState.RECEIVED,
        attempts=min(attempts, MAX_ATTEMPTS // 2),
        next_try_at=timezone.now() + wait,
        problem=problem[:200],
    )
    return min(int(wait.total_seconds()), _LONGEST_REST_OF_ALL_SECONDS)


def _postpone(events: list[WebhookEvent], problem: str) -> int:
    """Try again later: after 2, 4, 8, … seconds, at most an hour."""
    attempts = max(event.attempts for event in events) + 1
    wait = min(timedelta(seconds=2**attempts), timedelta(hours=1))
    return _unapplied(events).update(
        state=InboxState.FAILED,
        attempts=F("attempts") + 1,
        next_try_at=timezone.now() + wait,
        problem=problem[:200],
    )
