"""A write to Stripe in three steps: kept, sent, noted. No transaction is open while it is sent.

Whatever dies in between leaves the row pending, and whoever asks for the same again sends the same key: Stripe
does it once (P1). That it is done is noted in the transaction of its effect on our side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.enums import Operation, WriteState
from billing.errors import Refused, StripeAway
from billing.gateway.transport import Object, is_replayed_failure
from billing.models import StripeWrite
from tenants.models import Tenant
from tenants.scope import tenant_scope

_AT_WORK = timedelta(minutes=5)
_SUBSCRIPTION = (
    Operation.SUBSCRIPTION_CREATE,
    Operation.SUBSCRIPTION_CHANGE,
    Operation.SUBSCRIPTION_CANCEL,
    Operation.SUBSCRIPTION_RESUME,
)
# What is done once and never again: each has content that belongs to it alone.
_SINGLE = (Operation.CUSTOMER_CREATE, Operation.SUBSCRIPTION_CREATE, Operation.SUBSCRIPTION_CHANGE)


@dataclass(frozen=True)
class Sent:
    """A write and Stripe's answer to it."""

    write: StripeWrite
    answer: Object


def send(*, tenant: Tenant, operation: Operation, content: Any, call: Callable[[str], Object]) -> Sent:
    """Return what Stripe answers to `call(key)`; `content` is what is asked for, as JSON.

    It stays pending until `note_done`. Of what is done once and never again, as taking up a quote, the key is
    sent again even when it is done: Stripe repeats its answer.

    Raises:
        StripeAway: it is not known whether it was done; the same may be sent again, and is done once.
        Refused: it was not done.
    """
    write = _kept(tenant, operation, content)
    try:
        answer = call(write.key)
    except Refused as refusal:
        _finish(write, WriteState.REFUSED, problem=refusal.code or "refused")
        raise
    except StripeAway as outage:
        if is_replayed_failure(outage):
            _finish(write, WriteState.LOST, problem="Stripe keeps a failure of its own under this key")
        raise
    return Sent(write, answer)


def is_begun(*, tenant: Tenant, operation: Operation, content: Any) -> bool:
    """Return whether this very write was sent before, so that what it stood on may have moved by itself."""
    with tenant_scope(tenant):
        rows = StripeWrite.objects.for_tenant(tenant).filter(operation=operation, content=_digest(content))
        return (rows.pending() | rows.done()).exists()


def note_done(*sent: Sent) -> None:
    """Note, in the caller's transaction and scope, that writes have had their effect here too.

    An older one that was never answered is given up then, unless it is single: what it did may have been changed
    since, and by its key Stripe would repeat an answer and do nothing.
    """
    now = timezone.now()
    for each in sent:
        rows = StripeWrite.objects.for_tenant(each.write.tenant)
        rows.filter(pk=each.write.pk).update(
            state=WriteState.DONE, object_id=str(each.answer.get("id", "")), problem="", finished_at=now
        )
        overtaken = rows.pending().filter(created_at__lt=each.write.created_at).exclude(operation__in=_SINGLE)
        overtaken.exclude(pk__in=[other.write.pk for other in sent]).update(
            state=WriteState.LOST, problem="Something else was done since", finished_at=now
        )


def is_changing_subscription(tenant: Tenant) -> bool:
    """Return whether somebody here is at a write to the subscription: what changes there is theirs to tell."""
    return (
        StripeWrite.objects.for_tenant(tenant)
        .pending()
        .filter(operation__in=_SUBSCRIPTION, created_at__gt=timezone.now() - _AT_WORK)
        .exists()
    )


def give_up_on_forgotten(tenant: Tenant) -> int:
    """Mark writes whose key Stripe has forgotten; what became of them is read from Stripe itself."""
    with tenant_scope(tenant):
        forgotten = StripeWrite.objects.for_tenant(tenant).forgotten()
        return forgotten.update(state=WriteState.LOST, finished_at=timezone.now())


def _kept(tenant: Tenant, operation: Operation, content: Any) -> StripeWrite:
    """Return the write of this very content whose key is to be sent, or a new one, committed."""
    digest = _digest(content)
    give_up_on_forgotten(tenant)
    with tenant_scope(tenant):
        pending = StripeWrite.objects.for_tenant(tenant).pending().filter(operation=operation, content=digest)
        done = StripeWrite.objects.for_tenant(tenant).done().filter(operation=operation, content=digest)
        found = pending.first() or (done.first() if operation in _SINGLE else None)
        if found is not None:
            return found
        try:
            with transaction.atomic():
                return StripeWrite.objects.create(tenant=tenant, operation=operation, content=digest)
        except IntegrityError:  # the same was asked for at the same moment
            return pending.get()


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _finish(write: StripeWrite, state: WriteState, *, problem: str) -> None:
    with tenant_scope(write.tenant):
        StripeWrite.objects.for_tenant(write.tenant).filter(pk=write.pk, state=WriteState.PENDING).update(
            state=state, problem=problem[:200], finished_at=timezone.now()
        )
