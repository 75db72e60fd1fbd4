"""How long billing keeps what has done its work: rows that nobody looks up any more go, in small steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from billing.enums import InboxState
from billing.models import Quote, StripeWrite, WebhookEvent
from tenants.scope import operator_scope

# Operators look back on events for a quarter; Stripe itself lists them for 30 days.
KEEP_EVENTS = timedelta(days=90)
# A year and the month in which its books are closed.
KEEP_WRITES = timedelta(days=400)
_STEP = 1000


def purge() -> int:
    """Delete events that were applied or are of no concern, and finished writes and quotes; return how many.

    What failed or is not answered stays, however old.
    """
    now = timezone.now()
    settled = WebhookEvent.objects.filter(state__in=[InboxState.DONE, InboxState.IGNORED])
    deleted = _delete(settled.filter(received_at__lt=now - KEEP_EVENTS))
    deleted += _delete(StripeWrite.objects.filter(finished_at__lt=now - KEEP_WRITES))
    # Half an hour after it was made a quote is taken up, or void.
    return deleted + _delete(Quote.objects.filter(created_at__lt=now - KEEP_WRITES))


def _delete(rows: QuerySet[Any]) -> int:
    """Delete rows, so many at a time and in a transaction that no lock is held for long."""
    deleted = 0
    while True:
        with operator_scope():
            keys = list(rows.values_list("pk", flat=True)[:_STEP])
            deleted += rows.filter(pk__in=keys).delete()[0]
        if not keys:
            return deleted
