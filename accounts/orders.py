"""Sign-out orders: everything a person has, or a workspace's people have, stops working; and the proof of it.

The order writes one time on each person: sessions, sign-ins and bearer tokens from before it are dead from
that commit on, whatever lock or slow call holds their rows. Closing the sessions and taking their tokens
back at the provider comes after, as often as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import tasks
from accounts.enums import OrderSubject
from accounts.models import OIDCSession, SignOutOrder, User


@dataclass(frozen=True)
class Subject:
    """Whom an order is about; the label is what people call it."""

    kind: OrderSubject
    id: UUID
    label: str


def order_sign_out(
    *, people: Iterable[User], subject: Subject, reason: str, by: User, asked_at: datetime
) -> SignOutOrder:
    """Sign people out of everything from the commit on, and return the order.

    `asked_at` is when the request came: the proof counts from there. Call `endings.witness` once the caller's
    transaction is over.
    """
    ids = [person.pk for person in people]
    with transaction.atomic():
        # `sessions.begin` locks the person, too: a sign-in on the way ends before the cut, or sees it.
        list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
        order = SignOutOrder.objects.create(
            subject=subject.kind,
            subject_id=subject.id,
            subject_label=subject.label[:320],
            reason=reason,
            ordered_by=by,
            ordered_by_label=by.label[:320],
            ordered_at=asked_at,
            cut_at=timezone.now(),
            people=ids,
            sessions=OIDCSession.objects.alive().filter(user_id__in=ids).count(),
        )
        User.objects.filter(pk__in=ids).update(reauthenticate_after=order.cut_at)
        tasks.carry_out.defer(order_id=str(order.pk))
    return order
