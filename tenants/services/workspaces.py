"""Writes about workspaces as such: create, suspend, delegate."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.models import User
from tenants import audit
from tenants.audit import Actor, Change, Thing
from tenants.enums import AuditAction, Permission, Plan, TenantStatus
from tenants.models import DelegatedAccess, Tenant
from tenants.scope import operator_scope, tenant_scope


def create_tenant(
    *, slug: str, name: str, plan: Plan, seats: int, status: TenantStatus, partner_id: UUID | None, by: Actor
) -> Tenant:
    """Create a workspace.

    Raises:
        ValidationError: slug or name are not acceptable, or the slug is taken.
    """
    tenant = Tenant(slug=slug, name=name, plan=plan, seats=seats, status=status, partner_id=partner_id)
    with operator_scope():
        tenant.full_clean()
        tenant.save(force_insert=True)
        thing = Thing(type="tenant", id=str(tenant.pk), label=name)
        audit.record(tenant=tenant, action=AuditAction.TENANT_CREATE, by=by, thing=thing)
    return tenant


def apply_plan(*, tenant: Tenant, plan: Plan, seats: int, is_paying: bool, by: Actor) -> None:
    """Give a workspace what its subscription says; a paying one is no trial any more.

    Runs in the caller's scope, which must admit the tenant. Nothing is written where nothing changes.
    """
    locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
    status = TenantStatus.ACTIVE if is_paying and locked.status == TenantStatus.TRIAL else TenantStatus(locked.status)
    before = {"plan": locked.plan_label, "seats": str(locked.seats), "status": locked.status_label}
    locked.plan, locked.seats, locked.status = plan, seats, status
    after = {"plan": locked.plan_label, "seats": str(locked.seats), "status": locked.status_label}
    changes = tuple(Change(name, before[name], after[name]) for name in before if before[name] != after[name])
    if not changes:
        return
    locked.save(update_fields=["plan", "seats", "status"])
    audit.record(
        tenant=locked,
        action=AuditAction.PLAN_CHANGE,
        by=by,
        thing=Thing(type="tenant", id=str(locked.pk), label=locked.name),
        changes=changes,
    )


def suspend_tenant(*, tenant: Tenant, reason: str, by: Actor) -> None:
    """Close a workspace to everybody; its data stays."""
    with operator_scope():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if locked.is_suspended:
            return
        before, locked.status = locked.status_label, TenantStatus.SUSPENDED
        locked.save(update_fields=["status"])
        audit.record(
            tenant=locked,
            action=AuditAction.TENANT_SUSPEND,
            by=by,
            thing=Thing(type="tenant", id=str(locked.pk), label=locked.name),
            changes=(Change("status", before, TenantStatus.SUSPENDED.label),),
            reason=reason,
        )


def grant_access(
    *, tenant: Tenant, partner_id: UUID, permissions: list[Permission], ends_at: datetime, granted_by: User, by: Actor
) -> DelegatedAccess:
    """Let a partner's staff do `permissions` in a workspace until `ends_at`."""
    with tenant_scope(tenant):
        grant = DelegatedAccess.objects.create(
            tenant=tenant,
            partner_id=partner_id,
            permissions=[permission.value for permission in permissions],
            ends_at=ends_at,
            granted_by=granted_by,
        )
        audit.record(
            tenant=tenant,
            action=AuditAction.ACCESS_GRANT,
            by=by,
            thing=Thing(type="delegated_access", id=str(grant.pk), label=", ".join(grant.permission_labels)),
        )
    return grant
