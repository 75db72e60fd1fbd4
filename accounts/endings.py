"""How sessions end: here at once, and at the provider as soon as it answers (S10, S12).

A session that ends wipes its tokens. What the provider has to hear waits, encrypted, as a revocation
until the provider has heard it: an outage, or the death of this process, loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import authentik, http
from accounts.clients import OIDCClient, get_client
from accounts.enums import EndReason, TokenHint
from accounts.models import OIDCSession, Revocation, SignOutOrder, User
from accounts.querysets import OIDCSessionQuerySet

logger = logging.getLogger(__name__)

IN_A_REQUEST_SECONDS = 4.0
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)


def close(found: OIDCSessionQuerySet, *, reason: EndReason, order: SignOutOrder | None = None) -> list[Revocation]:
    """End sessions here, for good, and return what the provider has yet to hear of."""
    revocations: list[Revocation] = []
    with transaction.atomic():
        ending = list(found.open().select_for_update(of=("self",)))
        for session in ending:
            revocations += _held_by(session, order)
            session.id_token = session.access_token = session.refresh_token = ""
            session.ended_at, session.end_reason = timezone.now(), reason
        OIDCSession.objects.bulk_update(ending, ["id_token", "access_token", "refresh_token", "ended_at", "end_reason"])
        Revocation.objects.bulk_create(revocations)
    return revocations


def hold_sid(client: OIDCClient, sid: str) -> None:
    """Hold a session of the provider to the end of the transaction: its end and a sign-in from it take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{client.name} {sid}"])


def give_back(user: User, client: OIDCClient, tokens: authentik.Tokens, *, order: SignOutOrder | None = None) -> None:
    """Have tokens taken back that no session will use; the worker does it."""
    held = {TokenHint.REFRESH: tokens.refresh_token, TokenHint.ACCESS: tokens.access_token}
    Revocation.objects.bulk_create(
        Revocation(user=user, client=client.name, hint=hint, token=token, order=order)
        for hint, token in held.items()
        if token
    )


def adopt(order: SignOutOrder) -> None:
    """Make what an order's people left waiting before it part of its proof: asked after, and counted."""
    left = Revocation.objects.filter(user_id__in=order.people, order=None, dead_at=None)
    left.update(order=order)


def open_order_about(user: User) -> SignOutOrder | None:
    """Return the oldest order about a person whose proof is not complete."""
    about = SignOutOrder.objects.filter(people__contains=[user.pk], tokens_dead_at=None)
    return about.order_by("cut_at").first()


def awaited_by(order: SignOutOrder) -> QuerySet[Revocation]:
    """Return the tokens of an order's people that the provider has yet to call dead, earlier orders' included."""
    return Revocation.objects.filter(user_id__in=order.people, dead_at=None, order__cut_at__lte=order.cut_at)


def is_token_on_the_way(order: SignOutOrder) -> bool:
    """Return whether a renewal from before the order is still unanswered: it may bring one more token."""
    before = OIDCSession.objects.filter(user_id__in=order.people, created_at__lte=order.cut_at)
    return before.filter(renewal_pending_until__gt=timezone.now()).exists()


def witness(order: SignOutOrder) -> None:
    """Look with the eyes of a request whether a session from before still holds, and note when none did."""
    before = OIDCSession.objects.filter(user_id__in=order.people, created_at__lte=order.cut_at).open()
    now = timezone.now()
    if not before.alive().exists() and not any(s.is_alive(now) for s in before.select_related("user").iterator()):
        SignOutOrder.objects.filter(pk=order.pk, sessions_dead_at=None).update(sessions_dead_at=timezone.now())


def take_back(revocations: Iterable[Revocation], *, budget_seconds: float) -> int:
    """Tell the provider of tokens to take back, within `budget_seconds` in all; return how many are dead now.

    Stops where the provider does not answer: what is left is tried again by `accounts.tasks`. Call it outside
    of any transaction: it waits for the network.
    """
    give_up_at = time.monotonic() + budget_seconds
    dead = 0
    with http.together(budget_seconds):  # what a call needs first, such as discovery, counts too
        for revocation in revocations:
            left = give_up_at - time.monotonic()
            if left <= 0:
                break
            try:
                dead += _take_back(revocation, min(left, http.DEADLINE_SECONDS))
            except authentik.ProviderUnavailable as error:
                _put_off(revocation, str(error))
                break
    return dead


def _held_by(session: OIDCSession, order: SignOutOrder | None) -> list[Revocation]:
    held = {TokenHint.REFRESH: session.refresh_token, TokenHint.ACCESS: session.access_token}
    return [
        Revocation(user_id=session.user_id, client=session.client, hint=hint, token=token, order=order)
        for hint, token in held.items()
        if token
    ]


def _take_back(revocation: Revocation, deadline_seconds: float) -> bool:
    """Revoke one token; for an order's proof, have the provider say that it is dead.

    Raises:
        ProviderUnavailable: no answer.
    """
    client = get_client(revocation.client)
    try:
        authentik.revoke(client, token=revocation.token, hint=revocation.hint, deadline_seconds=deadline_seconds)
        if revocation.order_id and authentik.is_active(client, token=revocation.token, hint=revocation.hint):
            _put_off(revocation, "the provider still calls the token active")
            return False
    except authentik.ProviderRefused as error:
        _put_off(revocation, str(error))
        return False
    if revocation.order_id is None:
        revocation.delete()
        return True
    revocation.token, revocation.dead_at, revocation.last_error = "", timezone.now(), ""
    revocation.attempts += 1
    revocation.save()
    return True


def _put_off(revocation: Revocation, why: str) -> None:
    logger.warning("a %s could not be taken back yet: %s", revocation.hint, why)
    revocation.attempts += 1
    pause = min(_FIRST_PAUSE * 2 ** min(revocation.attempts - 1, 10), _LONGEST_PAUSE)
    revocation.next_at, revocation.last_error = timezone.now() + pause, why[:200]
    revocation.save(update_fields=["attempts", "next_at", "last_error"])
