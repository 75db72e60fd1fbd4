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
from billing.errors import Busy, Refused, StripeAway
from billing.gateway.transport import Object, is_replayed_failure
from billing.models import BillingAccount, StripeWrite
from billing.querysets import StripeWriteQuerySet
from tenants.models import Tenant
from tenants.scope import tenant_scope

_AT_WORK = timedelta(minutes=5)
_SUBSCRIPTION = (
    Operation.SUBSCRIPTION_CREATE,
    Operation.SUBSCRIPTION_CHANGE,
    Operation.SUBSCRIPTION_CANCEL,
    Operation.SUBSCRIPTION_RESUME,
)
_QUOTED = (Operation.SUBSCRIPTION_CREATE, Operation.SUBSCRIPTION_CHANGE)
# What is done once and never again: each has content that belongs to it alone.
_SINGLE = (Operation.CUSTOMER_CREATE, *_QUOTED)
# Longer than any request that sends one waits for its answer.
_UNDER_WAY = timedelta(seconds=30)

type Demand = Callable[[BillingAccount], None]


@dataclass(frozen=True)
class Sent:
    """A write and Stripe's answer to it."""

    write: StripeWrite
    answer: Object


def send(
    *,
    tenant: Tenant,
    operation: Operation,
    content: Any,
    call: Callable[[str], Object],
    demand: Demand | None = None,
) -> Sent:
    """Return what Stripe answers to `call(key)`; `content` is what is asked for, as JSON.

    It stays pending until `note_done`. Of what is done once and never again, as taking up a quote, the key is
    sent again even when it is done: Stripe repeats its answer. `demand` raises if this may not begin: it is asked
    in the transaction that keeps the write, with the account locked, and not of one that was sent before.

    Raises:
        StripeAway: it is not known whether it was done; the same may be sent again, and is done once.
        Refused: it was not done.
    """
    write = _kept(tenant, operation, content, demand)
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


def is_unsure(*, tenant: Tenant, content: Any) -> bool:
    """Return whether it isn't known what became of another change of the subscription than this one."""
    with tenant_scope(tenant):
        return _others(tenant, content).exists()


def demand_nothing_under_way(*, tenant: Tenant, content: Any) -> None:
    """Demand, in the caller's transaction and scope, that no other change of the subscription waits for its answer.

    Raises:
        Busy: one does.
    """
    if _others(tenant, content).filter(created_at__gt=timezone.now() - _UNDER_WAY).exists():
        raise Busy("The subscription is being changed right now. Try again in a moment.")


def note_done(*sent: Sent) -> None:
    """Note, in the caller's transaction and scope, that writes have had their effect here too.

    An older one that was never answered is given up then, unless it is single: what it did may have been changed
    since, and by its key Stripe would repeat an answer and do nothing. A quote is given up when another was taken
    up since: Stripe may never have heard of it, and would charge it on top.
    """
    now = timezone.now()
    for each in sent:
        rows = StripeWrite.objects.for_tenant(each.write.tenant)
        rows.filter(pk=each.write.pk).update(
            state=WriteState.DONE, object_id=str(each.answer.get("id", "")), problem="", finished_at=now
        )
        kept = set(_SINGLE).difference(_QUOTED if each.write.operation in _QUOTED else ())
        overtaken = rows.pending().filter(created_at__lt=each.write.created_at).exclude(operation__in=kept)
        overtaken.exclude(pk__in=[other.write.pk for other in sent]).update(
            state=WriteState.LOST, problem="Something else was done since", finished_at=now
        )


def forget_customer(tenant: Tenant, customer_id: str) -> None:
    """Give up, in the caller's transaction and scope, the key that made a customer who is deleted at Stripe.

    Stripe would repeat its answer and name that customer again.
    """
    made = StripeWrite.objects.for_tenant(tenant).filter(operation=Operation.CUSTOMER_CREATE, object_id=customer_id)
    made.filter(state=WriteState.DONE).update(state=WriteState.LOST, problem="Deleted at Stripe")


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


def _others(tenant: Tenant, content: Any) -> StripeWriteQuerySet:
    rows = StripeWrite.objects.for_tenant(tenant).pending().filter(operation__in=_QUOTED)
    return rows.exclude(content=_digest(content))


def _kept(tenant: Tenant, operation: Operation, content: Any, demand: Demand | None) -> StripeWrite:
    """Return the write of this very content whose key is to be sent, or a new one, committed."""
    digest = _digest(content)
    give_up_on_forgotten(tenant)
    with tenant_scope(tenant):
        accounts = BillingAccount.objects.for_tenant(tenant).select_for_update()
        # Locked before anything is looked for, so that nobody keeps or finishes the same in between.
        account = accounts.get() if demand is not None else None
        pending = StripeWrite.objects.for_tenant(tenant).pending().filter(operation=operation, content=digest)
        done = StripeWrite.objects.for_tenant(tenant).done().filter(operation=operation, content=digest)
        found = pending.first() or (done.first() if operation in _SINGLE else None)
        if found is not None:
            return found
        if demand is not None and account is not None:
            demand(account)
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
