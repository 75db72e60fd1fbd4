"""The only writer of audit events."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import idempotency
from accounts.models import User
from accounts.visitors import address_of
from tenants.enums import ActorType, AuditAction, Outcome
from tenants.models import AuditEvent, AuditHead, Tenant


@dataclass(frozen=True)
class Actor:
    """Who does something, from where, and for which firm or grant."""

    type: ActorType
    name: str
    user_id: UUID | None = None
    email: str = ""
    firm: str = ""
    on_behalf_of: str = ""
    grant_id: UUID | None = None
    ip: str | None = None
    request_id: str = ""


SYSTEM = Actor(type=ActorType.SYSTEM, name="System")


@dataclass(frozen=True)
class Thing:
    """What something was done to; the label is what people call it."""

    type: str
    id: str
    label: str


@dataclass(frozen=True)
class Change:
    """One field's value before and after."""

    field: str
    before: str
    after: str


def actor_of(request: HttpRequest, user: User, *, type_: ActorType = ActorType.PERSON) -> Actor:
    """Return a request's person as an actor."""
    return Actor(
        type=type_,
        name=user.label,
        user_id=user.pk,
        email=user.email,
        ip=address_of(request),
        request_id=getattr(request, "request_id", ""),
    )


def record(
    *,
    tenant: Tenant | None,
    action: AuditAction,
    by: Actor,
    thing: Thing | None = None,
    changes: tuple[Change, ...] = (),
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
) -> AuditEvent:
    """Append an event to the tenant's log, or to the platform's if there is no tenant.

    Runs in the caller's transaction, so the event stands if and only if what it tells of does, and so
    does the mark that a request with an idempotency key was applied; what the system noticed on the way is no
    such effect. The caller's scope must admit the tenant.
    """
    with transaction.atomic():
        head, _created = AuditHead.objects.select_for_update().get_or_create(tenant=tenant)
        event = AuditEvent(
            tenant=tenant,
            sequence=head.sequence + 1,
            at=timezone.now(),
            action=action,
            outcome=outcome,
            actor_type=by.type,
            actor_id=by.user_id,
            actor_name=by.name,
            actor_email=by.email,
            firm=by.firm,
            on_behalf_of=by.on_behalf_of,
            grant_id=by.grant_id,
            object_type=thing.type if thing else "",
            object_id=thing.id if thing else "",
            object_label=thing.label.replace("\0", "")[:255] if thing else "",  # a path may carry a null byte
            changes=[{"field": c.field, "before": c.before, "after": c.after} for c in changes],
            reason=reason,
            ip=by.ip,
            request_id=by.request_id,
            previous_hash=head.hash,
        )
        event.hash = hash_of(event)
        event.save(force_insert=True)
        head.sequence, head.hash = event.sequence, event.hash
        head.save(update_fields=["sequence", "hash"])
        if outcome is Outcome.SUCCESS and by.type is not ActorType.SYSTEM:
            idempotency.note_effect()
    return event


def hash_of(event: AuditEvent) -> str:
    """Return the SHA-256 of an event and of its predecessor's hash, over canonical JSON."""
    names = [field.attname for field in AuditEvent._meta.concrete_fields if field.attname != "hash"]
    content: dict[str, Any] = {name: getattr(event, name) for name in names}
    content["at"] = event.at.isoformat(timespec="microseconds")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
