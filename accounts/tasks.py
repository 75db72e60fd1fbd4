"""Background work of accounts. Each task can run twice without harm."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Max, Q
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts import endings
from accounts.enums import EndReason
from accounts.models import IdempotentRequest, OIDCSession, Revocation, SeenLogoutToken, SignOutOrder

logger = logging.getLogger(__name__)

KEEP_ENDED = timedelta(days=30)
KEEP_ANSWERS = timedelta(hours=24)  # of requests with an idempotency key
KEEP_LOGOUT_TOKENS = timedelta(hours=1)
# authentik's refresh tokens live for thirty days: what could not be taken back by then is dead by itself.
GIVE_UP_REVOKING = timedelta(days=31)
_BATCH = 200
_BATCH_SECONDS = 50.0


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="accounts.purge_sessions", pass_context=False)
def purge_sessions(timestamp: int) -> int:  # noqa: ARG001 - when the run was due, which procrastinate passes
    """Close the sessions that ran out, delete what ended long ago; return how many ran out.

    A session that ran out unused still holds tokens until here: at most for an hour.
    """
    SessionStore.clear_expired()
    now = timezone.now()
    spent = [s.pk for s in OIDCSession.objects.open().select_related("user").iterator() if not s.is_alive(now)]
    endings.close(OIDCSession.objects.filter(pk__in=spent), reason=EndReason.RAN_OUT)
    deleted, _ = OIDCSession.objects.filter(ended_at__lt=now - KEEP_ENDED).delete()
    SeenLogoutToken.objects.filter(seen_at__lt=now - KEEP_LOGOUT_TOKENS).delete()
    IdempotentRequest.objects.filter(created_at__lt=now - KEEP_ANSWERS).delete()
    Revocation.objects.filter(order__isnull=True, created_at__lt=now - GIVE_UP_REVOKING).delete()
    logger.info("sessions: %s ran out, %s were deleted", len(spent), deleted)
    return len(spent)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="accounts.take_tokens_back", pass_context=False)
def take_tokens_back(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Tell the provider of the tokens that it has yet to take back; return how many are dead now."""
    due = Revocation.objects.filter(dead_at__isnull=True, next_at__lte=timezone.now()).order_by("next_at")[:_BATCH]
    dead = endings.take_back(due, budget_seconds=_BATCH_SECONDS)
    for order in SignOutOrder.objects.filter(Q(tokens_dead_at=None) | Q(sessions_dead_at=None)):
        _note_proof(order)
    return dead


@app.task
def carry_out(order_id: str) -> None:
    """Close the sessions that an order has killed, and take their tokens back; notes the proof if it is complete."""
    order = SignOutOrder.objects.get(pk=order_id)
    killed = OIDCSession.objects.cut_off().filter(user_id__in=order.people)
    reason = EndReason.EVERYWHERE if order.is_own else EndReason.ORDERED
    endings.close(killed, reason=reason, order=order)
    endings.adopt(order)
    endings.take_back(order.revocations.filter(dead_at__isnull=True), budget_seconds=_BATCH_SECONDS)
    SignOutOrder.objects.filter(pk=order.pk).update(tokens=order.revocations.count(), is_carried_out=True)
    order.refresh_from_db()
    _note_proof(order)


def _note_proof(order: SignOutOrder) -> None:
    """Write when the last session was dead, and when the last token, once none is left."""
    if order.sessions_dead_at is None:
        endings.witness(order)
    if order.tokens_dead_at is not None or not order.is_carried_out:
        return
    if endings.is_token_on_the_way(order) or endings.awaited_by(order).exists():
        return
    last = order.revocations.aggregate(at=Max("dead_at"))["at"]
    order.tokens, order.tokens_dead_at = order.revocations.count(), last or timezone.now()
    order.save(update_fields=["tokens", "tokens_dead_at"])
