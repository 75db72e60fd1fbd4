"""Writes of the operator portal: signing people out of everything, and having webhooks applied again."""

from __future__ import annotations

from datetime import datetime

from accounts import endings, orders
from accounts.enums import OrderSubject
from accounts.models import SignOutOrder, User
from billing import applying, inbox
from billing.models import WebhookEvent
from operator_portal import selectors
from tenants import audit
from tenants.audit import Actor, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import operator_scope


def sign_out_person(*, person: User, reason: str, by: User, actor: Actor, asked_at: datetime) -> SignOutOrder:
    """Sign a person out of everything, and return the order with its first proof."""
    subject = orders.Subject(OrderSubject.PERSON, person.pk, person.label)
    with operator_scope():
        order = orders.order_sign_out(people=[person], subject=subject, reason=reason, by=by, asked_at=asked_at)
        thing = Thing(type="person", id=str(person.pk), label=person.label)
        audit.record(tenant=None, action=AuditAction.SIGN_OUT_ORDER, by=actor, thing=thing, reason=reason)
    endings.witness(order)
    return order


def replay_webhook(*, event: WebhookEvent, by: Actor) -> None:
    """Put an event back into the inbox, with the operator's name in the platform's log; in the caller's scope."""
    applying.replay(event)
    thing = Thing(type="webhook", id=event.pk, label=event.type)
    audit.record(tenant=None, action=AuditAction.WEBHOOK_REPLAY, by=by, thing=thing)
    inbox.call_worker()


def sign_out_tenant(*, tenant: Tenant, reason: str, by: User, actor: Actor, asked_at: datetime) -> SignOutOrder:
    """Sign everybody of a workspace out of everything, and return the order with its first proof.

    It stands in the workspace's own log, with the operator's name.
    """
    subject = orders.Subject(OrderSubject.TENANT, tenant.pk, tenant.name)
    with operator_scope():
        people = selectors.people_of(tenant)
        order = orders.order_sign_out(people=people, subject=subject, reason=reason, by=by, asked_at=asked_at)
        thing = Thing(type="tenant", id=str(tenant.pk), label=tenant.name)
        audit.record(tenant=tenant, action=AuditAction.SIGN_OUT_ORDER, by=actor, thing=thing, reason=reason)
    endings.witness(order)
    return order
