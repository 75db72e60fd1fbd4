"""What tenants makes of what accounts tells: directory memberships, and audit events."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest

from accounts import signals
from accounts.claims import Roles
from accounts.enums import ClientName, DirectoryRole
from accounts.models import OIDCSession, User
from tenants import audit
from tenants.audit import SYSTEM, Thing
from tenants.enums import ActorType, AuditAction, MembershipRole, MembershipSource, Outcome
from tenants.models import Membership, Tenant
from tenants.scope import operator_scope, person_scope
from tenants.services import people

_ROLES = {DirectoryRole.ADMIN: MembershipRole.ADMIN, DirectoryRole.MEMBER: MembershipRole.MEMBER}


@receiver(signals.roles_confirmed)
def sync_memberships(user: User, roles: Roles, **_kwargs: Any) -> None:
    """Make a person's directory memberships what the identity provider's groups say."""
    wanted = {slug: _ROLES[role] for slug, role in roles.tenants.items()}
    with person_scope(user):
        known = {member.tenant.slug: member for member in Membership.objects.of(user).select_related("tenant")}
    due = {
        slug
        for slug in {*wanted, *known}
        if (slug not in known and slug in wanted)
        or (slug in known and known[slug].source == MembershipSource.DIRECTORY and known[slug].role != wanted.get(slug))
    }
    if not due:
        return
    with operator_scope():
        found = list(Tenant.objects.filter(slug__in=due))
    for tenant in found:
        people.sync_directory(tenant=tenant, user=user, role=wanted.get(tenant.slug), by=SYSTEM)


@receiver(signals.signed_in)
def record_sign_in(user: User, session: OIDCSession, request: HttpRequest, **_kwargs: Any) -> None:
    """Write a sign-in to the platform's log, and when the person was last seen to their workspaces."""
    _record_session(AuditAction.SESSION_START, user, session, request)
    with person_scope(user):
        members = list(Membership.objects.of(user).in_open_tenants().select_related("tenant"))
    for member in members:
        people.mark_seen(tenant=member.tenant, user=user)


@receiver(signals.signed_out)
def record_sign_out(user: User, session: OIDCSession, request: HttpRequest, reason: str, **_kwargs: Any) -> None:
    """Write a sign-out to the platform's log, with its reason if it was not the person's own wish."""
    _record_session(AuditAction.SESSION_END, user, session, request, reason=reason)


@receiver(signals.refused)
def record_refusal(user: User, request: HttpRequest, **_kwargs: Any) -> None:
    """Write a refused page to the platform's log."""
    audit.record(
        tenant=None,
        action=AuditAction.ACCESS_REFUSE,
        by=audit.actor_of(request, user),
        thing=Thing(type="page", id="", label=request.path_info[:255]),
        outcome=Outcome.DENIED,
    )


def _record_session(
    action: AuditAction, user: User, session: OIDCSession, request: HttpRequest, *, reason: str = ""
) -> None:
    is_operator = session.client == ClientName.OPERATOR
    actor = audit.actor_of(request, user, type_=ActorType.OPERATOR if is_operator else ActorType.PERSON)
    thing = Thing(type="session", id=str(session.pk), label=f"{session.client} session")
    audit.record(tenant=None, action=action, by=actor, thing=thing, reason=reason)
