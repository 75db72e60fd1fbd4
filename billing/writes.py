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


@dataclass(frozen=True)
class Sent:
    """A write and Stripe's answer to it."""

    write: StripeWrite
    answer: Object


def send(
    *, tenant: Tenant, operation: Operation, content: Any, call: Callable[[str], Object], is_single: bool = False
) -> Sent:
    """Return what Stripe answers to `call(key)`; `content` is what is asked for, as JSON.

    It stays pending until `note_done`.

    `is_single` is for what may be done once and never again with this content, as taking up a quote: then
    the key of a write that is done is sent again too, and Stripe repeats its answer.

    Raises:
        StripeAway: it is not known whether it was done; the same may be sent again, and is done once.
        Refused: it was not done.
    """
    write = _kept(tenant, operation, content, is_single=is_single)
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
    """Note, in the caller's transaction and scope, that writes have had their effect here too."""
    for each in sent:
        rows = StripeWrite.objects.for_tenant(each.write.tenant).filter(pk=each.write.pk)
        rows.update(
            state=WriteState.DONE, object_id=str(each.answer.get("id", "")), problem="", finished_at=timezone.now()
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


def _kept(tenant: Tenant, operation: Operation, content: Any, *, is_single: bool) -> StripeWrite:
    """Return the write of this very content whose key is to be sent, or a new one, committed."""
    digest = _digest(content)
    give_up_on_forgotten(tenant)
    with tenant_scope(tenant):
        pending = StripeWrite.objects.for_tenant(tenant).pending().filter(operation=operation, content=digest)
        done = StripeWrite.objects.for_tenant(tenant).done().filter(operation=operation, content=digest)
        found = pending.first() or (done.first() if is_single else None)
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
