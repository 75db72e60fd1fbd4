"""Reads of what a tenant owns, shaped for pages and API. The caller opens the scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from tenants.enums import AuditAction, MembershipRole
from tenants.keyset import Keyset, Page
from tenants.models import AuditEvent, Membership, Tenant
from tenants.querysets import AuditEventQuerySet, MembershipQuerySet

PEOPLE_ORDER = Keyset(field="user__name", kind="text")
AUDIT_ORDER = Keyset(field="at", kind="time", is_descending=True)
WORKSPACE_ORDER = Keyset(field="tenant__name", kind="text")
PAGE_SIZE = 25


@dataclass(frozen=True)
class AuditFilter:
    """Which events to show; empty means all. `days` counts back from now."""

    text: str = ""
    action: str = ""
    actor: str = ""
    days: int | None = None


@dataclass(frozen=True)
class RoleCount:
    """How many people have a role."""

    role: MembershipRole
    label: str
    count: int


def people(*, tenant: Tenant, text: str = "", role: str = "") -> MembershipQuerySet:
    """Return the members of a tenant, with their persons."""
    found = Membership.objects.for_tenant(tenant).select_related("user").matching(text)
    return found.filter(role=role) if role else found


def people_page(
    *, tenant: Tenant, text: str = "", role: str = "", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Membership]:
    """Return one page of the members, by name."""
    return PEOPLE_ORDER.page(people(tenant=tenant, text=text, role=role), cursor=cursor, size=size)


def person(*, tenant: Tenant, membership_id: UUID) -> Membership | None:
    """Return one member of a tenant, with the person."""
    return Membership.objects.for_tenant(tenant).select_related("user").filter(pk=membership_id).first()


def role_counts(*, tenant: Tenant) -> list[RoleCount]:
    """Return how many people have each role, owners first."""
    counted = dict(Membership.objects.for_tenant(tenant).values_list("role").annotate(count=Count("id")))
    return [RoleCount(role=role, label=role.label, count=counted.get(role.value, 0)) for role in MembershipRole]


def has_one_owner(*, tenant: Tenant) -> bool:
    """Return whether a tenant has a single owner, who then can't be removed or demoted."""
    return Membership.objects.for_tenant(tenant).filter(role=MembershipRole.OWNER)[:2].count() == 1


def audit_events(*, tenant: Tenant, wanted: AuditFilter = AuditFilter()) -> AuditEventQuerySet:
    """Return a tenant's audit events."""
    return _filtered(AuditEvent.objects.for_tenant(tenant), wanted)


def audit_page(
    *, tenant: Tenant, wanted: AuditFilter = AuditFilter(), cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[AuditEvent]:
    """Return one page of the log, newest first."""
    return AUDIT_ORDER.page(audit_events(tenant=tenant, wanted=wanted), cursor=cursor, size=size)


def recent_events(*, tenant: Tenant, count: int = 8) -> list[AuditEvent]:
    """Return the newest events of a tenant."""
    return list(AuditEvent.objects.for_tenant(tenant).order_by("-at", "-id")[:count])


def platform_events(*, count: int = 8) -> list[AuditEvent]:
    """Return the newest events that belong to no tenant; only the operator's scope shows any."""
    return list(AuditEvent.objects.of_platform().order_by("-at", "-id")[:count])


def workspaces(*, user: User) -> MembershipQuerySet:
    """Return a person's memberships in workspaces that can be entered, with the tenants."""
    return Membership.objects.of(user).in_open_tenants().select_related("tenant")


def _filtered(events: AuditEventQuerySet, wanted: AuditFilter) -> AuditEventQuerySet:
    found = events.matching(wanted.text)
    if wanted.action in AuditAction.values:
        found = found.filter(action=wanted.action)
    if wanted.actor:
        found = found.by_actor(wanted.actor)
    if wanted.days:
        found = found.filter(at__gte=timezone.now() - timedelta(days=wanted.days))
    return found
